"""The target of kind ray: a cluster whose Jobs API is reached by HTTP."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.layout import RunLayout
from cellrun.core.mirror.run_key import key_of
from cellrun.core.resources import size_text
from cellrun.core.run_request import RunCode, RunRequest
from cellrun.core.store.ending import ask_to_cancel, is_asked_to_cancel, set_canceled
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
from cellrun.core.targets.keeper import client as keeper
from cellrun.core.targets.pending_launch import Order, PendingLaunch
from cellrun.core.targets.ray.client import RayClient
from cellrun.core.targets.ray.connection import Connection
from cellrun.core.targets.ray.facts import Learned, Nodes
from cellrun.core.targets.ray.handle import KIND, Handle
from cellrun.core.targets.ray.jobs import PENDING, RUNNING, STOPPED, RayJob
from cellrun.core.targets.ray.logs import Due, Logs
from cellrun.core.targets.ray.settings import PUBLIC_URL, SETTINGS, checked, is_address
from cellrun.core.targets.ray.stored_values import StoredValues
from cellrun.core.targets.ray.submit_queue import ON_ITS_WAY, SubmitQueue
from cellrun.core.targets.ray.token import Token, token
from cellrun.core.targets.setting_form import SettingForm
from cellrun.core.targets.unresponsive_engine import is_on_its_way

_WAITS = "waits for room on the cluster"
_GIVEN_UP = "Ray gave it up after it had waited for room there; it is handed over again"
_YOUNG_S = 1.0
"""The list of all jobs isn't asked for again within this: every look at a run wants it."""
_STOP_S = 30.0
"""So long a request to cancel may take by our own server; then Ray is asked to stop the job."""


class RayTarget(ComputeTarget):
    """A Ray cluster: runs are its jobs. Over there nothing is needed but Ray's own Python, from 3.10 on.

    A cluster has no queue: it fails a job that finds no room for 900 s. So runs wait here, and are handed over as it
    takes them. What they write comes home by a server of ours that they reach, else by their jobs' logs.
    """

    kind: ClassVar[str] = KIND
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.QUEUES, Capability.CANCELS, Capability.LIMITS_TIME, Capability.GPUS}
    )
    settings_known: ClassVar[Mapping[str, str]] = SETTINGS
    about: ClassVar[str] = "a Ray cluster, by its Jobs API"
    setting_forms: ClassVar[Mapping[str, SettingForm]] = {"address": SettingForm(is_needed=True)}
    shows_variables: ClassVar[bool] = True

    def __init__(self, name: str, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(name, settings)
        self._connection = Connection(self.settings["address"], self._token)
        self._client = RayClient(self._connection)
        self._stored = StoredValues(self.settings["datastore"]) if self.settings.get("datastore") else None
        self._submit_queue = SubmitQueue(self._client, self._stored)
        self._logs = Logs(self._connection, self._client)
        self._jobs: dict[str, RayJob] = {}
        self._asked_at = -_YOUNG_S
        self._sent: set[str] = set()
        """The runs that were on their way when some were handed over last."""
        self._stopped_at: dict[str, float] = {}
        """When a job was asked to stop, or its run's request was first seen, by job (monotonic)."""

    @classmethod
    def checked_settings(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return settings as they are kept. Raises UserErrorException with everything that is wrong in them."""
        return {**checked(super().checked_settings(settings))}

    @property
    def where(self) -> str:
        """Where that is, for people."""
        return str(self.settings["address"])

    def size_problem(self, code: RunCode) -> str:
        """Return why a run's package would be larger than the cluster takes, as it has said last."""
        most, size = Learned.of(self.settings["address"]).most_bytes, code.size_bytes
        if size <= most:
            return ""
        too_large = f"it has {size_text(size)}, and the cluster takes {size_text(most)} at most"
        values, files = code.values_bytes, size - code.values_bytes
        if not values or files > most:
            return f"{too_large}; put large files where its nodes read them, and read them in the code"
        if self._stored is None:
            return (
                f"{too_large}; attach it with datastore= a store of the workspace that its nodes reach too, by which "
                "values go then, or put large data where they read it"
            )
        why = self._stored.problem(self.layout) if self.layout else ""
        return f"{too_large}; {why}" if why else ""

    def describe(self) -> TargetDescription:
        """Return what the cluster has, and its jobs, whoever submitted them. Raises ComputeTargetException."""
        try:
            nodes, jobs = Nodes.of(self._client), self._client.jobs().values()
            running, waiting = (sum(job.status == status for job in jobs) for status in (RUNNING, PENDING))
            return TargetDescription(nodes.total, nodes.in_use, running, waiting, reaches_server=bool(self._server()))
        finally:
            self.close()

    def shared_folders(self) -> tuple[str, ...]:
        """Return none, without a word to the cluster: nobody knows which of its folders may be the same."""
        return ()

    def python(self, environment: str | EnvironmentSpec | None) -> TargetPython:
        """Return the Python that a run gets there: the cluster's own isn't known from here."""
        return TargetPython.of(environment)

    def problems(self, request: RunRequest) -> list[str]:
        """Return why the cluster could never start such a run. How large it may grow nobody knows."""
        problems: list[str] = []
        if request.distribution and request.distribution.nodes > 1:
            problems.append(
                f"node_count={request.distribution.nodes}: a job of Ray's is on one node; several nodes are for a "
                "target of kind 'slurm', or for Ray's own libraries in the code"
            )
        if isinstance(request.environment, EnvironmentSpec):
            from cellrun.core.environments.portable_spec import PortableSpec  # noqa: PLC0415  # few runs need it

            problems += PortableSpec.of(request.environment).problems
        return problems

    def warnings(self, request: RunRequest) -> tuple[str, ...]:
        """Return what no node of the cluster had when it was asked last: it may grow, or the run waits for good."""
        largest = Learned.of(self.settings["address"]).largest
        if largest is None:
            return ()
        asked, each = request.resources, f"the largest node of {self.name!r} has"
        waits = "the run waits until one that has as much joins the cluster"
        told = {
            f"cpus={asked.cpus}: {each} {largest.cpus}; {waits}": asked.cpus > largest.cpus,
            f"gpus={asked.gpus}: {each} {largest.gpus}; {waits}": asked.gpus > largest.gpus,
            f"memory={size_text(asked.memory_bytes)}: {each} {size_text(largest.memory_bytes)}; {waits}": (
                asked.memory_bytes > largest.memory_bytes
            ),
        }
        return tuple(words for words, is_so in told.items() if is_so)

    def launch(self, request: RunRequest, layout: RunLayout) -> None:
        """Queue the run here; the keeper hands it over as the cluster takes it."""
        status = StatusFile(layout)
        if status.read().status is not Status.NOT_STARTED:  # it was launched before
            return
        if Handle.read(layout) is None:
            Handle.first(layout, self.name, self.settings["address"], self._server()).write(layout)
        PendingLaunch(layout.workspace).add(layout, Order.of(request))
        status.change(Status.QUEUED, expected={Status.NOT_STARTED}, reason=_WAITS, waits_here=True)
        keeper.wake(layout.workspace, self.name)

    def send(self, runs: Sequence[RunLayout]) -> bool:
        """Hand over what the cluster takes by now; whether that was any."""
        self._submit_queue.cancel_kept(runs)
        ids = {run.run_id for run in runs}
        if ids <= self._sent and time.monotonic() - self._asked_at < _YOUNG_S:
            return False  # nothing can have changed: with hundreds that wait even a look at each takes long
        waiting = [run for run in runs if is_on_its_way(StatusFile(run).read())]
        has_gone = bool(waiting) and self._submit_queue.go_on(waiting, self._all_jobs())
        self._sent = ids
        return has_gone

    def observe(self, runs: Sequence[RunLayout]) -> dict[str, Observation]:
        """Return what the cluster says of runs' jobs, by one question for all that it knows."""
        handles = {run.run_id: handle for run in runs if (handle := _handle_of(run))}
        jobs = self._all_jobs()
        self._logs.keep({handle.job for handle in handles.values()})
        return {run.run_id: self._observed(run, handles[run.run_id], jobs) for run in runs if run.run_id in handles}

    def sync(self, runs: Sequence[RunLayout], *, is_final: bool) -> Collection[str]:
        """Read the logs of runs whose jobs have begun; have those stopped that are asked to."""
        due = []
        for run in runs:
            handle = _handle_of(run)
            if handle is None:
                continue
            job = self._jobs.get(handle.job)
            if not is_final and job and is_asked_to_cancel(run):
                self._stop(run, handle, job)
            if is_final or (job and job.status != PENDING):
                due.append(Due(run, handle.job, run.run_id in self.watched))
        unfinished = self._logs.bring(due, is_final=is_final)
        if is_final:
            for each in due:
                if each.run.run_id not in unfinished:
                    self._end_stopped(each)
        return unfinished

    def cancel(self, run: RunLayout) -> None:
        """Leave a request: who hands runs over takes it up, or has the job stopped."""
        ask_to_cancel(run)
        keeper.wake(run.workspace, self.name)

    def close(self) -> None:
        """Give up connections."""
        self._logs.close()
        self._connection.close()

    def learn(self) -> None:
        """Ask whether it is a cluster, and say if everybody is let in. Raises ComputeTargetException."""
        from cellrun.core.targets.ray.doctor import is_open, open_words  # noqa: PLC0415  # once

        try:
            self._client.version()
            Nodes.of(self._client)
            if is_open(self.settings["address"]):
                warnings.warn(open_words(self.settings["address"]), stacklevel=5)
        finally:
            self.close()

    def doctor(self) -> list[Finding]:
        """Look at all that a run needs there."""
        from cellrun.core.targets.ray.doctor import Stored, findings  # noqa: PLC0415  # it is asked for by hand

        stored = Stored(self._stored, self.layout) if self._stored and self.layout else None
        try:
            return findings(self._client, self._server(), self._token, stored)
        finally:
            self.close()

    def _token(self) -> Token | None:
        return token(self.settings, self.layout)

    def _server(self) -> str:
        """Return the address of our server as jobs reach it; empty if none is known."""
        given = str(self.settings.get("server") or os.environ.get(PUBLIC_URL) or "").rstrip("/")
        return given if is_address(given) else ""

    def _all_jobs(self) -> dict[str, RayJob]:
        if time.monotonic() - self._asked_at >= _YOUNG_S:
            self._jobs = self._client.jobs()
            self._asked_at = time.monotonic()
        return self._jobs

    def _observed(self, run: RunLayout, handle: Handle, jobs: Mapping[str, RayJob]) -> Observation:
        if not handle.is_taken:
            return Observation(JobState.WAITING, (self._stored and self._stored.words(run)) or _WAITS)
        # The list may be older than the job.
        job = jobs.get(handle.job) or self._client.job(handle.job)
        if job is None:
            return Observation(
                JobState.UNKNOWN, f"job {handle.job} isn't known there; its head may have been restarted"
            )
        if job.status == PENDING or job.was_given_up:
            return Observation(JobState.WAITING, _GIVEN_UP if job.was_given_up else job.words or _WAITS)
        if job.has_ended:
            words = job.words
            return Observation(JobState.ENDED, f"{job.status}: {words}" if words else job.status)
        return Observation(JobState.RUNNING)

    def _stop(self, run: RunLayout, handle: Handle, job: RayJob) -> None:
        """Have a job stopped, once: at once where no request of ours reaches it, else if that has taken too long.

        None does where what it writes comes by its log, whatever server it was told of.

        Ray stops one that waits only when there is room for it. Nothing of it has been started until then.
        """
        now = time.monotonic()
        first = self._stopped_at.setdefault(handle.job, now)
        is_by_server = bool(handle.server) and job.status == RUNNING and not self._logs.bring_frames(handle.job)
        if first < 0 or job.has_ended or (is_by_server and now - first < _STOP_S):
            return
        self._client.stop(handle.job)
        self._stopped_at[handle.job] = -1.0
        if job.status == PENDING:
            set_canceled(run, "canceled while it waited for room on the cluster", expected=ON_ITS_WAY)
            PendingLaunch(run.workspace).remove(run)

    def _end_stopped(self, due: Due) -> None:
        """End a run that was asked to stop, whose job Ray has stopped before anybody was there to say so."""
        job = self._jobs.get(due.job)
        if job and job.status == STOPPED and is_asked_to_cancel(due.run):
            set_canceled(due.run, "Ray stopped its job")
        self._stopped_at.pop(due.job, None)


def _handle_of(run: RunLayout) -> Handle | None:
    """Return the job of a run that is to be looked at here; None if there is none.

    Where its key is missing, as another CELLRUN_HOME handed it over, nothing of it can be taken: it is left to the
    keeper there. One that is asked to stop ends all the same, as that home may be gone.
    """
    handle = Handle.read(run)
    if handle and handle.is_taken and key_of(run) is None and not is_asked_to_cancel(run):
        return None
    return handle
