"""The queue here: a cluster of Ray's has none, so runs are handed over in order as it takes them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cellrun.core.errors import CellrunError, ComputeTargetException, problem_of
from cellrun.core.layout import RunLayout
from cellrun.core.resources import size_text
from cellrun.core.store.ending import is_asked_to_cancel, set_canceled
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.targets.payload import Payload
from cellrun.core.targets.pending_launch import Order, PendingLaunch
from cellrun.core.targets.ray.client import RayClient, RefusedJobError, TooLargeError
from cellrun.core.targets.ray.facts import Learned
from cellrun.core.targets.ray.handle import Handle
from cellrun.core.targets.ray.jobs import PENDING, RayJob
from cellrun.core.targets.ray.package import CorePackage, RunPackage
from cellrun.core.targets.ray.stored_values import StoredValues, too_large
from cellrun.core.targets.ray.submission import carrier_of, submission

MOST_PENDING = 8
"""So many of our jobs wait at the cluster at most: it fails one that waits for 900 s, and an autoscaler sees these."""
ON_ITS_WAY = frozenset({Status.NOT_STARTED, Status.QUEUED})
_SWEEP_S = 15.0
_CALL_S = 3.0
"""About so long a call works: what else is to be asked of the cluster waits for it."""


class _Waiting(NamedTuple):
    """A run that isn't known to have been started, and its job."""

    run: RunLayout
    handle: Handle


class SubmitQueue:
    """Hands runs over. It may be made anew at any time: what was handed over stands in each run's target.json."""

    def __init__(self, client: RayClient, stored: StoredValues | None = None) -> None:
        """With `stored`, values that make a run's package too large go by it."""
        self._client = client
        self._stored = stored
        self._core: CorePackage | None = None
        self._made_at: dict[str, float] = {}
        """When each run was submitted: a record doesn't change."""
        self._swept_at = -_SWEEP_S

    def go_on(self, runs: Sequence[RunLayout], jobs: Mapping[str, RayJob]) -> bool:
        """Hand over as many as may wait there, in the order of their submission, for some seconds; whether one was.

        `jobs` is what the cluster has just told. A run that it takes never is Failed. Raises ComputeTargetException
        where that is no single run's matter.
        """
        self._sweep(runs)
        until = time.monotonic() + _CALL_S
        left = [each for run in sorted(runs, key=self._order_of) if (each := self._looked_at(run, jobs))]
        before = pending = sum(each.handle.is_taken for each in left)
        for each in left:
            if each.handle.is_taken:
                continue
            if pending >= MOST_PENDING or time.monotonic() > until:
                break
            pending += self._hand_over(each)
        return pending > before

    @staticmethod
    def cancel_kept(runs: Sequence[RunLayout]) -> None:
        """Cancel those that are asked to stop and that the cluster can't have; it needn't answer for that."""
        for run in runs:
            if is_asked_to_cancel(run) and not PendingLaunch(run.workspace).was_asked(run):
                _cancel(run)

    def _sweep(self, runs: Sequence[RunLayout]) -> None:
        if time.monotonic() - self._swept_at >= _SWEEP_S:
            self._swept_at = time.monotonic()
            for workspace in {run.workspace.folder: run.workspace for run in runs}.values():
                PendingLaunch(workspace).sweep()

    def _order_of(self, run: RunLayout) -> tuple[float, str]:
        if run.run_id not in self._made_at:
            self._made_at[run.run_id] = RunRecord.read(run).created_at
        return self._made_at[run.run_id], run.run_id

    def _looked_at(self, run: RunLayout, jobs: Mapping[str, RayJob]) -> _Waiting | None:
        """Note what became of a run's job; return it as long as it waits, there or here."""
        handle = Handle.read(run)
        if handle is None:
            return None
        job = self._job(run, handle, jobs)
        if job and not handle.is_taken:  # the answer was lost
            handle = handle.taken().write(run)
        # One that it gave up, or has forgotten, as after a restart of its head, was never seen to start.
        if handle.is_taken and (job is None or job.was_given_up) and not is_asked_to_cancel(run):
            handle, job = handle.next_attempt(run).write(run), None
        if job and job.status != PENDING:
            began(run)
            return None
        if not handle.is_taken and is_asked_to_cancel(run):
            _cancel(run)
            return None
        return _Waiting(run, handle)

    def _job(self, run: RunLayout, handle: Handle, jobs: Mapping[str, RayJob]) -> RayJob | None:
        if handle.job in jobs:
            return jobs[handle.job]
        was_asked = handle.is_taken or PendingLaunch(run.workspace).was_asked(run)
        return self._client.job(handle.job) if was_asked else None

    def _hand_over(self, waiting: _Waiting) -> bool:
        """Hand one run over; whether it waits there now."""
        run, handle = waiting
        pending = PendingLaunch(run.workspace)
        try:
            order = pending.get(run)
            if order is None:  # its submitter is still at it
                return False
            names = self._sent_run(run, order, handle)
            if names is None:
                return False
            job = submission(run, handle, order, *names)
            if is_asked_to_cancel(run):  # while it was sent
                _cancel(run)
                return False
            pending.note_asked(run)
            self._client.submit(job)
        except RefusedJobError as error:
            _fail(run, str(error))
            return False
        except ComputeTargetException:
            raise
        except (OSError, ValueError, CellrunError) as error:
            _fail(run, f"it can't be sent: {problem_of(error)}")
            return False
        handle.taken().write(run)
        return True

    def _sent_run(self, run: RunLayout, order: Order, handle: Handle) -> tuple[str, str] | None:
        """See to it that the cluster has a run and this cellrun; return what their packages are called.

        None where that is for a later pass: values are on their way to the datastore, or are to go there.
        """
        known = Learned.of(self._client.address).most_bytes
        large = too_large(Payload.of(run), known) if self._stored else {}
        elsewhere = self._stored.places(run, large) if self._stored and large else {}
        if elsewhere is None:
            return None
        core = self._sent_core()
        with RunPackage.of(run, order, handle.attempt, carrier_of(run, handle), elsewhere).packed() as made:
            try:
                if not self._client.has_package(made.name):
                    self._client.put_package(made.name, made.path)
            except TooLargeError as error:
                if error.most_bytes:
                    Learned.of(self._client.address)._replace(most_bytes=error.most_bytes).keep(self._client.address)
                    if self._stored and error.most_bytes < known:
                        return None
                most = f" (at most {size_text(error.most_bytes)})" if error.most_bytes else ""
                size = size_text(made.path.stat().st_size)
                raise RefusedJobError(f"it can't be sent: it has {size}, more than the cluster takes{most}") from error
            return made.name, core

    def _sent_core(self) -> str:
        """See to it that the cluster has this cellrun; to be asked for each job, which keeps it there until it runs."""
        core = self._core = self._core or CorePackage()
        if not self._client.has_package(core.name):
            with core.packed() as made:
                self._client.put_package(made.name, made.path)
        return core.name


def began(run: RunLayout) -> None:
    """Note that a run's job has begun, or ended: all else comes home from there."""
    StatusFile(run).change(Status.STARTING, expected=ON_ITS_WAY, there=-1, waits_here=False)
    PendingLaunch(run.workspace).remove(run)


def _cancel(run: RunLayout) -> None:
    set_canceled(run, "canceled before it was handed over", expected=ON_ITS_WAY)
    PendingLaunch(run.workspace).remove(run)


def _fail(run: RunLayout, why: str) -> None:
    StatusFile(run).change(Status.FAILED, expected=ON_ITS_WAY, reason=why)
    PendingLaunch(run.workspace).remove(run)
