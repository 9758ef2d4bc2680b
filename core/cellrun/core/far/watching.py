"""The orders about runs that were started: how they are, what is asked of them, and that all of one is at home."""

from __future__ import annotations

from collections.abc import Sequence

from cellrun.core.far.places_there import WorkspaceThere
from cellrun.core.far.protocol import Message
from cellrun.core.far.refusal import BadOrderError
from cellrun.core.layout import RunLayout
from cellrun.core.mirror.run_key import forget_key
from cellrun.core.mirror.sending import deliver
from cellrun.core.store.status_file import StatusFile
from cellrun.core.targets.contract import JobState
from cellrun.core.targets.local.target import LocalTarget


class Watching:
    """Looks after the runs of this machine as its owner's own looks would."""

    def __init__(self, target: LocalTarget) -> None:
        self._target = target

    def observe(self, order: Message) -> Message:
        """`workspace`, `runs` → `runs`: of each `{state, reason}`, as `JobState` has it; those not there are unknown.

        On the way runs are adopted, settled and admitted where that is due.
        """
        there = WorkspaceThere(order.facts["workspace"])
        runs = [there.run(run) for run in order.facts["runs"]]
        found = self._target.observe([run for run in runs if run.record.exists()])
        told = {run: {"state": said.state.value, "reason": said.reason} for run, said in found.items()}
        unknown = {"state": JobState.UNKNOWN.value, "reason": ""}
        return Message({"runs": {run.run_id: told.get(run.run_id, unknown) for run in runs}})

    def deliver(self, order: Message) -> Message:
        """`workspace`, `run`, bytes: put a request to cancel there, once for each line in it; harmless when repeated.

        A run that waits is Canceled at once.
        """
        layout = _there(order)
        deliver(layout, order.data)
        self._target.heed_cancellation(layout)
        return Message({"status": StatusFile(layout).read().status.value})

    def home(self, order: Message) -> Message:
        """`workspace`, `runs`: all of these runs is at home; what is here of them may go, in some days."""
        there = WorkspaceThere(order.facts["workspace"])
        for layout in _ended(there, order.facts["runs"]):
            there.home_mark(layout.run_id).touch(mode=0o600)
            forget_key(layout)
        return Message({})


def _there(order: Message) -> RunLayout:
    layout = WorkspaceThere(order.facts["workspace"]).run(order.facts["run"])
    if not layout.record.exists():
        raise BadOrderError(f"run {layout.run_id} isn't there")
    return layout


def _ended(there: WorkspaceThere, runs: Sequence[object]) -> list[RunLayout]:
    layouts = [there.run(run) for run in runs]
    return [run for run in layouts if run.record.exists() and StatusFile(run).read().status.is_terminal]
