"""One Jupyter Server for all tests of REST; each test has a workspace of its own in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cellrun.core import Experiment, Workspace
from cellrun.core.runs import open_runs
from tests.server.jupyter_process import Client, JupyterProcess, jupyter_process
from tests.server.live_server import open_run, server, serving, workspace  # noqa: F401  # fixtures of the stream's tests


@pytest.fixture(scope="session")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterProcess]:
    """A real Jupyter Server with the extension, which logs all that it can."""
    with jupyter_process(tmp_path_factory.mktemp("jupyter"), "jupyter-server", "--debug") as running:
        yield running


@pytest.fixture(autouse=True)
def _no_recorder(without_recorder: None) -> None:
    """What interactive runs are run by concerns no test here."""


@pytest.fixture
def api(jupyter: JupyterProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A client of the server, whose home is the test's too."""
    for name, value in jupyter.environment.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return Client(jupyter)


@pytest.fixture
def ws(api: Client, tmp_path: Path) -> Iterator[Workspace]:
    """A workspace of the test's own, which the server serves; its interactive runs end with the test."""
    yield Workspace.create(tmp_path.name, tmp_path / "workspace")
    while run := open_runs.newest():
        run.cancel()


@pytest.fixture
def exp(ws: Workspace) -> Experiment:
    """An experiment without runs."""
    return Experiment(ws, "digits")


@pytest.fixture
def at(ws: Workspace) -> str:
    """The workspace's place in the REST routes."""
    return f"workspaces/{ws.id}"
