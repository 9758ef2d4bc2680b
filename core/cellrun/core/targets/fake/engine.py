"""The fake engine: it starts jobs, each in a process namespace of its own, and knows them by their processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cellrun.core.disk.whole_files import replace_file
from cellrun.core.engine.order import JobOrder
from cellrun.core.errors import ComputeTargetException, ExperimentExecutionException
from cellrun.core.identity import ProcessIdentity
from cellrun.core.layout import RunLayout
from cellrun.core.store.status import StatusFile
from cellrun.core.targets.contract import JobState, Observation
from cellrun.core.targets.fake.engine_job import CANCELS
from cellrun.core.targets.fake.faulty_link import FaultyLink

CLAIM, ENGINE, ENGINE_LOG = "claim", "engine.json", "engine.log"
_ORDERS = "private"
_CLOCK = "clock_offset_s"
_PROGRAM = Path(__file__).with_name("engine_job.py")
# A shell that ends at once leaves the engine's process nobody's child; what it says is in a log.
_IN_BACKGROUND = 'log=$1; shift; "$@" </dev/null >"$log" 2>&1 & echo $!'
# The first process of a namespace takes all others with it when it ends.
_ON_ITS_HOST = "import os, sys, _socket; _socket.sethostname(sys.argv[1]); os.execvp(sys.argv[2], sys.argv[2:])"


class Engine:
    """The engine of one far side.

    Responsibilities: jobs are started once, canceled, and known as long as they run. It answers through a link.
    """

    def __init__(self, folder: Path, host: str, link: FaultyLink) -> None:
        self._folder = folder
        self._host = host
        self._link = link

    def submit(self, there: RunLayout, told: Callable[[], tuple[JobOrder, float]]) -> None:
        """Start a run's job; a second time nothing happens.

        `told` gives its order, and how far the clock there is ahead (seconds), the first time.

        Whether the engine has it is asked where its answer was lost, and it is submitted again only if not.
        Raises ComputeTargetException if it doesn't answer, ExperimentExecutionException where it can start nothing.
        """
        while not self._knows(there):
            faults = self._link.ask_engine()
            self._accept(there, told)
            if not self._link.happens(faults.lost_answers):
                return

    def observe(self, runs: Mapping[str, RunLayout]) -> dict[str, Observation]:
        """Say what it knows of jobs, by id. Raises ComputeTargetException if it doesn't answer."""
        forgot = self._link.ask_engine().engine == "forgot"
        return {
            run_id: Observation(JobState.UNKNOWN) if forgot else self._observed(there) for run_id, there in runs.items()
        }

    def cancel(self, there: RunLayout, times: int) -> None:
        """Have a run's job canceled: it gets as many SIGTERM in all, as soon as it can take them.

        Raises ComputeTargetException if the engine doesn't answer.
        """
        self._link.ask_engine()
        replace_file(there.folder / CANCELS, str(times))

    def clock_ahead_s(self, there: RunLayout) -> float:
        """Return how far a run's clock is ahead of ours. Raises ComputeTargetException for one that wasn't started."""
        try:
            return float(json.loads((there.folder / ENGINE).read_bytes())[_CLOCK])
        except OSError as error:
            raise ComputeTargetException(f"the engine doesn't know {there.run_id}") from error

    def count_running(self) -> int:
        """Return how many jobs live. Raises ComputeTargetException if it doesn't answer."""
        self._link.ask_engine()
        engines = self._folder.glob(f"*/runs/*/{ENGINE}") if self._folder.is_dir() else ()
        return sum(self._is_running(RunLayout(engine.parent)) for engine in engines)

    def last_words(self, there: RunLayout) -> str:
        """Return what was printed last into the engine's log of a job; empty if nothing."""
        with suppress(OSError):
            lines = (there.folder / ENGINE_LOG).read_text(errors="replace").split("\n")
            return next((line for line in reversed(lines) if line.strip()), "")
        return ""

    def _knows(self, there: RunLayout) -> bool:
        self._link.ask_engine()
        return (there.folder / ENGINE).exists()

    def _accept(self, there: RunLayout, told: Callable[[], tuple[JobOrder, float]]) -> None:
        with suppress(FileExistsError):
            (there.folder / CLAIM).touch(exist_ok=False)
            order, clock_offset_s = told()
            path = self._folder / _ORDERS / f"{there.workspace.folder.name}-{there.run_id}.json"
            order.write(path)
            job = [sys.executable, "-I", "-S", str(_PROGRAM), str(self._folder), str(path), str(clock_offset_s)]
            try:
                pid = self._spawn(job, there.folder / ENGINE_LOG)
            except ExperimentExecutionException:
                (there.folder / CLAIM).unlink()
                raise
            known = {**ProcessIdentity.of(pid).to_json(), _CLOCK: clock_offset_s}
            replace_file(there.folder / ENGINE, json.dumps(known))

    def _observed(self, there: RunLayout) -> Observation:
        if self._is_running(there):
            return Observation(JobState.RUNNING)
        if StatusFile(there).read().status.is_terminal:
            return Observation(JobState.ENDED)
        return Observation(JobState.UNKNOWN, self.last_words(there))

    def _is_running(self, there: RunLayout) -> bool:
        with suppress(OSError, ValueError, KeyError):
            return _job(there).is_alive()
        return False

    def _spawn(self, command: list[str], log: Path) -> int:
        shell = ["sh", "-c", _IN_BACKGROUND, "sh", str(log), "setsid", *isolated(self._host, command)]
        environment = {"PATH": os.environ.get("PATH", os.defpath)}
        done = subprocess.run(shell, env=environment, capture_output=True, text=True, check=False)
        if done.returncode or not done.stdout.strip().isdecimal():
            raise ExperimentExecutionException(f"could not start the run: {done.stderr.strip() or 'no process'}")
        return int(done.stdout)


def isolated(host: str, command: Sequence[str]) -> list[str]:
    """Return a command with a process namespace and a host name of its own."""
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    unshare = ["unshare", *user, "--pid", "--fork", "--kill-child", "--mount-proc", "--uts"]
    return [*unshare, sys.executable, "-I", "-S", "-c", _ON_ITS_HOST, host, *command]


def why_not_isolated() -> str:
    """Return why this machine gives no namespaces; empty if it does."""
    try:
        done = subprocess.run(isolated("fake", ["true"]), capture_output=True, text=True, check=False)
    except OSError as error:
        return f"unshare (of util-linux) can't be started: {error.strerror}"
    return (done.stderr.strip() or "unshare failed").splitlines()[-1] if done.returncode else ""


def _job(there: RunLayout) -> ProcessIdentity:
    return ProcessIdentity.from_json(json.loads((there.folder / ENGINE).read_bytes()))
