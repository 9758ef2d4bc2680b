"""Keepers that tests have started: each is ended with its test. Nobody outlives the tests, also no far side."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from cellrun.core.identity import ProcessIdentity
from cellrun.core.targets.keeper.place import KeeperPlace

_PATIENCE_S = 5.0
_AFTERWARDS = (b"cellrun.core.targets.keeper", b"engine_job.py", b"sys.stdin.buffer.readline")
"""What is in the command lines of a keeper, of a job of the fake engine, of an agent on the far side."""


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


@contextmanager
def at_home(folder: Path) -> Iterator[Path]:
    """Have a home and a runtime folder below a folder; the system's keyring is somebody's. Its keeper ends with it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
        patch.setenv("CELLRUN_HOME", str(folder / "home"))
        patch.setenv("CELLRUN_RUNTIME_DIR", str(folder / "runtime"))
        yield folder / "home"
    end_keepers(folder / "runtime")


def left_behind(folder: Path) -> list[str]:
    """Return the command lines of keepers and far sides that tests below a folder have started and that stay."""
    until = time.monotonic() + _PATIENCE_S
    while (found := _of_tests(os.fsencode(f"{folder}/"))) and time.monotonic() < until:
        time.sleep(0.1)
    return found


def _of_tests(folder: bytes) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            command = (process / "cmdline").read_bytes()
            is_one = any(word in command for word in _AFTERWARDS)
            if is_one and (folder in command or folder in (process / "environ").read_bytes()):
                found.append(os.fsdecode(command.replace(b"\0", b" ")))
    return found
