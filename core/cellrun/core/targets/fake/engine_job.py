"""A job of the fake engine: the first process of a namespace.

Started as `python -I -S engine_job.py <far folder> <order> <clock's offset in s>`, where the order is a file that only
this user can read. Standard library only.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parents[4]))

from cellrun.core.engine.engine import Engine, Stop
from cellrun.core.engine.guard import PREEMPTED
from cellrun.core.engine.job import EngineJob
from cellrun.core.engine.order import JobOrder
from cellrun.core.errors import ComputeTargetException
from cellrun.core.layout import RunLayout
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.targets.fake.faults import Faults
from cellrun.core.targets.fake.faulty_link import FaultyLink

CANCELS = "cancels"
"""The file that says how many SIGTERM a job is to get for its cancel."""
_SKEWED = Path(__file__).with_name("skewed_clock.py")


class FakeEngine(Engine):
    """The fake engine as one of its jobs sees it: files say what it wants.

    Responsibilities: a cancel is passed on as often as it is asked for; an attempt is preempted once it runs, as many
    as are to be.
    """

    name: ClassVar[str] = "the fake engine"
    restarts: ClassVar[str] = "its machine was taken from it by the engine"
    look_s: ClassVar[float | None] = 0.03

    def __init__(self, far: Path, run: RunLayout, clock_offset_s: float) -> None:
        self._far = far
        self._run = run
        self._clock_offset_s = clock_offset_s
        self._attempt = 1
        self._canceled = 0
        self._stop = Stop.CANCEL

    def is_stopping(self) -> bool:
        """Look into its files."""
        with suppress(OSError, ValueError):  # nobody asks for that
            if self._canceled < int((self._run.folder / CANCELS).read_text()):
                self._canceled += 1
                self._stop = Stop.CANCEL
                return True
        with suppress(ComputeTargetException):  # a file of faults that is being changed by hand
            is_due = self._attempt <= Faults.read(self._far).preemptions
            if is_due and StatusFile(self._run).read().status is Status.RUNNING:
                self._attempt += 1
                self._stop = Stop.PREEMPTED
                return True
        return False

    def why_stopped(self) -> Stop:
        """Return what the last look has found."""
        return self._stop

    def command(self, program: Sequence[str]) -> list[str]:
        """Let a program run by the clock that is there."""
        python, *flags = program
        if self._clock_offset_s:
            at = next(number for number, word in enumerate(flags) if not word.startswith("-"))
            flags[at:at] = [str(_SKEWED), str(self._clock_offset_s)]
        return [python, *flags]


def _behind_proxy(order: JobOrder, far: Path) -> JobOrder:
    """Return an order whose carrier reaches our server through the link, by a process that stays."""
    from cellrun.core.targets.fake.faulty_proxy import FaultyProxy  # noqa: PLC0415  # HTTP: only for those that push

    read, write = os.pipe()
    if not os.fork():
        os.write(write, FaultyProxy(order.carrier["url"], FaultyLink(far)).url.encode())
        os.close(write)
        while True:
            signal.pause()
    os.close(write)
    with os.fdopen(read) as told:
        return order._replace(carrier={**order.carrier, "url": told.read()})


def main(far: Path, path: Path, clock_offset_s: float) -> int:
    """Be the job until the run has ended; the engine starts it again at once when it has taken its machine away."""
    order = JobOrder.read(path)
    if order.carrier.get("way") == "push":
        _behind_proxy(order, far).write(path)
    engine = FakeEngine(far, RunLayout(order.folder), clock_offset_s)
    while (code := EngineJob(path, engine).run()) == PREEMPTED:
        pass
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])))
