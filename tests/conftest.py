from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.places import default_workspace
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore

settings.register_profile("cellrun", deadline=None, derandomize=True)  # neither timing nor luck decides a test
settings.load_profile("cellrun")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the browser tests last: Playwright's event loop stays on the main thread, where others start one."""
    items.sort(key=lambda item: "browser" in item.path.parts)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and a runtime folder of the test's own."""
    folder = tmp_path / "home"
    monkeypatch.setenv("CELLRUN_HOME", str(folder))
    monkeypatch.setenv("CELLRUN_RUNTIME_DIR", str(tmp_path / "runtime"))
    return folder


@pytest.fixture
def workspace_layout() -> WorkspaceLayout:
    """The layout of the home's default workspace."""
    return default_workspace()


@pytest.fixture
def new_run(workspace_layout: WorkspaceLayout) -> Callable[..., RunLayout]:
    """Make a run folder: `new_run(experiment="digits", kind="interactive", **record fields)`."""

    def make(experiment: str = "digits", **fields: object) -> RunLayout:
        record = RunRecord(**{"experiment": experiment, "kind": "interactive", **fields})  # type: ignore[arg-type]
        return RunStore(workspace_layout).create(record, lambda _: None)

    return make
