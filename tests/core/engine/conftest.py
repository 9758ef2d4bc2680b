"""A run in its folder there, an engine that starts its job as a process, and who of it is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from cellrun.core.engine.engine import Stop
from cellrun.core.engine.order import JobOrder
from cellrun.core.identity import run_variables
from cellrun.core.layout import RunLayout
from cellrun.core.mirror.run_key import new_key
from cellrun.core.processes import process_table
from cellrun.core.resources import Resources
from cellrun.core.store.status import Status, StatusFile, StatusRecord
from cellrun.core.supervision.launch_spec import LaunchSpec
from cellrun.core.supervision.start import supervisor_command
from tests.core.mirror.two_sides import TwoSides
from tests.imports import ROOT

DEADLINE_S = 60
MARK = "CELLRUN_TEST_ENGINE"
PROGRAM = f"""
import sys
from pathlib import Path
sys.path.append({str(ROOT / "core")!r})
from cellrun.core.engine.engine import Engine, Stop
from cellrun.core.engine.job import EngineJob

class Slurm(Engine):
    name, restarts, is_detached = "Slurm", "Slurm started it again", sys.argv[2] == "detached"

    def passes(self, variable):
        return variable.startswith("SLURM_")

    def why_stopped(self):
        return Stop[Path(sys.argv[3]).read_text()]

sys.exit(EngineJob(Path(sys.argv[1]), Slurm()).run())
"""


class Job:
    """One run, and the job that an engine knows of it."""

    def __init__(self, folder: Path) -> None:
        self.sides = TwoSides.made(folder)
        self.run: RunLayout = self.sides.there
        self.run.environment.unlink()
        for made in (self.run.work, self.run.log.parent, self.run.events):
            made.mkdir(parents=True, exist_ok=True)
        StatusFile(self.run).change(Status.STARTING)
        self.order, self._why = folder / "private" / "order.json", folder / "why"
        self.out = folder / "engine.log"
        self.started: list[subprocess.Popen[bytes]] = []
        self._program = folder / "engine_program.py"
        self._program.write_text(PROGRAM)

    def ordered(self, program: str, *, carried: bool = False, **options: object) -> Job:
        """Write what the job is to run, and its order."""
        spec = LaunchSpec(
            argv=(sys.executable, "-c", textwrap.dedent(program)),
            supervisor=tuple(supervisor_command()),
            python=sys.executable,
            is_shell=False,
            resources=Resources(1, 0, 0),
            max_run_duration_seconds=None,
            grace_s=5.0,
            heartbeat_s=1.0,
            silence_s=60.0,
            set_variables={},
            given_names=(),
            inherited_names=(),
            before=(),
            afterwards=(),
        )._replace(**options)  # type: ignore[arg-type]
        spec.write(self.run)
        variables = {"PATH": os.environ["PATH"], "GIVEN": "by value", MARK: str(self.run.folder)}
        variables |= {"PYTHONPATH": str(ROOT / "core"), "PYTHONUNBUFFERED": "1", **run_variables(self.run)}
        key = new_key(self.sides.here).hex()
        carrier = {"way": "lines", "folder": str(self.run.folder), "key": key} if carried else {}
        JobOrder(str(self.run.folder), spec.supervisor, variables, carrier).write(self.order)
        return self

    def start(self, *, detached: bool = False, why: Stop = Stop.CANCEL) -> subprocess.Popen[bytes]:
        """Let the engine start it, which blocks what Ray blocks; when it is signalled it will say why."""
        self._why.write_text(why.name)
        command = [sys.executable, "-I", "-S", str(self._program), str(self.order)]
        command += ["detached" if detached else "attached", str(self._why)]
        environment = {"SLURM_JOB_ID": "7", "ANOTHERS": "1", MARK: str(self.run.folder)}
        with self.out.open("ab") as out, blocked(signal.SIGINT, signal.SIGTERM):
            self.started.append(subprocess.Popen(command, env=environment, stdout=out, stderr=out))
        return self.started[-1]

    @property
    def status(self) -> StatusRecord:
        """How the run is there."""
        return StatusFile(self.run).read()

    def printed(self, text: str) -> None:
        """Wait until the run has printed a text."""
        self.until(lambda: self.run.log.exists() and text in self.run.log.read_text(), f"{text!r}: {self.status}")

    def ended(self) -> int:
        """Wait until the engine's job has ended, of which nobody may be left; return its exit code."""
        code = self.started[-1].wait(DEADLINE_S)
        self.until(lambda: not self.living(), f"the end of {self.living()}")
        return code

    def living(self) -> list[int]:
        """Return all processes that the job has started, whatever they have done to their environment."""
        return [
            entry.pid
            for entry in process_table.processes()
            if process_table.variable(entry.pid, MARK) == str(self.run.folder)
            or process_table.is_running(entry.pid, str(self.run.folder))
        ]

    def until(self, is_so: Callable[[], object], what: str) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + DEADLINE_S
        while not is_so():
            assert time.monotonic() < deadline, (what, self.out.read_text())
            time.sleep(0.02)


def with_descendants(pids: Iterable[int]) -> set[int]:
    """Return processes and all below them: of a daemon, only whose child it is says that it's of a job."""
    found, parents = set(pids), {entry.pid: entry.parent for entry in process_table.processes()}
    while new := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= new
    return found


@contextmanager
def blocked(*numbers: signal.Signals) -> Iterator[None]:
    """Let the processes that are started here begin with these signals blocked."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Job]:
    """A run that an engine is to start."""
    job = Job(tmp_path)
    yield job
    while left := with_descendants(job.living()):
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    for process in job.started:
        process.kill()
        process.wait()
