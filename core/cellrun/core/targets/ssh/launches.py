"""Sends runs to another machine, a few seconds at a time, and starts those that are there whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from cellrun.core.errors import CellrunError, ComputeTargetException, problem_of
from cellrun.core.layout import RunLayout
from cellrun.core.mirror.run_key import new_key
from cellrun.core.places import WorkspaceRecord
from cellrun.core.remote.link import Link, OrderError
from cellrun.core.remote.messages import INCOMPLETE
from cellrun.core.store.ending import is_asked_to_cancel, set_canceled
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.targets.contract import JobState, Observation
from cellrun.core.targets.pending_launch import PendingLaunch
from cellrun.core.targets.progress import Progress
from cellrun.core.targets.ssh.connection import Connection
from cellrun.core.targets.ssh.sending import Sending

ON_ITS_WAY = frozenset({Status.NOT_STARTED, Status.PREPARING})
_CALL_S = 3.0
"""About so long a call works: what else is to be asked of the machine waits for it."""


class Launches:
    """Sends and starts runs. `observe` asks the machine for states.

    It may be made anew at any time: what is there the machine tells, what is to be sent stands in `PendingLaunch`.
    """

    def __init__(
        self, connection: Connection, observe: Callable[[Sequence[RunLayout]], dict[str, Observation]]
    ) -> None:
        self._connection = connection
        self._observe = observe
        self._sendings: dict[str, Sending] = {}
        self._progress = Progress(Status.PREPARING, "sending {}", ON_ITS_WAY)

    def go_on(self, runs: Sequence[RunLayout]) -> None:
        """Send and start runs, the small ones first, for some seconds. One that is refused there is Failed.

        Raises ComputeTargetException where that is no single run's matter.
        """
        until = time.monotonic() + _CALL_S
        for workspace in {run.workspace.folder: run.workspace for run in runs}.values():
            PendingLaunch(workspace).sweep()
        with self._connection.link() as link:
            due = [run for run in runs if not self._is_canceled(run)]
            sendings = [(sending, run) for run in due if (sending := self._sending(run))]
            for sending, run in sorted(sendings, key=lambda each: each[0].size_bytes):
                try:
                    while self._advance(link, sending, run, until) and time.monotonic() < until:
                        pass
                except OrderError as error:
                    _fail(run, str(error))
                    self._drop(run)
                except OSError as error:
                    _fail(run, f"it can't be sent: {problem_of(error)}")
                if time.monotonic() >= until:
                    return

    def _sending(self, run: RunLayout) -> Sending | None:
        """Return how far a run is; None for one without an order (yet), or that is Failed as it can't be read."""
        pending = PendingLaunch(run.workspace)
        if run.run_id not in self._sendings and pending.has(run):
            try:
                pending.get(run)
                self._sendings[run.run_id] = Sending(run)
            except (OSError, CellrunError) as error:
                _fail(run, f"it can't be sent: {problem_of(error)}")
        return self._sendings.get(run.run_id)

    def _advance(self, link: Link, sending: Sending, run: RunLayout, until: float) -> bool:
        """Send a run and have it started once it is whole; returns whether it is to be gone on with at once."""
        sent = sending.go_on(link, lambda: time.monotonic() >= until or is_asked_to_cancel(run))
        pending = PendingLaunch(run.workspace)
        order = pending.get(run)
        if not sent.is_whole:
            self._progress.tell(run, sent.sent_bytes, sent.size_bytes)
        elif order:
            asked_at = time.time()
            pending.note_asked(run)
            try:
                told = sending.launch(link, order, new_key(run)).facts
            except OrderError as error:
                if error.kind != INCOMPLETE:
                    raise
                sending.lacks([*error.facts["missing"], *error.facts["lacks"]])
                return True
            self._begun(run, asked_at, told)
        return False

    def _begun(self, run: RunLayout, at: float, told: Mapping[str, Any]) -> None:
        """Note that a run is the machine's by now, and waits in its queue if that is `told`: all else comes home."""
        waits = told.get("status") == Status.QUEUED.value
        to, number = (Status.QUEUED, int(told["n"])) if waits else (Status.STARTING, 0)
        StatusFile(run).change(to, expected=ON_ITS_WAY, at=at, there=number)
        self._forget(run)

    def _is_canceled(self, run: RunLayout) -> bool:
        """Whether a run is to be sent no further; it is Canceled then unless the machine has it."""
        if not is_asked_to_cancel(run):
            return False
        if PendingLaunch(run.workspace).was_asked(run):  # the answer was lost: it may have been started
            said = self._observe([run]).get(run.run_id)
            if said and said.state is not JobState.UNKNOWN:
                self._begun(run, time.time(), {})
                return True
        set_canceled(run, "canceled before it was sent", expected=ON_ITS_WAY)
        self._drop(run)
        return True

    def _drop(self, run: RunLayout) -> None:
        self._forget(run)
        with suppress(ComputeTargetException):  # what came there of it goes by itself after a while
            self._connection.ask("drop", workspace=WorkspaceRecord.read(run.workspace).id, run=run.run_id)

    def _forget(self, run: RunLayout) -> None:
        PendingLaunch(run.workspace).remove(run)
        self._sendings.pop(run.run_id, None)
        self._progress.forget(run)


def _fail(run: RunLayout, why: str) -> None:
    StatusFile(run).change(Status.FAILED, expected=ON_ITS_WAY, reason=why)
    PendingLaunch(run.workspace).remove(run)
