from __future__ import annotations

import json
import os
import shutil
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cellrun.core import places
from cellrun.core.environments.job_library import job_library
from cellrun.core.errors import WorkspaceException
from cellrun.core.layout import WorkspaceLayout


def mode(folder: Path) -> int:
    return stat.S_IMODE(folder.stat().st_mode)


def test_the_home_is_where_the_variable_says_and_private(home: Path) -> None:
    assert places.home() == home
    assert mode(home) == 0o700


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has its own place")
def test_the_home_without_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CELLRUN_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", "relative/ones/are/ignored")
    assert places.home() == tmp_path / ".local" / "share" / "cellrun"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert places.home() == tmp_path / "data" / "cellrun"


def test_a_home_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CELLRUN_HOME", str(tmp_path / "file" / "below"))
    with pytest.raises(
        WorkspaceException, match=r"cannot create runs under .*below \(not a directory\); set CELLRUN_HOME"
    ):
        places.home()


def test_the_runtime_folder_prefers_the_session_s(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert places.runtime_folder() == tmp_path / "runtime"
    monkeypatch.delenv("CELLRUN_RUNTIME_DIR")
    session = tmp_path / "session"
    session.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(session))
    assert places.runtime_folder() == session / "cellrun"
    assert mode(session / "cellrun") == 0o700
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "gone"))
    assert places.runtime_folder() == home / "runtime"


@pytest.mark.parametrize("folder", [places.runtime_folder, places.home])
def test_a_folder_that_others_can_write_to_is_refused(folder: Callable[[], Path]) -> None:
    folder().chmod(0o777)
    with pytest.raises(WorkspaceException, match=r"by every user \(mode 777\); run: chmod go-w .*or set CELLRUN_"):
        folder()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
@pytest.mark.parametrize(
    "kept", [places.private_folder, job_library, lambda: places.cache_of(places.default_workspace())]
)
def test_what_another_put_into_a_home_while_he_could_is_not_used(home: Path, kept: Callable[[], Path]) -> None:
    """The line to paste has closed the home since; what is in it by then stays his."""
    kept()
    for path in home.iterdir():
        os.chown(path, 12345, 12345)
    with pytest.raises(WorkspaceException, match=r"belongs to uid 12345; .* or set CELLRUN_HOME"):
        kept()


def test_a_session_s_folder_that_others_can_write_to_is_passed_over(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CELLRUN_RUNTIME_DIR")
    session = tmp_path / "session"
    session.mkdir()
    session.chmod(0o777)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(session))
    assert places.runtime_folder() == home / "runtime"


def test_what_outlives_a_login_is_in_a_private_folder_of_the_home(home: Path) -> None:
    assert places.private_folder() == home / "private"
    assert mode(home / "private") == 0o700


def test_a_cache_belongs_to_a_path_and_an_id(tmp_path: Path, home: Path) -> None:
    one = made_workspace(tmp_path / "one", "id-1")
    first = places.cache_of(one)
    assert first.is_relative_to(home)
    assert mode(first) == 0o700
    assert places.cache_of(one) == first
    one.record.write_text(json.dumps({"id": "id-2", "name": "team"}))
    assert places.cache_of(one) != first
    one.record.write_text(json.dumps({"id": "id-1", "name": "team"}))
    one.folder.rename(tmp_path / "moved")
    assert places.cache_of(WorkspaceLayout(tmp_path / "moved")) != first


def test_workspaces_of_different_names_have_different_folders(home: Path) -> None:
    given = ["team", "Team A", "Team-A", "Team/A", "../../etc", "実験", "試験", "\ud800"]
    folders = [places.named_workspace(name).folder for name in given]
    assert len(set(folders)) == len(given)
    assert all(folder.parent == home / "workspaces" for folder in folders)
    assert folders[0].name == "team"


def made_workspace(folder: Path, workspace_id: str) -> WorkspaceLayout:
    folder.mkdir()
    layout = WorkspaceLayout(folder)
    layout.record.write_text(json.dumps({"id": workspace_id, "name": "team"}))
    return layout


def test_the_registry_knows_what_was_opened_and_is_still_there(tmp_path: Path) -> None:
    one, other = made_workspace(tmp_path / "one", "id-1"), made_workspace(tmp_path / "other", "id-2")
    for _ in range(2):
        assert places.register(one) == ("id-1", "team", one)
    places.register(other)
    assert [(entry.id, entry.layout.folder) for entry in places.registered()] == [
        ("id-1", one.folder),
        ("id-2", other.folder),
    ]
    one.folder.rename(tmp_path / "moved")
    assert [entry.id for entry in places.registered()] == ["id-2"]
    places.register(WorkspaceLayout(tmp_path / "moved"))
    assert {entry.layout.folder for entry in places.registered()} == {tmp_path / "moved", other.folder}


def test_a_damaged_entry_hides_no_other_and_is_written_again(tmp_path: Path, home: Path) -> None:
    one, other = made_workspace(tmp_path / "one", "id-1"), made_workspace(tmp_path / "other", "id-2")
    places.register(one)
    places.register(other)
    for damaged in (b"", b"\xff", b"[]", b"{}"):
        (home / "registry" / "id-1.json").write_bytes(damaged)
        assert [entry.id for entry in places.registered()] == ["id-2"]
    places.register(one)
    assert [entry.id for entry in places.registered()] == ["id-1", "id-2"]


def found_as(workspace_id: str) -> Path | None:
    found = places.registered_as(workspace_id)
    assert not found or found.id == workspace_id
    return found and found.layout.folder


def test_a_workspace_is_found_by_its_id_without_a_look_at_the_others(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = made_workspace(tmp_path / "one", "id-1"), made_workspace(tmp_path / "other", "id-2")
    places.register(one)
    places.register(other)
    with monkeypatch.context() as patch:
        patch.setattr(places, "registered", lambda: pytest.fail("all were read"))
        assert found_as("id-2") == other.folder
    other.record.write_text("{")
    assert found_as("id-2") == other.folder
    one.record.write_text(json.dumps({"id": "id-3", "name": "team"}))  # made anew in the same folder
    places.register(one)
    assert found_as("id-1") is None
    assert found_as("id-3") == one.folder
    shutil.rmtree(one.folder)
    assert [found_as(each) for each in ("id-3", "nix", "../x", "")] == [None] * 4
    for path in ("a\0b", "\ud800"):
        (home / "registry" / "id-4.json").write_text(json.dumps({"id": "id-4", "name": "team", "path": path}))
        assert found_as("id-4") is None


def test_an_entry_that_has_another_s_name_is_not_taken_for_its_own(tmp_path: Path, home: Path) -> None:
    one = made_workspace(tmp_path / "one", "id-1")
    places.register(one)
    (home / "registry" / "id-1.json").rename(home / "registry" / "id-2.json")
    assert found_as("id-2") is None
    assert found_as("id-1") == one.folder
