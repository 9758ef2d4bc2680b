"""Real runs on the machine elsewhere: submitted from here, looked at as any view does."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

from cellrun.core.layout import RunLayout
from cellrun.core.store.events.reader import EventReader
from cellrun.core.store.status import StatusFile
from cellrun.core.submission.script_run_config import ScriptRunConfig
from tests.core.submitted_runs import Runs, wait_for
from tests.engines.box import NAME, Box

_KEEPER = b"cellrun.core.targets.keeper"

LOGGING_JOB = """
import os, sys, time
from pathlib import Path
from cellrun.core import Run
run, enough = Run.get_context(), Path.home() / 'enough'
returned = os.open(Path.home() / 'returned', os.O_WRONLY | os.O_CREAT)
number = 0
while number % 50 or not enough.exists():
    run.log('number', number)
    number += 1
    os.pwrite(returned, b'%20d' % number, 0)
    if not number % 10:
        print('line', number, flush=True)
    time.sleep(0.002)
"""
"""Logs until there is a file `enough` in its home, where it says how many calls have returned."""


class RunsThere(Runs):
    """Submits scripts to the target `box`, of a workspace here that has it attached."""

    box: Box

    def script(self, text: str, *arguments: Any, **options: Any) -> RunLayout:
        """Submit a script of its own text, there."""
        (self.source / "train.py").write_text(text)
        return self.config(ScriptRunConfig(self.source, "train.py", arguments, compute_target=NAME, **options))

    def logging(self) -> RunLayout:
        """Submit the job that logs, and wait until something of it is here."""
        layout = self.script(LOGGING_JOB)
        wait_for(lambda: self.status(layout) and numbers(layout), "the first numbers")
        return layout

    def returned(self) -> int:
        """Return how many calls of the job that logs have returned, there."""
        path = self.box.home / "returned"
        return int(path.read_bytes() or b"0") if path.exists() else 0

    def more(self, count: int = 100) -> None:
        """Wait until so many more have."""
        before = self.returned()
        wait_for(lambda: self.returned() >= before + count, "more that is logged there")

    def enough(self) -> None:
        """Let that job end."""
        (self.box.home / "enough").touch()

    def assert_all_is_home(self, layout: RunLayout) -> None:
        """See that nothing of the job that logs is lost, and nothing is here twice."""
        count = self.returned()
        found = numbers(layout)
        assert found[:count] == list(range(count))
        assert len(found) <= count + 1, "one call may have written without having returned"
        lines = [int(line.split()[1]) for line in layout.log.read_text().splitlines() if line.startswith("line")]
        assert lines[: count // 10 - 1] == list(range(10, count, 10))[: count // 10 - 1]
        assert len(lines) == len(set(lines))


def numbers(layout: RunLayout) -> list[int]:
    """Return the numbers that are in a run's folder here, in the order of its file."""
    batches = EventReader(layout).batches()
    return [event["v"] for batch in batches for event in batch if event["k"] == "log"]


def said(layout: RunLayout) -> list[str]:
    """Return what a run's status has been here, word by word."""
    return [one.status.word for one in StatusFile(layout).history()]


def end_keepers(home: Path) -> None:
    """End the keepers of a CELLRUN_HOME: their machine goes with the test."""
    given = f"CELLRUN_HOME={home}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            is_keeper = _KEEPER in (process / "cmdline").read_bytes()
            if is_keeper and given in (process / "environ").read_bytes().split(b"\0"):
                os.kill(int(process.name), signal.SIGTERM)
