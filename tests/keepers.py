"""Keepers that tests have started: each is ended with its test."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from cellrun.core.identity import ProcessIdentity
from cellrun.core.targets.keeper.place import KeeperPlace

_PATIENCE_S = 5.0


def keepers(runtime: Path) -> list[ProcessIdentity]:
    """Return the keepers that live and are found in a runtime folder."""
    found = [KeeperPlace(runtime, file.stem).read_process() for file in runtime.glob("keeper-*.json")]
    return [process for process in found if process and process.is_alive()]


def end_keepers(runtime: Path) -> None:
    """End the keepers that are found in a runtime folder, and wait for their end."""
    living = keepers(runtime)
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in living:
            with suppress(ProcessLookupError):
                os.kill(process.pid, number)
                os.kill(process.pid, signal.SIGCONT)
        until = time.monotonic() + _PATIENCE_S
        while any(process.is_alive() for process in living) and time.monotonic() < until:
            time.sleep(0.01)
        living = [process for process in living if process.is_alive()]
    assert not living
