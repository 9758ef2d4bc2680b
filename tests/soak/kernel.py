"""A notebook's kernel, of which the soak has several: it submits, logs, cancels, deletes and lists until it is killed.

`python kernel.py SEED SECONDS`. What it has done it says in the journal, a line each: a request before it is made, a
result after the call has returned.
"""

from __future__ import annotations

import errno
import os
import random
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from cellrun.core import Experiment, Run, ScriptRunConfig, Workspace
from cellrun.core.errors import CellrunError
from cellrun.core.targets.local.queue import LocalQueue

JOB = Path(__file__).with_name("job")
MOST_IN_QUEUE = 7
MOST_TRIES = 20
BALLAST_BYTES = 400_000
_CELL = """\
%%submit cells
import sys
from soak_job import work
assert len(ballast) > 0
sys.exit(work(run, {}))"""


class Kernel:
    """One kernel: what it does next is a matter of chance."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._journal = os.open(os.environ["SOAK_JOURNAL"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        sys.path.insert(0, str(JOB))
        config = Config()
        config.HistoryManager.enabled = False
        self._shell = InteractiveShell.instance(config=config)
        self._shell.run_line_magic("load_ext", "cellrun.magics")
        self._workspace = Workspace.from_config()
        self._mine: list[Run] = []

    def live(self, until: float) -> None:
        """Do one thing after another."""
        what: list[Callable[[], None]] = [self._script, self._script, self._cell, self._interactive, self._interactive]
        what += [self._cancel, self._list, self._delete]
        while time.monotonic() < until:
            try:
                self._dice.choice(what)()
            except Exception as error:  # noqa: BLE001  # a kernel goes on after a cell that failed
                self._tell_error(error)
            time.sleep(self._dice.uniform(0, 0.8))

    def _tell(self, *words: object) -> None:
        os.write(self._journal, (" ".join(map(str, words)) + "\n").encode())

    def _tell_error(self, error: Exception) -> None:
        """Say that something couldn't be done: in words of ours, in the system's about its disk, or by a mistake."""
        if isinstance(error, CellrunError):
            self._tell("refused", type(error).__name__, " ".join(str(error).split()))
        else:
            is_disk = isinstance(error, OSError) and error.errno == errno.ENOSPC
            self._tell("bare" if is_disk else "crash", repr("".join(traceback.format_exception(error))))

    def _number(self) -> int:
        return self._dice.randrange(10_000)

    def _has_room(self) -> bool:
        return LocalQueue().length() < MOST_IN_QUEUE

    def _script(self) -> None:
        if self._has_room():
            config = ScriptRunConfig(JOB, "soak_job.py", [self._number()])
            self._submitted(Experiment(self._workspace, "scripts").submit(config))

    def _cell(self) -> None:
        if self._has_room():
            self._shell.user_ns["ballast"] = self._dice.randbytes(self._dice.randrange(1, BALLAST_BYTES))
            self._shell.run_cell(_CELL.format(self._number()), store_history=True).raise_error()
            self._submitted(self._shell.user_ns["run"])

    def _submitted(self, run: Run) -> None:
        self._tell("submitted", run.id)
        self._mine.append(run)

    def _interactive(self) -> None:
        from soak_job import Acks  # noqa: PLC0415  # its folder is on the path by now

        run = Experiment(self._workspace, "interactive").start_logging()
        Acks(run.id, "interactive").log(run, self._dice.randrange(400))
        self._complete(run)
        self._tell("completed", run.id)

    def _complete(self, run: Run) -> None:
        """End a run; where the disk has no room for that, try again, as a user would."""
        for tries_left in range(MOST_TRIES, -1, -1):
            try:
                run.complete()
            except (CellrunError, OSError) as error:
                self._tell_error(error)
                if not tries_left:
                    raise
                time.sleep(0.5)
            else:
                return

    def _cancel(self) -> None:
        if self._mine:
            run = self._dice.choice(self._mine[-4:])
            self._tell("cancel", run.id)
            run.cancel()

    def _list(self) -> None:
        for run in list(Experiment(self._workspace, self._dice.choice(["scripts", "cells"])).get_runs())[:5]:
            run.get_status()
            run.get_metrics()

    def _delete(self) -> None:
        if len(self._mine) > 4:
            run = self._mine[0]
            if run.get_status() in {"Completed", "Failed", "Canceled"}:
                self._mine.pop(0)
                self._tell("delete", run.id)
                self._workspace.delete_runs([run.id])


if __name__ == "__main__":
    Kernel(int(sys.argv[1])).live(time.monotonic() + float(sys.argv[2]))
