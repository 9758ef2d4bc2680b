"""A workspace, an experiment in it, and a current folder that is the test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cellrun.core import Experiment, Workspace
from cellrun.core.runs import open_runs
from tests.core.submitted_runs import (  # noqa: F401  # fixtures of the tests below
    recording,
    runs,
    shared_workspace,
    unrecorded,
    unstarted,
    until,
)
from tests.small_disk import small_disk  # noqa: F401  # as well


@pytest.fixture(autouse=True)
def no_open_runs() -> Iterator[None]:
    """End the interactive runs that a test leaves open: the next one is in the same process."""
    yield
    while run := open_runs.newest():
        run.cancel()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, empty."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def ws(here: Path) -> Workspace:
    """The default workspace."""
    return Workspace.from_config()


@pytest.fixture
def exp(ws: Workspace) -> Experiment:
    """An experiment without runs."""
    return Experiment(ws, "digits")
