"""Which workspaces a server serves."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cellrun.core import Workspace
from cellrun.core.errors import RunNotFoundError
from cellrun.server.errors import NotFoundError
from cellrun.server.workspaces import DEFAULT, Workspaces


def test_the_default_workspace_has_a_name_before_it_exists(home: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    workspaces = Workspaces()
    (listed,) = workspaces.all()
    assert (listed.exists, listed.named()) == (False, (DEFAULT, DEFAULT))
    assert not home.exists() or not listed.layout.folder.exists()  # a look makes nothing
    made = Workspace.from_config()
    assert (listed.exists, listed.named()) == (True, (made.id, "default"))
    assert workspaces.open(DEFAULT) is workspaces.open(made.id) is listed


def test_every_registered_workspace_is_served_until_its_folder_goes(tmp_path: Path) -> None:
    workspaces = Workspaces()
    made = Workspace.create("mine", tmp_path / "mine")
    assert workspaces.open(made.id).layout.folder == made.folder
    assert [held.named()[1] for held in workspaces.all()] == ["default", "mine"]
    shutil.rmtree(made.folder)
    assert [held.named()[1] for held in workspaces.all()] == ["default"]
    with pytest.raises(NotFoundError, match="no workspace"):
        workspaces.open(made.id)


@pytest.mark.parametrize("run", ["nix", "..", "a\0b", "x" * 300, f"a-{'1' * 300}", "", "/etc/passwd", "\ud800"])
def test_a_run_that_is_none(tmp_path: Path, run: str) -> None:
    made = Workspace.create("mine", tmp_path / "mine")
    with pytest.raises(RunNotFoundError):
        Workspaces().open(made.id).run(run)


def test_a_workspace_whose_record_is_damaged_goes_by_what_the_registry_knows(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    default, mine = Workspace.from_config(), Workspace.create("mine", tmp_path / "mine")
    for made in (default, mine):
        made.layout.record.chmod(0o600)
        made.layout.record.write_text("{")
    workspaces = Workspaces()
    assert [held.named() for held in workspaces.all()] == [(DEFAULT, DEFAULT), (mine.id, "mine")]
    with pytest.raises(NotFoundError, match="no workspace"):
        workspaces.open("nix")
