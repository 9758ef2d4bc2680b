"""The target of kind slurm on shared folders: a cluster's own queue, from a machine where sbatch is.

It needs no other process than Slurm's, and nothing but the standard library: it works on a login node's bare Python.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar

from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.errors import ComputeTargetException, ExperimentExecutionException
from cellrun.core.layout import RunLayout
from cellrun.core.resources import Resources
from cellrun.core.run_request import RunRequest
from cellrun.core.store.ending import ask_to_cancel, set_canceled
from cellrun.core.store.record import RunTarget
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.targets.contract import (
    Capability,
    ComputeTarget,
    Finding,
    JobState,
    Observation,
    TargetDescription,
    TargetPython,
)
from cellrun.core.targets.launching import environment_problems_here, environment_warnings, python_here
from cellrun.core.targets.slurm import partition_json
from cellrun.core.targets.slurm.job_folder import JobFolder
from cellrun.core.targets.slurm.job_list import JobList
from cellrun.core.targets.slurm.job_observer import JobObserver, has_begun
from cellrun.core.targets.slurm.kind import SlurmTarget
from cellrun.core.targets.slurm.launching import Launch
from cellrun.core.targets.slurm.partitions import Partitions, gpus_in_use, totals
from cellrun.core.targets.slurm.programs import SlurmPrograms
from cellrun.core.targets.slurm.settings import option_problems
from cellrun.core.targets.slurm.submission import python_of

_ASK_S = 5.0
"""So long somebody who waits for an answer waits for Slurm's."""
_KNOWN_S = 60.0
_BEFORE = frozenset({Status.NOT_STARTED, Status.PREPARING})
_WAITED = "canceled while it was waiting"


class SlurmCluster(SlurmTarget):
    """A cluster whose nodes see this workspace's folder: Slurm starts a run's supervisor as its job."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset(Capability) - {Capability.SHARES_PROCESSES}

    def __init__(self, name: str, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(name, settings)
        self._slurm = SlurmPrograms()
        self._observer = JobObserver(self._slurm)
        self._partitions = Partitions(())
        self._asked_at = float("-inf")

    @classmethod
    def for_settings(cls, name: str, settings: Mapping[str, Any]) -> ComputeTarget:
        """Return a target with these settings: of a cluster that is reached through its login node, that."""
        if settings.get("host"):
            from cellrun.core.targets.slurm.login_node import LoginNode  # noqa: PLC0415  # few need it, and what ssh takes

            return LoginNode(name, settings)
        return cls(name, settings)

    def describe(self) -> TargetDescription:
        """Return what the partition's nodes have that work, what all jobs use of it, and how many runs are there.

        Raises ComputeTargetException if Slurm doesn't answer.
        """
        wanted = str(self.settings.get("partition") or "")
        capacity, cpus = totals(self._known_partitions(0).of(wanted))
        gpus = gpus_in_use(self._slurm, wanted) if capacity.gpus else 0
        jobs = self._observer.jobs()
        running, waiting = jobs.count(JobState.RUNNING), jobs.count(JobState.WAITING)
        return TargetDescription(capacity, Resources(cpus, gpus, 0), running, waiting, ("/",))

    def shared_folders(self) -> tuple[str, ...]:
        """Return all: that the disk is shared is what such a target is; doctor tries it."""
        return ("/",)

    def python(self, environment: str | EnvironmentSpec | None) -> TargetPython:
        """Return the Python of the settings, or this process's own, or an environment's."""
        if environment is None and self.settings.get("python"):
            return TargetPython(python_of(self.settings))
        return python_here(environment)

    def warnings(self, request: RunRequest) -> tuple[str, ...]:
        """Return what of its environment is otherwise than it was asked for."""
        return environment_warnings(request.environment)

    def problems(self, request: RunRequest) -> list[str]:
        """Return why the cluster could never start such a run, by what Slurm said a minute ago at most."""
        problems = [*environment_problems_here(request.environment), *option_problems(request.options)]
        with suppress(ComputeTargetException):  # whether it answers, launch finds out
            partitions = self._known_partitions(_KNOWN_S)
            problems += partitions.problems(request, self._wanted_partition(request), self.name)
        return problems

    def launch(self, request: RunRequest, layout: RunLayout) -> None:
        """Hand the run to Slurm, or have its environment made first."""
        JobFolder.sweep(layout.workspace)
        with JobFolder(layout).hold_lock():
            if StatusFile(layout).read().status in _BEFORE:  # else it was launched before
                self._launch(request, layout)

    def _launch(self, request: RunRequest, layout: RunLayout) -> None:
        target = RunTarget(self.name, self.kind, shares_processes=False)
        interpreter = self.python(request.environment).executable or python_of(self.settings)
        try:
            Launch(request, layout, target, self.settings).start(self._slurm, interpreter, self._most_s(request))
        except (ComputeTargetException, ExperimentExecutionException) as error:
            StatusFile(layout).change(Status.FAILED, expected=_BEFORE, reason=str(error))
            JobFolder(layout).forget()
            raise ExperimentExecutionException(str(error)) from error
        except OSError:  # a full disk, of which who launches makes words
            JobFolder(layout).forget()
            raise

    def observe(self, runs: Sequence[RunLayout]) -> dict[str, Observation]:
        """Return what Slurm says of runs, in one question every few seconds."""
        return self._observer.observe(runs)

    def cancel(self, run: RunLayout) -> None:
        """Leave a request for the run's supervisor; Slurm is told if the run waits."""
        ask_to_cancel(run)
        self.heed_cancellation(run)

    def holds(self, run: RunLayout) -> bool:
        """Whether Slurm has a job of the run that hasn't ended, by what it said some seconds ago."""
        job = self._observer.jobs().of(run.run_id)
        return job is not None and job.observation.state is not JobState.ENDED

    def learned(self) -> dict[str, Any]:
        """Return the cluster's partitions; nothing while Slurm doesn't answer, which doctor says."""
        with suppress(ComputeTargetException):
            return partition_json.to_json(self._known_partitions(0))
        return {}

    def heed_cancellation(self, run: RunLayout) -> None:
        """Cancel a run that waits and was asked to stop; if Slurm doesn't answer now, the next look does it."""
        status = StatusFile(run).read()
        if has_begun(run, status) or status.status.is_terminal:  # its supervisor sees the request
            return
        with suppress(ComputeTargetException):
            job = JobList.asked(self._slurm, _ASK_S).of(run.run_id)
            if job and job.is_waiting:
                self._observer.heed(run, job)
                job = JobList.asked(self._slurm, _ASK_S).of(run.run_id)
                if job and job.observation.state is JobState.ENDED and not has_begun(run, StatusFile(run).read()):
                    set_canceled(run, _WAITED)
                    JobFolder(run).forget()

    def doctor(self) -> list[Finding]:
        """Look at Slurm's programs, its controller, the partition, the accounts, a node's Python and its disk."""
        from cellrun.core.targets.slurm.doctor import findings  # noqa: PLC0415  # it is asked for by hand

        folder = self.workspace.layout.folder if self.workspace else None
        return findings(self._slurm, self.settings, folder)

    def _wanted_partition(self, request: RunRequest) -> str:
        return str(request.options.get("partition") or self.settings.get("partition") or "")

    def _most_s(self, request: RunRequest) -> float | None:
        """Return the time limit of the partition that a run comes to, if that is known and has one."""
        if request.max_run_duration_seconds is None:
            return None
        with suppress(ComputeTargetException):
            groups = self._known_partitions(_KNOWN_S).of(self._wanted_partition(request))
            limits = [group.limit_s for group in groups]
            return None if None in limits else max((each for each in limits if each), default=None)
        return None

    def _known_partitions(self, age_s: float) -> Partitions:
        if time.monotonic() - self._asked_at > age_s:
            self._partitions = Partitions.asked(self._slurm, _ASK_S)
            self._asked_at = time.monotonic()
        return self._partitions
