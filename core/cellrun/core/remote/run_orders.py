"""The orders about runs that were started: how they are, what is asked of them, and that all of one is at home."""

from __future__ import annotations

from cellrun.core.layout import RunLayout
from cellrun.core.mirror.run_key import forget_key
from cellrun.core.mirror.sender import deliver
from cellrun.core.remote.engines import Engines
from cellrun.core.remote.protocol import Message
from cellrun.core.remote.refusal import BadOrderError
from cellrun.core.remote.remote_workspace import RemoteWorkspace
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.targets.contract import JobState

_LOST = "its engine has it no more, and its supervisor didn't say how it ended"


class RunOrders:
    """Looks after the runs of this machine as its owner's own looks would."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines

    def observe(self, order: Message) -> Message:
        """`workspace`, `runs`, maybe `engine` → `runs`: of each `{state, reason}`, as `JobState` has it.

        Those that aren't there are unknown; those of which the engine says nothing are left out. On the way runs are
        adopted, settled and admitted where that is due.
        """
        there = RemoteWorkspace(order.facts["workspace"])
        runs = [there.run(run) for run in order.facts["runs"]]
        gone = [run for run in runs if not run.record.exists()]
        found = self._engines.of(order.facts).observe([run for run in runs if run not in gone])
        told = {run: {"state": said.state.value, "reason": said.reason} for run, said in found.items()}
        unknown = {"state": JobState.UNKNOWN.value, "reason": ""}
        return Message({"runs": {**told, **{run.run_id: unknown for run in gone}}})

    def deliver(self, order: Message) -> Message:
        """`workspace`, `run`, maybe `engine`, bytes: put a request to cancel there, once for each line in it.

        Harmless when repeated. A run that waits is Canceled at once.
        """
        layout = _there(order)
        deliver(layout, order.data)
        self._engines.of(order.facts).heed_cancellation(layout)
        return Message({"status": StatusFile(layout).read().status.value})

    def home(self, order: Message) -> Message:
        """`workspace`, `runs`: all of these runs is at home; what is here of them may go, in some days."""
        there = RemoteWorkspace(order.facts["workspace"])
        for layout in (there.run(run) for run in order.facts["runs"]):
            if layout.record.exists() and self._has_ended(layout):
                there.home_mark(layout.run_id).touch(mode=0o600)
                forget_key(layout)
        return Message({})

    def _has_ended(self, layout: RunLayout) -> bool:
        """Whether a run has ended; one is Failed whose supervisor can't say so, as its engine has lost it."""
        status = StatusFile(layout)
        if not status.read().status.is_terminal and not self._engines.of_run(layout).holds(layout):
            status.change(Status.FAILED, reason=_LOST)
        return status.read().status.is_terminal


def _there(order: Message) -> RunLayout:
    layout = RemoteWorkspace(order.facts["workspace"]).run(order.facts["run"])
    if not layout.record.exists():
        raise BadOrderError(f"run {layout.run_id} isn't there")
    return layout
