"""A notebook for each test, and no run left open."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cellrun.core.runs import open_runs
from tests.magics.notebook_shell import NotebookShell, notebook_shell


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NotebookShell]:
    """A shell with the magics, in the empty folder of a notebook; the environment is as before afterwards."""
    folder = tmp_path / "notebook"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    environment = dict(os.environ)
    with notebook_shell(folder) as shell:
        yield shell
    while run := open_runs.newest():
        run.cancel()
    os.environ.clear()
    os.environ.update(environment)
