from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cellrun.core.errors import IndexTooNewError, RunNotFoundError, WorkspaceException
from cellrun.core.identity import ProcessIdentity
from cellrun.core.status import Status
from cellrun.core.store.event_log import EventLog
from cellrun.core.store.index import Index
from cellrun.core.store.layout import RunLayout, WorkspaceLayout
from cellrun.core.store.status_file import StatusFile


@pytest.fixture
def index(workspace_layout: WorkspaceLayout) -> Index:
    workspace_layout.folder.mkdir(parents=True)
    return Index(workspace_layout)


def ids(index: Index, **choice: Any) -> list[str]:
    return [row.id for row in index.runs(**choice)]


def write(layout: RunLayout, value: float, **tags: str) -> None:
    log = EventLog(layout)
    log.log("loss", value)
    for name, tag in tags.items():
        log.tag(name, tag)
    log.close()


def test_a_row_says_what_a_list_shows(index: Index, new_run: Callable[..., RunLayout]) -> None:
    layout = new_run(kind="script", parameters={"lr": "0.1"}, tags={"a": "1", "b": None}, target="local")
    owner = ProcessIdentity.current().to_json()
    StatusFile(layout).change(Status.RUNNING, owner=owner)
    write(layout, 0.5, a="2")
    (row,) = index.runs()
    assert (row.id, row.name, row.number, row.experiment) == (layout.run_id, "digits-1", 1, "digits")
    assert (row.status, row.reason, row.kind, row.target) == (Status.RUNNING, None, "script", "local")
    assert (row.display_name, row.parameters, row.tags) == ("digits-1", {"lr": "0.1"}, {"a": "2", "b": None})
    assert row.metrics["loss"].last == {"loss": 0.5}
    assert row.started_at is not None
    assert row.created_at <= row.started_at
    assert row.ended_at is None


def test_it_follows_every_change(index: Index, new_run: Callable[..., RunLayout]) -> None:
    assert index.runs() == []
    layout = new_run()
    assert [row.status for row in index.runs()] == [Status.NOT_STARTED]
    StatusFile(layout).change(Status.RUNNING, owner=ProcessIdentity.current().to_json())
    assert [row.status for row in index.runs()] == [Status.RUNNING]
    log = EventLog(layout)
    log.log("loss", 0.5)
    log.rename("best")
    log.close()
    assert [(row.display_name, row.metrics["loss"].last) for row in index.runs()] == [("best", {"loss": 0.5})]
    StatusFile(layout).change(Status.FAILED, reason="because")
    assert [(row.status, row.reason) for row in index.runs()] == [(Status.FAILED, "because")]
    other = new_run()
    assert ids(index) == [other.run_id, layout.run_id]


def test_folders_that_come_and_go(index: Index, new_run: Callable[..., RunLayout], tmp_path: Path) -> None:
    first, second = new_run(), new_run()
    for layout in (first, second):
        StatusFile(layout).change(Status.COMPLETED)
    assert len(ids(index)) == 2
    shutil.copytree(first.folder, tmp_path / first.run_id)
    shutil.rmtree(first.folder)
    assert ids(index) == [second.run_id]
    shutil.copytree(tmp_path / first.run_id, first.folder)
    assert sorted(ids(index)) == sorted([first.run_id, second.run_id])


def test_a_dead_owner_is_noticed_by_a_look(index: Index, new_run: Callable[..., RunLayout]) -> None:
    process = subprocess.Popen(["sleep", "60"])
    layout = new_run()
    StatusFile(layout).change(Status.RUNNING, owner=ProcessIdentity.of(process.pid).to_json())
    assert [row.status for row in index.runs()] == [Status.RUNNING]
    process.kill()
    process.wait()
    (row,) = index.runs()
    assert (row.status, row.reason) == (Status.FAILED, "the kernel went away without complete()")


@pytest.fixture
def several(new_run: Callable[..., RunLayout]) -> dict[str, str]:
    """Runs of two experiments, oldest first: what to call them and their ids."""
    runs = {
        "a": new_run("one", tags={"team": "red", "best": None}),
        "b": new_run("one", tags={"team": "blue"}, display_name="Größter Lauf"),
        "c": new_run("two", tags={"team": "red"}, parameters={"lr": "0.001"}),
        "d": new_run("two", display_name="\ud800"),
    }
    StatusFile(runs["a"]).change(Status.COMPLETED)
    StatusFile(runs["b"]).change(Status.FAILED)
    return {letter: layout.run_id for letter, layout in runs.items()}


@pytest.mark.parametrize(
    ("choice", "chosen"),
    [
        ({}, "dcba"),
        ({"experiment": "one"}, "ba"),
        ({"experiment": "none"}, ""),
        ({"status": [Status.COMPLETED, Status.FAILED]}, "ba"),
        ({"status": ["NotStarted"], "experiment": "two"}, "dc"),
        ({"status": []}, ""),
        ({"tags": {"team": "red"}}, "ca"),
        ({"tags": ["team"]}, "cba"),
        ({"tags": {"team": "red", "best": None}}, "a"),
        ({"tags": {"team": None}}, ""),
        ({"tags": ["x' OR 1 --"]}, ""),
        ({"text": "größter"}, "b"),
        ({"text": "TWO-2"}, "d"),
        ({"text": "0.001"}, "c"),
        ({"text": "%"}, ""),
        ({"limit": 2}, "dc"),
        ({"limit": 2, "offset": 1}, "cb"),
        ({"offset": 3}, "a"),
    ],
)
def test_choosing(choice: dict[str, Any], chosen: str, index: Index, several: dict[str, str]) -> None:
    assert ids(index, **choice) == [several[letter] for letter in chosen]


def test_finding(index: Index, several: dict[str, str]) -> None:
    assert index.find(several["a"]).id == several["a"]
    assert index.find("two-1").id == several["c"]
    assert index.find("Größter Lauf").id == several["b"]
    with pytest.raises(RunNotFoundError) as caught:
        index.find("nothing")
    assert caught.value.candidates == ()


def test_finding_an_ambiguous_display_name(index: Index, new_run: Callable[..., RunLayout]) -> None:
    best = [new_run(display_name="best").run_id for _ in range(2)]
    with pytest.raises(RunNotFoundError) as caught:
        index.find("best")
    assert sorted(caught.value.candidates) == sorted(best)
    named = new_run(display_name="digits-1")
    assert index.find("digits-1").id == best[0]
    assert index.find(named.run_id).id == named.run_id


def test_a_damaged_run_folder_hides_no_other(index: Index, new_run: Callable[..., RunLayout]) -> None:
    good, bad = new_run(), new_run()
    bad.record.write_text("{")
    with pytest.warns(RuntimeWarning, match=rf"{bad.run_id} can't be read"):
        assert ids(index) == [good.run_id]


# The file itself (D6)


def test_deleted_it_comes_back_the_same(
    index: Index, several: dict[str, str], workspace_layout: WorkspaceLayout
) -> None:
    before = [row.to_json() for row in index.runs()]
    workspace_layout.index.unlink()
    assert [row.to_json() for row in index.runs()] == before
    assert len(before) == len(several)


def damage(path: Path, how: str) -> None:
    if how == "garbage":
        path.write_bytes(os.urandom(20_000))
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "malformed":
        data = bytearray(path.read_bytes())
        data[4096:] = b"\xff" * (len(data) - 4096)  # pages lost, header whole
        path.write_bytes(data)
    else:
        with sqlite3.connect(path) as base:
            base.execute("PRAGMA user_version = 0")
        base.close()


@pytest.mark.parametrize("how", ["garbage", "empty", "malformed", "older"])
def test_damaged_it_is_set_aside_with_one_warning(
    how: str, index: Index, several: dict[str, str], workspace_layout: WorkspaceLayout
) -> None:
    before = [row.to_json() for row in index.runs()]
    files = {path: path.read_bytes() for path in workspace_layout.runs.rglob("*") if path.is_file()}
    damage(workspace_layout.index, how)
    with pytest.warns(
        RuntimeWarning, match=r"index\.db was damaged .*kept as index\.db\.bad-\d+ and made again"
    ) as caught:
        after = [row.to_json() for row in index.runs()]
    assert len(caught) == 1
    assert after == before
    assert len(list(workspace_layout.folder.glob("index.db.bad-*"))) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(index.runs()) == len(several)
    assert {path: path.read_bytes() for path in files} == files


def test_a_newer_one_is_not_touched(index: Index, several: dict[str, str], workspace_layout: WorkspaceLayout) -> None:
    index.refresh()
    with sqlite3.connect(workspace_layout.index) as base:
        base.execute("PRAGMA user_version = 99")
    base.close()
    before = workspace_layout.index.read_bytes()
    with pytest.raises(IndexTooNewError, match="has version 99, this cellrun knows 1: update cellrun here") as caught:
        index.runs()
    assert (caught.value.found, caught.value.known) == (99, 1)
    assert workspace_layout.index.read_bytes() == before


def test_a_place_where_no_index_can_be(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceException, match="can't be used: unable to open database file"):
        Index(WorkspaceLayout(tmp_path / "none")).runs()


def test_several_processes_look_at_once(several: dict[str, str], workspace_layout: WorkspaceLayout) -> None:
    program = """
import sys
from cellrun.core.store.index import Index
from cellrun.core.store.layout import WorkspaceLayout
index = Index(WorkspaceLayout(sys.argv[1]))
print(*{len(index.runs()) for _ in range(20)})
"""
    command = [sys.executable, "-W", "error", "-c", program, str(workspace_layout.folder)]
    lookers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [looker.communicate(timeout=60)[0] for looker in lookers] == [f"{len(several)}\n"] * 4
    assert sorted(os.listdir(workspace_layout.folder)) == ["changes", "experiments", "index.db", "runs"]
