"""What each run of the soak does: it logs, and acknowledges outside every call that has returned."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from cellrun.core.errors import EventNotKeptError
from cellrun.core.identity import start_ticks
from cellrun.core.runs.run import Run

PAUSE_S = 0.004


class Acks:
    """A file outside cellrun's home: which process logs which metric, and a line for each call that has returned.

    `main` is the job itself; only its end and its errors decide what the run's status has to be.
    """

    def __init__(self, run_id: str, role: str) -> None:
        self.metric = f"m{os.urandom(4).hex()}"
        self._fd = os.open(Path(os.environ["SOAK_ACKS"], f"{run_id}.{self.metric}"), os.O_WRONLY | os.O_CREAT, 0o600)
        self.tell(role)

    def tell(self, *words: object) -> None:
        """Write a line."""
        os.write(self._fd, (" ".join(map(str, words)) + "\n").encode())

    def tell_process(self, pid: int) -> None:
        """Say that a process belongs to the run: it must be gone when the run has ended."""
        self.tell("process", pid, start_ticks(pid))

    def log(self, run: Run, count: int) -> None:
        """Log that many numbers; what the disk doesn't take isn't acknowledged."""
        for value in range(count):
            try:
                run.log(self.metric, value)
            except EventNotKeptError:  # it may leave a torn record, which a reader tells of
                self.tell("refused")
                continue
            finally:
                time.sleep(PAUSE_S)
            self.tell(value)


def work(run: Any, number: int) -> int:
    """Be the job of a run, by its number one of many kinds; return its exit code."""
    acks = Acks(run.id, "main")
    acks.tell_process(os.getpid())
    try:
        if number % 5 == 0:  # a daemon
            acks.tell_process(subprocess.Popen(["sleep", "300"], start_new_session=True).pid)
        if number % 7 == 0 and os.fork() == 0:  # another writer
            child = Acks(run.id, "child")
            child.tell_process(os.getpid())
            child.log(run, 200)
            os._exit(0)
        if number % 13 == 0:  # it has to be killed
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        acks.log(run, 50 + number % 500)
    except BaseException as error:
        acks.tell("error", type(error).__name__, error)
        raise
    code = 3 if number % 11 == 0 else 0
    acks.tell("end", code)
    return code


if __name__ == "__main__":
    sys.exit(work(Run.get_context(), int(sys.argv[1])))
