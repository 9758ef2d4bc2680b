"""The children of a driver's run: submitted, looked at and canceled by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from cellrun.core.errors import CellrunError
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.places import WorkspaceRecord
from cellrun.core.run_request import RunRequest
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status import Status, StatusFile, StatusRecord
from cellrun.core.submission.submission import submit
from cellrun.core.targets.contract import ComputeTarget
from cellrun.core.targets.look import look
from cellrun.core.targets.workspace_targets import WorkspaceTargets


@dataclass
class _Submitting:
    """As much of a workspace as a submission needs."""

    layout: WorkspaceLayout
    id: str
    name: str


class _Ready(NamedTuple):
    """A request as a config."""

    wanted: RunRequest

    def request(self) -> RunRequest:
        """Return it."""
        return self.wanted


class Children:
    """The runs that a driver's run has started, in its own workspace and experiment."""

    def __init__(self, run: RunLayout) -> None:
        self.run = run
        self.record = RunRecord.read(run)
        self._targets: dict[str, ComputeTarget] = {}
        self._started: dict[RunLayout, str] = {}
        """With the names of their targets."""
        self._seen: dict[RunLayout, StatusRecord] = {}
        """The status of each at the last look."""

    def start(self, request: RunRequest, tags: Mapping[str, str | None] | None = None) -> RunLayout:
        """Submit a child. Raises as `submission.submit` does."""
        workspace = _Submitting(
            self.run.workspace, self.record.workspace_id, WorkspaceRecord.read(self.run.workspace).name
        )
        child = submit(
            workspace, self.record.experiment, _Ready(replace(request, parent=self.record.id)), dict(tags or {})
        )
        self._started[child] = RunRecord.read(child).target
        return child

    def look(self) -> dict[RunLayout, StatusRecord]:
        """Return the status of all that were started."""
        groups: dict[str, list[RunLayout]] = {}
        for run in self._going_on():
            groups.setdefault(self._started[run], []).append(run)
        for name, runs in groups.items():
            seen = look(self._target(name), runs)
            self._seen |= {run: seen[run.run_id] for run in runs}
        return dict(self._seen)

    def progress(self) -> list[tuple[RunLayout, int]]:
        """Return what changes when a child is started, or its status was another at the last look: it costs nothing."""
        return [(run, self._seen[run].n if run in self._seen else -1) for run in self._started]

    def cancel(self, child: RunLayout) -> None:
        """Ask for a child's end, unless it is being stopped already.

        Raises ExperimentExecutionException where nobody can be asked.
        """
        if StatusFile(child).read().status is not Status.CANCEL_REQUESTED:  # once more would cut its grace short
            self._target(self._started[child]).cancel(child)

    def cancel_all(self, tell: Any = lambda _: None) -> None:
        """Ask for the end of all that go on; `tell` is told who can't be asked."""
        for child in self._going_on():
            try:
                self.cancel(child)
            except (CellrunError, OSError) as error:
                tell(f"{child.run_id} can't be canceled: {error}")

    def _going_on(self) -> list[RunLayout]:
        return [run for run in self._started if run not in self._seen or not self._seen[run].status.is_terminal]

    def _target(self, name: str) -> ComputeTarget:
        if name not in self._targets:
            self._targets[name] = WorkspaceTargets(self.run.workspace).get(name)
        return self._targets[name]
