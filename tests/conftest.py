from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.places import default_workspace
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore

BROWSER = "tests/browser/"

settings.register_profile("cellrun", deadline=None, derandomize=True)  # neither timing nor luck decides a test
settings.load_profile("cellrun")


class _Files(LoadFileScheduling):
    """Gives a worker the tests of a file together, those of all browser tests too: they share a JupyterLab."""

    def _split_scope(self, nodeid: str) -> str:
        return BROWSER if nodeid.startswith(BROWSER) else str(super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _Files:
    return _Files(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the browser tests first: they take longest, and one worker has to do them all."""
    items.sort(key=lambda item: not item.nodeid.startswith(BROWSER))


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
