"""Observes runs by what Slurm says of their jobs, and applies requests to cancel."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cellrun.core.errors import ComputeTargetException, RunClosedError
from cellrun.core.layout import RunLayout
from cellrun.core.processes.family import ProcessFamily
from cellrun.core.resources import limits
from cellrun.core.store.ending import is_asked_to_cancel, set_canceled
from cellrun.core.store.status import Status, StatusFile, StatusRecord
from cellrun.core.supervision.attempts import Attempt
from cellrun.core.supervision.process_file import ProcessFile
from cellrun.core.targets.contract import JobState, Observation
from cellrun.core.targets.slurm.accounting import Accounting
from cellrun.core.targets.slurm.job_folder import JobFolder
from cellrun.core.targets.slurm.job_list import JobList, SlurmJob
from cellrun.core.targets.slurm.programs import SlurmPrograms

POLITE_S = 2.0
"""The controller isn't asked more often, however many look."""
_DISK_S = 10.0
"""So long a shared disk may take to show here what was written on a node."""
_AFTER_GRACES_S = 30.0
_AGAIN_S = 60.0
_NOT_BEGUN = frozenset({Status.NOT_STARTED, Status.QUEUED})
_over_since: dict[Path, float] = {}
"""When this process first saw that a run is over whose folder doesn't say so: where no keeper can be had, each look
makes its target anew."""
_GIVEN_BACK = "Slurm has taken its node away, or that failed: it starts it again"
_NOT_HANDED_OVER = "it was never handed to Slurm: what was to do that ended before"
_NO_LONGER_MADE = "what made its environment ready here was killed; submit it again"


class JobObserver:
    """The look at runs through Slurm.

    Responsibilities: one question for all runs, not too often; what only Slurm can know is written into their folders:
    that one waits again, or was canceled while it waited; an end that the disk doesn't show yet is given time.
    """

    def __init__(self, slurm: SlurmPrograms) -> None:
        self._slurm = slurm
        self._accounting = Accounting(slurm)
        self._jobs = JobList(())
        self._asked_at = float("-inf")
        self._asked_to_end_at: dict[str, float] = {}
        self._ended_again_at: dict[str, float] = {}

    def jobs(self) -> JobList:
        """Return Slurm's list of jobs, at most some seconds old. Raises ComputeTargetException if it doesn't answer."""
        if time.monotonic() - self._asked_at >= POLITE_S:
            self._jobs = JobList.asked(self._slurm)
            self._asked_at = time.monotonic()  # after its answer: one that takes long isn't asked all the time
        return self._jobs

    def observe(self, runs: Sequence[RunLayout]) -> dict[str, Observation]:
        """Return what Slurm says of runs; nothing of one that may be newer than what it said last."""
        before = {run: StatusFile(run).read() for run in runs}
        begun = {run for run, status in before.items() if has_begun(run, status)}  # by now: it may begin meanwhile
        asked_at = self._asked_at
        jobs = self.jobs()
        is_fresh = self._asked_at > asked_at
        missed = [run.run_id for run, status in before.items() if is_fresh and self._is_missed(run, status, jobs)]
        accounted = self._accounting.jobs(missed)
        found: dict[str, Observation] = {}
        for run, status in before.items():
            job = jobs.of(run.run_id) or accounted.get(run.run_id)
            if is_fresh and job and job.is_waiting and run in begun:
                self._give_back(run, status)
            if said := self._said(run, status, job, is_fresh=is_fresh):
                found[run.run_id] = said
        return found

    def heed(self, run: RunLayout, job: SlurmJob | None) -> None:
        """Do what a request to cancel asks for, as far as the run's supervisor can't."""
        if job is None:
            return
        if job.is_waiting:
            # It may begin just now: then its supervisor is to hear it, and to end it with its grace.
            only = ("--state=PENDING",) if job.state == "PENDING" else ()
            self._slurm.ask("scancel", *only, job.number)
        elif job.observation.state is JobState.RUNNING and self._is_overdue(run):
            self._ended_again_at[run.run_id] = time.monotonic()
            self._slurm.ask("scancel", job.number)

    def _is_missed(self, run: RunLayout, status: StatusRecord, jobs: JobList) -> bool:
        return jobs.of(run.run_id) is None and status.status not in {Status.NOT_STARTED, Status.PREPARING}

    def _said(
        self, run: RunLayout, before: StatusRecord, job: SlurmJob | None, *, is_fresh: bool
    ) -> Observation | None:
        if is_fresh and is_asked_to_cancel(run):
            with suppress(ComputeTargetException):  # the next look does
                self.heed(run, job)
        if job is None:
            said = self._without_job(run, before)
            return self._over(run, before, said) if said.state is not JobState.UNKNOWN or is_fresh else None
        return self._over(run, before, job.observation, is_canceled=job.is_canceled)

    @staticmethod
    def _without_job(run: RunLayout, before: StatusRecord) -> Observation:
        """Say how it is with a run of which Slurm knows no job: it has forgotten it, or hasn't got it yet."""
        if before.status not in {Status.NOT_STARTED, Status.PREPARING}:
            return Observation(JobState.UNKNOWN)
        if before.status is Status.NOT_STARTED:
            return Observation(JobState.UNKNOWN, _NOT_HANDED_OVER)
        processes = ProcessFile(run).read()
        if processes and processes.supervisor.is_proven_dead():
            ProcessFamily(run, job=None).stop(0)  # what it had started
            return Observation(JobState.ENDED, _NO_LONGER_MADE)
        return Observation(JobState.WAITING)

    def _over(
        self, run: RunLayout, before: StatusRecord, said: Observation, *, is_canceled: bool = False
    ) -> Observation:
        """Return what is said of a run, and of one that is over only once the disk has had its time."""
        if said.state not in {JobState.ENDED, JobState.UNKNOWN}:
            _over_since.pop(run.folder, None)
            return said
        never_began = said.state is JobState.ENDED and not has_begun(run, before)
        if never_began and is_asked_to_cancel(run):
            self._canceled(run, "canceled while it was waiting")
            return said
        since = _over_since.setdefault(run.folder, time.monotonic())
        if time.monotonic() - since < _DISK_S:
            return Observation(JobState.RUNNING, said.reason)
        if is_canceled or is_asked_to_cancel(run):
            set_canceled(run, "canceled" if is_asked_to_cancel(run) else said.reason)
        JobFolder(run).forget()
        return said

    @staticmethod
    def _canceled(run: RunLayout, reason: str) -> None:
        set_canceled(run, reason)
        JobFolder(run).forget()

    @staticmethod
    def _give_back(run: RunLayout, before: StatusRecord) -> None:
        """Let a run wait whose job does so again, unless its next attempt has begun meanwhile."""
        if StatusFile(run).read().n == before.n:
            with suppress(OSError, RunClosedError):
                Attempt.next_of(run, _GIVEN_BACK)

    def _is_overdue(self, run: RunLayout) -> bool:
        """Whether a run goes on though it should have ended by itself since it was seen to be asked to.

        When that was the disk may say by a clock of its own.
        """
        now = time.monotonic()
        asked_s = now - self._asked_to_end_at.setdefault(run.run_id, now)
        since = now - self._ended_again_at.get(run.run_id, float("-inf"))
        return asked_s > 2 * limits().grace_s + _AFTER_GRACES_S and since > _AGAIN_S


def has_begun(run: RunLayout, status: StatusRecord) -> bool:
    """Whether a supervisor has taken up the attempt of a run that a status speaks of."""
    attempt = status.fields.get("attempt", 1)
    return status.status not in _NOT_BEGUN or run.claim_of(attempt if isinstance(attempt, int) else 1).exists()
