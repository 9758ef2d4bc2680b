"""Real runs of real scripts, and nothing left of them."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cellrun.core import Workspace
from cellrun.core.errors import ExperimentExecutionException
from cellrun.core.layout import RunLayout
from cellrun.core.processes.family import ProcessFamily
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore
from cellrun.core.store.status import TERMINAL, Status, StatusFile, StatusRecord
from cellrun.core.submission.script_run_config import ScriptRunConfig
from cellrun.core.submission.submission import submit
from cellrun.core.targets.contract import ComputeTarget
from cellrun.core.targets.look import look
from cellrun.core.targets.workspace_targets import WorkspaceTargets

DEADLINE_S = 60


@dataclass
class Runs:
    """Submits scripts and waits for them."""

    workspace: Workspace
    source: Path
    submitted: list[RunLayout] = field(default_factory=list)

    def script(self, text: str, *arguments: Any, **options: Any) -> RunLayout:
        """Submit a script of its own text."""
        (self.source / "train.py").write_text(text)
        return self.config(ScriptRunConfig(self.source, "train.py", arguments, **options))

    def command(self, command: str | list[str], **options: Any) -> RunLayout:
        """Submit a command."""
        return self.config(ScriptRunConfig(self.source, command=command, **options))

    def config(self, config: ScriptRunConfig) -> RunLayout:
        """Submit a config."""
        layout = submit(self.workspace, "tests", config)
        self.submitted.append(layout)
        return layout

    def status(self, layout: RunLayout) -> StatusRecord:
        """Look as any reader does."""
        return look(self.target(layout), [layout])[layout.run_id]

    def target(self, layout: RunLayout) -> ComputeTarget:
        """Return the target that a run was submitted to."""
        return WorkspaceTargets(layout.workspace).get(RunRecord.read(layout).target)

    def end(self, layout: RunLayout, within_s: float = DEADLINE_S) -> StatusRecord:
        """Wait until a run has ended, looking as any reader does."""
        wait_for(lambda: self.status(layout).status.is_terminal, f"the end of {layout.folder}", within_s)
        return self.status(layout)

    def running(self, layout: RunLayout) -> RunLayout:
        """Wait until a run is Running and both its processes are known."""
        wait_for(lambda: StatusFile(layout).read().status is Status.RUNNING and layout.processes.exists(), "Running")
        return layout

    def printed(self, layout: RunLayout, text: str) -> RunLayout:
        """Wait until a run has printed a text."""
        wait_for(lambda: text in _log(layout), f"{text!r} in the log")
        return layout

    def seen(self, layout: RunLayout, text: str) -> RunLayout:
        """Wait until a run has printed a text, looking as any reader does."""
        wait_for(lambda: self.status(layout) and text in _log(layout), f"{text!r} in the log")
        return layout

    def clear(self) -> None:
        """End all runs; each has exactly one final status then, and no process."""
        for layout in self.submitted:
            self.target(layout).cancel(layout)
        for layout in self.submitted:
            end = self.end(layout).status
            assert [one.status for one in StatusFile(layout).history() if one.status in TERMINAL] == [end]
            wait_for(lambda layout=layout: not ProcessFamily(layout, job=None).members(), "its processes to go")


def _log(layout: RunLayout) -> str:
    return layout.log.read_text(errors="replace") if layout.log.exists() else ""


def wait_for(condition: Callable[[], object], what: str, within_s: float = DEADLINE_S) -> None:
    """Wait for something that another process does."""
    began = time.monotonic()
    while not condition():
        waited_s = time.monotonic() - began
        assert waited_s < within_s, f"waited {within_s} s for {what}"
        time.sleep(min(0.2, 0.02 + waited_s / 10))  # to look costs more than what is waited for


@pytest.fixture
def until() -> Callable[[Callable[[], object], str], None]:
    """`until(condition, what)` waits for something that another process does."""
    return wait_for


@pytest.fixture(scope="module")
def shared_workspace(shared_home: Path) -> Workspace:
    """The workspace of all tests of a module that is marked `one_home`."""
    return Workspace.create("tests", shared_home.parent / "workspace")


@pytest.fixture
def runs(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    """Submit runs from a source folder, in a workspace of the test's own or its module's; nothing of them is left."""
    monkeypatch.setenv("CELLRUN_GRACE_S", "0.5")
    (tmp_path / "source").mkdir()
    if request.node.get_closest_marker("one_home"):
        workspace = request.getfixturevalue("shared_workspace")
    else:
        workspace = Workspace.create("tests", tmp_path / "workspace")
    made = Runs(workspace, tmp_path / "source")
    yield made
    made.clear()


@pytest.fixture
def unstarted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let submitted runs wait for ever: for tests that look at what a run was submitted as, and at nothing it does."""

    def none(*_: object) -> None:
        raise ExperimentExecutionException("the test wants none")

    monkeypatch.setattr("cellrun.core.targets.local.target.SupervisorStart", none)
    monkeypatch.setattr("cellrun.core.targets.local.admission.admit", lambda *_: None)


@pytest.fixture
def recording() -> None:
    """Let what submitted runs are run by be recorded, for tests that look at it."""


@pytest.fixture
def unrecorded(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give submitted runs a record of what they are run by, or each would start a Python and gits to make one."""
    create = RunStore.create

    def recorded(store: RunStore, record: RunRecord, fill: Callable[[RunLayout], None]) -> RunLayout:
        def fill_and_record(draft: RunLayout) -> None:
            fill(draft)
            draft.environment.write_text("{}")

        return create(store, record, fill_and_record if record.kind in {"script", "command"} else fill)

    if "recording" not in request.fixturenames:
        monkeypatch.setattr(RunStore, "create", recorded)
