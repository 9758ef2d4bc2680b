"""Cells that are submitted as always, whose jobs run in forks, with no supervisor beside them.

What isn't a cell for this Python, or has data to be brought, is started as always.
A kernel executes the text of this file, so as to leave its jobs to the test.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cellrun.core.disk.whole_files import copy_tree, link_into
from cellrun.core.identity import ProcessIdentity
from cellrun.core.layout import RunLayout
from cellrun.core.places import runtime_folder
from cellrun.core.processes.exits import JobExit
from cellrun.core.run_request import CELL, RunRequest
from cellrun.core.store.ending import Ending
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision.launch_spec import LaunchSpec, job_environment
from cellrun.core.supervision.process_file import ProcessFile, RunProcesses
from cellrun.core.targets.launching import enter_environment, given_variables, ordered, write_spec
from cellrun.core.targets.local.target import LocalTarget

if TYPE_CHECKING:
    from tests.forks import Forks


def _python_path(environment: Mapping[str, str]) -> list[str]:
    return [*filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]


_MAIN = "cellrun.core.cell.main:main"
OF_A_CELL = (_MAIN.partition(":")[0],)
_PATH_OF_FORKS = _python_path(os.environ)
_launch, _prepare = LocalTarget.launch, LocalTarget.prepare


class Job(NamedTuple):
    """What a fork is told."""

    arguments: list[str]
    environment: dict[str, str]

    @classmethod
    def of(cls, spec: LaunchSpec, layout: RunLayout, request: RunRequest) -> Job:
        """Return the job of a run as its supervisor would start it."""
        environment, _ = job_environment(spec, layout, given_variables(request, spec), os.environ)
        environment["CELLRUN_RUN_SIGNED"] = request.signed  # a fork has no `-X`
        return cls(list(spec.argv[spec.argv.index(CELL) + 1 :]), environment)

    def run(self, layout: RunLayout, forks: Forks) -> None:
        """Run it to its end, which is then the run's."""
        owner = RunProcesses(ProcessIdentity.current(), None)
        ProcessFile(layout).write(owner)  # else whoever looks meanwhile finds it dead
        StatusFile(layout).change(Status.RUNNING)
        path = [each for each in _python_path(self.environment) if each not in _PATH_OF_FORKS]
        arguments, folder = [CELL, self.arguments], layout.work
        code = forks.wait(forks.start(_MAIN, arguments, folder, self.environment, layout.log, path=path))
        Ending.of_exit(layout, JobExit(code, None) if code >= 0 else JobExit(None, -code)).write(layout)
        layout.processes.unlink()


def leave_jobs() -> None:
    """Leave the jobs of this process to another one."""
    _replace_launch(lambda layout, job: _left(layout).write_text(json.dumps(job)))


def run_left(layout: RunLayout, forks: Forks) -> None:
    """Run the job that another process has left, if it has."""
    if _left(layout).exists():
        Job(*json.loads(_left(layout).read_text())).run(layout, forks)


@contextmanager
def in_forks(forks: Forks) -> Iterator[None]:
    """Let the jobs of this process be forks; when a cell is submitted, its run has ended."""
    _replace_launch(lambda layout, job: job.run(layout, forks))
    try:
        yield
    finally:
        supervised()


def supervised() -> None:
    """Let the jobs of this process have supervisors again, as runs have."""
    LocalTarget.launch, LocalTarget.prepare = _launch, _prepare  # type: ignore[method-assign]


def _replace_launch(start: Callable[[RunLayout, Job], object]) -> None:
    """Let the jobs of cells be started by a function."""

    def launch(target: LocalTarget, request: RunRequest, layout: RunLayout) -> None:
        spec = target._spec(request, layout)
        if not _is_for_forks(request, spec):
            _launch(target, request, layout)
            return
        spec = ordered(spec, request)
        write_spec(spec, layout)
        enter_environment(request, spec, layout)
        copy_tree(layout.snapshot, layout.work)
        link_into(layout.work, request.code.links())
        start(layout, Job.of(spec, layout, request))

    LocalTarget.launch = launch  # type: ignore[method-assign]
    LocalTarget.prepare = lambda *_: nullcontext()  # type: ignore[assignment, method-assign]


def _is_for_forks(request: RunRequest, spec: LaunchSpec) -> bool:
    """Whether a run is a cell with nothing before or after it, for this Python or one that only says it is another."""
    is_alone = not (spec.before or spec.beside or spec.finishing)
    return request.kind == "cell" and is_alone and (spec.python == sys.executable or _is_text(Path(spec.python)))


def _is_text(program: Path) -> bool:
    with program.open("rb") as file:
        return file.read(2) == b"#!"


def _left(layout: RunLayout) -> Path:
    return runtime_folder() / f"{layout.run_id}.json"
