"""The target `fake`: another machine that is this one, for tests of whatever has to do with targets."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.sources.notebook import installed
from cellrun.core.errors import ComputeTargetException, ExperimentExecutionException, UserErrorException
from cellrun.core.layout import RunLayout
from cellrun.core.resources import Resources
from cellrun.core.run_request import RunRequest
from cellrun.core.status import Status
from cellrun.core.store.cancellation import ask_to_cancel
from cellrun.core.store.silence import SILENCE, heartbeat
from cellrun.core.store.status_file import StatusFile
from cellrun.core.store.target_file import RunTarget
from cellrun.core.supervision.job_environment import job_environment
from cellrun.core.targets.contract import (
    Capability,
    ComputeTarget,
    Finding,
    JobState,
    Observation,
    TargetDescription,
    TargetPython,
)
from cellrun.core.targets.fake.far_side import FarSide, why_not_isolated
from cellrun.core.targets.fake.homecoming import bring_home, deliver
from cellrun.core.targets.launching import enter_environment, given_variables, launch_spec, ordered, write_spec
from cellrun.core.targets.local import machine
from cellrun.core.targets.this_machine import environment_warnings, problems_here, python_here


class FakeTarget(ComputeTarget):
    """A second folder and a process namespace of this machine: nothing there can be seen from here, nor the other way.

    A job runs there with this Python; what it writes comes home when somebody looks. It has no queue: all runs start at
    once. A file `unreachable` in its folder cuts it off: it doesn't answer, and nothing comes home until that is gone.
    Needs Linux, and root or user namespaces.
    """

    kind: ClassVar[str] = "fake"
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.CANCELS, Capability.LIMITS_TIME})
    settings_known: ClassVar[Mapping[str, str]] = {"folder": "the far side's folder"}

    def __init__(self, name: str, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(name, settings)
        self._far = FarSide(Path(self.settings["folder"]), f"fake-{name}")

    @classmethod
    def checked_settings(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return the settings, the folder absolute."""
        kept = super().checked_settings(settings)
        if not isinstance(kept.get("folder"), (str, os.PathLike)):
            raise UserErrorException(f"a target of kind {cls.kind!r} needs folder='/path', where its far side is to be")
        return {"folder": str(Path(kept["folder"]).expanduser().absolute())}

    def describe(self) -> TargetDescription:
        """Return what the machine has; of what its runs hold only their number is known."""
        self._far.check_reachable()
        running = self._far.count_running()
        return TargetDescription(self._capacity(), Resources(running, 0, 0), running, 0)

    def python(self, environment: str | EnvironmentSpec | None) -> TargetPython:
        """Return this process's own Python, or an environment's."""
        packages = installed() if environment is None else None
        return python_here(environment)._replace(packages=packages)

    def warnings(self, request: RunRequest) -> tuple[str, ...]:
        """Return what of its environment is otherwise than it was asked for."""
        return environment_warnings(request.environment)

    def problems(self, request: RunRequest) -> list[str]:
        """Return why such a run could never start there."""
        problems = problems_here(request, self.name, self._capacity())
        if why := why_not_isolated():
            problems.append(f"{self.name!r} can't start anything on this machine: {why}")
        return problems

    def launch(self, request: RunRequest, layout: RunLayout) -> None:
        """Send the run there and start it."""
        status = StatusFile(layout)
        interpreter = self.python(request.environment).executable or sys.executable
        spec = launch_spec(request, interpreter, os.environ)._replace(inherited_names=())  # it's another machine's
        spec = ordered(spec, request)
        with suppress(FileExistsError):  # launched again: what is there is as good
            write_spec(spec, layout)
        RunTarget(self.name, self.kind, shares_processes=False).write(layout)
        enter_environment(request, spec, layout)
        try:
            self._far.check_reachable()
            there = self._far.send(layout)
            environment, _ = job_environment(spec, there, given_variables(request, spec), os.environ)
            self._far.start(there, spec, environment)
        except (ComputeTargetException, ExperimentExecutionException) as error:
            status.change(Status.FAILED, reason=str(error))
            raise ExperimentExecutionException(str(error)) from error
        status.change(Status.STARTING, expected={Status.NOT_STARTED})

    def observe(self, runs: Sequence[RunLayout]) -> dict[str, Observation]:
        """Say which runs have a process there. Raises ComputeTargetException while it is cut off."""
        self._far.check_reachable()
        return {run.run_id: self._observed(self._far.run(run)) for run in runs}

    def sync(self, runs: Sequence[RunLayout], *, is_final: bool) -> None:
        """Bring home what was written there since. Raises ComputeTargetException where that can't be done now."""
        for run in runs:
            self._far.check_reachable()
            there = self._far.run(run)
            try:
                bring_home(there, run, is_final=is_final)
            except OSError as error:
                raise ComputeTargetException(
                    f"run {run.run_id} of {self.name!r} can't be brought home: {error}"
                ) from error
            SILENCE.notice(run, StatusFile(run).read(), heartbeat(there), is_in_sight=True)

    def cancel(self, run: RunLayout) -> None:
        """Leave a request, and take it there."""
        ask_to_cancel(run)
        with suppress(OSError, ComputeTargetException):  # the next look takes it there
            self._far.check_reachable()
            deliver(run, self._far.run(run))

    def doctor(self) -> list[Finding]:
        """Try what a run needs: a namespace and a folder."""
        why = why_not_isolated()
        return [
            Finding("namespaces", not why, f"{why}; it needs root, or user namespaces" if why else "they can be had"),
            self._far.finding(),
        ]

    def _observed(self, there: RunLayout) -> Observation:
        if self._far.is_running(there):
            return Observation(JobState.RUNNING)
        if StatusFile(there).read().status.is_terminal:
            return Observation(JobState.ENDED)
        return Observation(JobState.UNKNOWN, self._far.last_words(there))

    def _capacity(self) -> Resources:
        return Resources(machine.cores(), 0, machine.memory_bytes())
