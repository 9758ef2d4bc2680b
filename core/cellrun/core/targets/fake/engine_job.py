"""What the fake engine knows as a run's job: the first process of a namespace, and the run's supervisor beside it.

Started as `python -I -S engine_job.py <far folder> <run folder> <order>`, where the order is a file that only this user
can read: it holds the variables of the job, so it is removed before anything starts. Standard library only.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parents[4]))

from cellrun.core.disk import replace_file
from cellrun.core.errors import ComputeTargetException
from cellrun.core.layout import RunLayout
from cellrun.core.mirror.statuses_there import RECORD_S
from cellrun.core.status import Status
from cellrun.core.store.status_file import StatusFile
from cellrun.core.supervision.attempts import Attempt
from cellrun.core.supervision.launch_spec import LaunchSpec
from cellrun.core.supervision.start import order
from cellrun.core.targets.fake.faults import Faults
from cellrun.core.targets.fake.faulty_link import FaultyLink
from cellrun.core.targets.fake.faulty_proxy import FaultyProxy

CANCELS = "cancels"
"""The file that says how many SIGTERM a job is to get for its cancel."""
_ORDER = "order"
_LOOK_S = 0.03
_GRACE_S, _LAST_S = 1.0, 5.0
_OUTGOING = Path(__file__).parents[2] / "mirror" / "outgoing.py"
_LYING = Path(__file__).with_name("lying_clock.py")


class EngineJob:
    """One job of the engine.

    Responsibilities: the run's supervisor stays in the foreground beside it, and gets the signals that it gets; that it
    is started again when the machine was taken from it; whoever brings home what the run writes ends before it.
    """

    def __init__(self, far: Path, run: RunLayout, told: Mapping[str, Any]) -> None:
        self._far = far
        self._run = run
        self._told = told
        self._ended: set[int] = set()
        self._carrier = 0
        self._supervisor = 0
        self._attempt = Attempt(0)
        self._canceled = 0

    def run(self) -> None:
        """Stay until the supervisor has ended, who carries what the run writes, and who records what it was run by."""
        self._start_attempt()
        while not self._has_ended(self._supervisor):
            self._cancel()
            self._preempt()
            time.sleep(_LOOK_S)
        until = time.monotonic() + RECORD_S
        while self._has_children() and (self._is_carrying() or time.monotonic() < until):
            time.sleep(_LOOK_S)

    def _start_attempt(self) -> None:
        self._attempt = Attempt.next_of(self._run, "its machine was taken from it by the engine")
        if self._told["carrier"]:
            self._carrier = self._start_carrier()
        file = self._run.folder / _ORDER
        file.write_bytes(order(self._run, LaunchSpec.read(self._run), self._attempt.number))
        variables = {**self._told["variables"], **self._attempt.variables()}
        self._supervisor = self._start([*self._told["supervisor"], str(self._run.folder), str(file)], variables)

    def _start_carrier(self) -> int:
        told = self._told["carrier"]
        if told["way"] == "push":
            told = {**told, "url": FaultyProxy(told["url"], FaultyLink(self._far)).url}
        file = self._far / "private" / f"{self._run.workspace.folder.name}-{self._run.run_id}-outgoing.json"
        replace_file(file, json.dumps(told), mode=0o600)
        return self._start([sys.executable, "-I", "-S", str(_OUTGOING), str(file)], {})

    def _start(self, command: Sequence[str], variables: Mapping[str, str]) -> int:
        python, *flags = command
        if self._told["clock_offset_s"]:
            program = next(number for number, word in enumerate(flags) if not word.startswith("-"))
            flags[program:program] = [str(_LYING), str(self._told["clock_offset_s"])]
        return os.posix_spawn(python, [python, *flags], {**os.environ, **variables})

    def _preempt(self) -> None:
        """Take the machine from the run's attempt, if that is to be, and start the next one."""
        with suppress(ComputeTargetException):  # a file of faults that is being changed by hand
            is_due = self._attempt.number <= Faults.read(self._far).preemptions
            if is_due and StatusFile(self._run).read().status is Status.RUNNING:
                os.kill(self._supervisor, signal.SIGKILL)
                self._end_all(signal.SIGTERM, _GRACE_S)
                self._end_all(signal.SIGKILL, _LAST_S)
                self._start_attempt()

    def _end_all(self, number: int, most_s: float) -> None:
        """Send a signal to all processes of this namespace but this one, and wait until none is left, so long."""
        with suppress(ProcessLookupError):
            os.kill(-1, number)
        until = time.monotonic() + most_s
        while self._has_children() and time.monotonic() < until:
            time.sleep(_LOOK_S)

    def _cancel(self) -> None:
        """Send the supervisor SIGTERM, which it takes from before it has claimed its run, as often as is to be."""
        with suppress(OSError, ValueError):  # nobody asks for that
            is_ready = self._run.claim_of(self._attempt.number).exists()
            if is_ready and self._canceled < int((self._run.folder / CANCELS).read_text()):
                self._canceled += 1
                os.kill(self._supervisor, signal.SIGTERM)

    def _is_carrying(self) -> bool:
        return self._carrier != 0 and self._carrier not in self._ended

    def _has_ended(self, pid: int) -> bool:
        return not self._has_children() or pid in self._ended

    def _has_children(self) -> bool:
        """Let go of children that have ended; the first process of a namespace has all its orphans for children."""
        try:
            while ended := os.waitpid(-1, os.WNOHANG)[0]:
                self._ended.add(ended)
        except ChildProcessError:
            return False
        return True


if __name__ == "__main__":
    of_job = Path(sys.argv[3])
    told = json.loads(of_job.read_bytes())
    of_job.unlink()
    EngineJob(Path(sys.argv[1]), RunLayout(sys.argv[2]), told).run()
