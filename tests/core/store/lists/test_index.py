from __future__ import annotations

import errno
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3

from cellrun.core.errors import IndexTooNewError, RunNotFoundError, WorkspaceException
from cellrun.core.identity import ProcessIdentity
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.places import cache_of
from cellrun.core.store.changes import note_change
from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.lists import index_file, index_memory, index_refresh
from cellrun.core.store.lists.index import Index
from cellrun.core.store.lists.index_file import INDEX, IndexFile
from cellrun.core.store.lists.index_memory import IndexMemory
from cellrun.core.store.lists.index_refresh import IndexRefresh
from cellrun.core.store.lists.throttle import CostThrottle
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore
from cellrun.core.store.status import Status, StatusFile, StatusRecord


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


CELL = {"source": "print('größe')", "id": "c1", "notebook": "/n/x.ipynb", "execution_count": 3, "title": "Cell In[3]"}


@pytest.fixture
def several(new_run: Callable[..., RunLayout]) -> dict[str, str]:
    """Runs of two experiments, oldest first: what to call them and their ids."""
    runs = {
        "a": new_run("one", tags={"team": "red", "best": None}),
        "b": new_run("one", tags={"team": "blue"}, display_name="Größter Lauf"),
        "c": new_run("two", tags={"team": "red"}, parameters={"lr": "0.001"}, cell=CELL),
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
        ({"notebook": "/n/x.ipynb"}, "c"),
        ({"notebook": "/n/x.ipynb", "status": ["Completed"]}, ""),
        ({"notebook": "/n/y.ipynb"}, ""),
        ({"limit": 2}, "dc"),
        ({"limit": 2, "offset": 1}, "cb"),
        ({"offset": 3}, "a"),
    ],
)
def test_choosing(choice: dict[str, Any], chosen: str, index: Index, several: dict[str, str]) -> None:
    wanted = [several[letter] for letter in chosen]
    assert ids(index, **choice) == wanted
    page = index.page(**choice)
    assert ([row.id for row in page.rows], page.is_complete) == (wanted, True)
    everywhere = {key: value for key, value in choice.items() if key not in {"limit", "offset"}}
    assert page.total == len(ids(index, **everywhere))


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
    damaged = index.find(bad.run_id)
    assert (damaged.status, damaged.experiment) == (Status.DAMAGED, "digits")
    assert damaged.reason is not None
    assert damaged.reason.startswith("run.json is no JSON")
    assert index.find(good.run_id).status is Status.NOT_STARTED


def test_the_cell_of_a_run(index: Index, new_run: Callable[..., RunLayout]) -> None:
    new_run(cell=CELL)
    new_run(cell={"source": "x"})
    new_run(cell={"id": "c2"})
    no_source, bare, whole = index.runs()
    assert no_source.cell is None
    assert bare.cell == (None, None, blake3(b"x").hexdigest()[:32])
    assert whole.cell == ("/n/x.ipynb", "c1", blake3(CELL["source"].encode()).hexdigest()[:32])


def test_of_very_many_metrics_the_first_are_listed(index: Index, new_run: Callable[..., RunLayout]) -> None:
    layout = new_run()
    log = EventLog(layout)
    for number in range(250):
        log.log(f"m{number}", number)
    log.close()
    (row,) = index.runs()
    assert list(row.metrics) == [f"m{number}" for number in range(200)]


def test_a_folder_that_cannot_be_listed_is_told(
    index: Index, several: dict[str, str], workspace_layout: WorkspaceLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.refresh()

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(RunStore, "ids", refuse)
    os.utime(workspace_layout.runs, (1, 1))
    with pytest.raises(WorkspaceException, match="runs can't be listed: Permission denied"):
        index.runs()


def test_experiments_and_counts(index: Index, several: dict[str, str], workspace_layout: WorkspaceLayout) -> None:
    workspace_layout.experiment("empty").mkdir()
    assert [tuple(each)[:3] for each in index.experiments()] == [("empty", 0, 0), ("one", 2, 0), ("two", 2, 2)]
    assert index.experiments()[0].latest_at is None
    assert index.experiments()[1].latest_at == index.find(several["b"]).created_at
    assert index.counts() == {Status.COMPLETED: 1, Status.FAILED: 1, Status.NOT_STARTED: 2}
    assert index.counts("one") == {Status.COMPLETED: 1, Status.FAILED: 1}
    StatusFile(workspace_layout.run(several["c"])).change(Status.CANCELED)
    shutil.rmtree(workspace_layout.run(several["a"]).folder)
    assert index.counts() == {Status.FAILED: 1, Status.CANCELED: 1, Status.NOT_STARTED: 1}
    assert index.counts("none") == {}


# What changed


def test_what_changed_since(index: Index, new_run: Callable[..., RunLayout]) -> None:
    start = index.changed()
    assert (start.reset, start.rows, start.gone) == (True, [], [])
    assert index.changed(start.point) == start._replace(reset=False)
    first, second = new_run(), new_run()
    news = index.changed(start.point)
    assert ({row.id for row in news.rows}, news.gone, news.reset) == ({first.run_id, second.run_id}, [], False)
    assert index.changed(news.point).rows == []
    write(first, 0.5)
    later = index.changed(news.point)
    assert [(row.id, row.metrics["loss"].last) for row in later.rows] == [(first.run_id, {"loss": 0.5})]
    assert {row.id for row in index.changed(start.point).rows} == {first.run_id, second.run_id}
    shutil.rmtree(second.folder)
    assert index.changed(later.point).gone == [second.run_id]
    assert [row.id for row in index.changed(start.point).rows] == [first.run_id]
    new_run(id=second.run_id)
    assert [row.id for row in index.changed(later.point).rows] == [second.run_id]
    assert index.changed(later.point).gone == []


def test_a_look_that_finds_nothing_different_is_no_news(index: Index, new_run: Callable[..., RunLayout]) -> None:
    layout = new_run()
    point = index.changed().point
    note_change(layout)
    os.utime(layout.statuses)
    assert index.changed(point) == ([], [], point, False)


def test_a_run_that_ends_while_it_is_read_stays_in_the_list(
    index: Index, new_run: Callable[..., RunLayout], monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = new_run()
    StatusFile(layout).change(Status.RUNNING)
    true_status, looks = index_refresh.checked_status, []

    def ending(run: RunLayout) -> StatusRecord:
        looks.append(run)
        if len(looks) == 2:  # between the two looks of one reading
            StatusFile(run).change(Status.COMPLETED)
        return true_status(run)

    monkeypatch.setattr(index_refresh, "checked_status", ending)
    for _ in range(3):
        assert [row.status for row in index.runs()] == [Status.COMPLETED]
    assert len(looks) == 3


def test_points_outlive_the_process_but_not_the_index(
    index: Index, new_run: Callable[..., RunLayout], workspace_layout: WorkspaceLayout
) -> None:
    point = index.changed().point
    new_run()
    assert len(Index(workspace_layout).changed(point).rows) == 1
    (cache_of(workspace_layout) / INDEX).unlink()
    news = index.changed(point)
    assert (news.reset, news.rows) == (True, [])
    assert news.point.epoch != point.epoch


def test_too_many_changes_are_a_reset(index: Index, new_run: Callable[..., RunLayout]) -> None:
    point = index.changed().point
    for _ in range(3):
        new_run()
    assert len(index.changed(point, most=3).rows) == 3
    news = index.changed(point, most=2)
    assert (news.reset, news.rows) == (True, [])


# Many runs


def test_a_first_page_while_the_index_is_being_made(
    index: Index, new_run: Callable[..., RunLayout], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [new_run(id=f"digits_{1_700_000_000 + number}_0000000{number}") for number in range(9)]
    monkeypatch.setattr(index_refresh, "_BATCH", 2)
    monkeypatch.setattr(index_refresh, "_LARGEST_BATCH", 4)
    for number in (1, 2):  # the newest first, a batch at least
        page = index.page(within_s=0)
        assert not page.is_complete
        assert [row.id for row in page.rows] == [layout.run_id for layout in made[: -1 - 2 * number : -1]]
        assert page.total == 2 * number
    assert len(index.runs()) == 9
    assert index.page(within_s=0).is_complete


def test_nothing_is_listed_or_read_when_nothing_changed(
    index: Index, several: dict[str, str], workspace_layout: WorkspaceLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.utime(workspace_layout.runs, (1, 1))
    index.refresh()

    def refuse(*_: object) -> None:
        raise AssertionError("nothing changed")

    monkeypatch.setattr(RunStore, "ids", refuse)
    monkeypatch.setattr(IndexRefresh, "_read", refuse)
    assert index.page().total == len(several)
    assert index.changed(index.changed().point).rows == []


def test_a_new_run_is_listed_though_the_folder_is_too_large_to_look_at_often(
    index: Index, several: dict[str, str], new_run: Callable[..., RunLayout], monkeypatch: pytest.MonkeyPatch
) -> None:
    index.refresh()
    monkeypatch.setattr(CostThrottle, "is_due", False)
    layout = new_run()
    assert ids(index)[0] == layout.run_id
    StatusFile(layout).change(Status.RUNNING, owner=ProcessIdentity.current().to_json())
    assert index.find(layout.run_id).status is Status.RUNNING


def test_many_threads_ask_at_once(several: dict[str, str], workspace_layout: WorkspaceLayout) -> None:
    index = Index(workspace_layout)
    found: list[int] = []

    def ask() -> None:
        for _ in range(20):
            found.append(index.page(within_s=5).total)
            assert {each.name for each in index.experiments()} == {"one", "two"}

    askers = [threading.Thread(target=ask) for _ in range(6)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert found == [len(several)] * 120


# Whose runs they are (F12)


@pytest.mark.parametrize("mode", [0o777, 0o702])
def test_runs_that_others_can_write_to_are_looked_at_and_get_no_more(
    mode: int,
    index: Index,
    several: dict[str, str],
    new_run: Callable[..., RunLayout],
    workspace_layout: WorkspaceLayout,
) -> None:
    workspace_layout.runs.chmod(mode)
    assert len(index.runs()) == len(several)
    text = rf"{workspace_layout.runs} can be written to by every user \(mode {mode:o}\); run: chmod go-w"
    with pytest.raises(WorkspaceException, match=text):
        new_run()
    workspace_layout.runs.chmod(0o755)
    new_run()


def test_a_workspace_that_others_can_write_to_is_looked_at_and_left_as_it_is(
    index: Index, new_run: Callable[..., RunLayout], workspace_layout: WorkspaceLayout
) -> None:
    abandoned = new_run()
    gone = ProcessIdentity.current()._replace(started=1)
    StatusFile(abandoned).change(Status.RUNNING, owner=gone.to_json())
    draft = workspace_layout.run(".new-draft")
    draft.folder.mkdir()
    os.utime(draft.folder, (0, 0))
    before = sorted(workspace_layout.folder.rglob("*"))
    workspace_layout.folder.chmod(0o777)
    assert [row.status for row in index.runs()] == ["Failed"]
    assert sorted(workspace_layout.folder.rglob("*")) == before
    workspace_layout.folder.chmod(0o755)
    Index(workspace_layout).runs()
    assert not draft.folder.exists()


def test_a_run_that_could_not_be_read_for_a_moment_is_read_again(
    index: Index, new_run: Callable[..., RunLayout], monkeypatch: pytest.MonkeyPatch
) -> None:
    StatusFile(new_run()).change(Status.COMPLETED)

    def refuse(*_: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    with monkeypatch.context() as moment:
        moment.setattr(RunRecord, "read", refuse)
        assert [(row.status, row.reason) for row in index.runs()] == [(Status.DAMAGED, "Too many open files")]
    assert [row.status for row in index.runs()] == [Status.COMPLETED]


def test_an_index_with_something_added_is_not_asked(
    index: Index, several: dict[str, str], workspace_layout: WorkspaceLayout
) -> None:
    index.refresh()
    with closing(sqlite3.connect(cache_of(workspace_layout) / INDEX)) as base:
        base.executescript("CREATE TRIGGER own AFTER UPDATE ON progress BEGIN DELETE FROM run; END;")
    with pytest.warns(RuntimeWarning, match="its tables aren't ours"):
        assert len(index.runs()) == len(several)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="sqlite3 sets no limits before Python 3.11")
def test_a_text_that_is_longer_than_ours_is_not_read(
    index: Index, several: dict[str, str], workspace_layout: WorkspaceLayout
) -> None:
    index.refresh()
    with closing(sqlite3.connect(cache_of(workspace_layout) / INDEX)) as base:
        base.execute("UPDATE shown SET row = hex(zeroblob(40000000)) WHERE number_here = 1")
        base.commit()
    with pytest.warns(RuntimeWarning, match="too big"):
        assert len(index.runs()) == len(several)


def test_what_is_made_is_the_users_own(several: dict[str, str], workspace_layout: WorkspaceLayout) -> None:
    before = os.umask(0)
    try:
        RunStore(workspace_layout).create(RunRecord(experiment="new", kind="cell"), lambda _: None)
    finally:
        os.umask(before)
    for path in (workspace_layout.runs, workspace_layout.experiments, *workspace_layout.runs.iterdir()):
        assert path.stat().st_mode & 0o777 == 0o700
    assert workspace_layout.changes.stat().st_mode & 0o777 == 0o600


# The file itself (D6)


def test_deleted_it_comes_back_the_same(
    index: Index, several: dict[str, str], workspace_layout: WorkspaceLayout
) -> None:
    before = [row.to_json() for row in index.runs()]
    (cache_of(workspace_layout) / INDEX).unlink()
    assert [row.to_json() for row in index.runs()] == before
    assert len(before) == len(several)


def damage(path: Path, how: str) -> None:
    if how == "garbage":
        path.write_bytes(os.urandom(20_000))
    elif how == "empty":
        path.write_bytes(b"")
    else:
        data = bytearray(path.read_bytes())
        data[4096:] = b"\xff" * (len(data) - 4096)  # pages lost, header whole
        path.write_bytes(data)


@pytest.mark.parametrize("how", ["garbage", "empty", "malformed"])
def test_damaged_it_is_set_aside_with_one_warning(
    how: str, index: Index, several: dict[str, str], workspace_layout: WorkspaceLayout
) -> None:
    before = [row.to_json() for row in index.runs()]
    files = {path: path.read_bytes() for path in workspace_layout.runs.rglob("*") if path.is_file()}
    damage(cache_of(workspace_layout) / INDEX, how)
    with pytest.warns(
        RuntimeWarning, match=r"index\.db was damaged .*kept as index\.db\.bad-\d+ and made again"
    ) as caught:
        after = [row.to_json() for row in index.runs()]
    assert len(caught) == 1
    assert after == before
    assert len(list(cache_of(workspace_layout).glob("index.db.bad-*"))) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(index.runs()) == len(several)
    assert {path: path.read_bytes() for path in files} == files


def test_one_of_an_older_cellrun_is_made_again_without_a_word(
    index: Index, several: dict[str, str], workspace_layout: WorkspaceLayout
) -> None:
    with sqlite3.connect(cache_of(workspace_layout) / INDEX) as base:  # as the first cellrun made it
        base.executescript("CREATE TABLE run (id TEXT PRIMARY KEY, row TEXT); PRAGMA user_version = 1;")
    base.close()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(index.runs()) == len(several)
    assert not list(cache_of(workspace_layout).glob("index.db.bad-*"))


def test_its_journal_is_none_that_a_network_file_system_breaks(
    index: Index, several: dict[str, str], workspace_layout: WorkspaceLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    assert len(index.runs()) == len(several)
    with sqlite3.connect(cache_of(workspace_layout) / INDEX) as base:
        assert base.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    base.close()
    assert sorted(path.name for path in cache_of(workspace_layout).glob("*index*")) == ["index.db"]


def test_a_newer_one_is_not_touched(index: Index, several: dict[str, str], workspace_layout: WorkspaceLayout) -> None:
    index.refresh()
    with sqlite3.connect(cache_of(workspace_layout) / INDEX) as base:
        base.executescript("CREATE TABLE newer (id TEXT); PRAGMA user_version = 99;")
    base.close()
    before = (cache_of(workspace_layout) / INDEX).read_bytes()
    with pytest.raises(IndexTooNewError, match="has version 99, this cellrun knows 4: update cellrun here") as caught:
        index.runs()
    assert (caught.value.found, caught.value.known) == (99, 4)
    assert (cache_of(workspace_layout) / INDEX).read_bytes() == before


@pytest.mark.parametrize("flips", [1, 5, 50])
def test_whatever_byte_of_it_is_damaged_the_list_is_whole(
    flips: int, several: dict[str, str], workspace_layout: WorkspaceLayout
) -> None:
    index = Index(workspace_layout)
    before = [row.to_json() for row in index.runs()]
    path = cache_of(workspace_layout) / INDEX
    whole = path.read_bytes()
    chance = random.Random(flips)  # the same bytes each time
    noticed = 0
    for _ in range(25):
        data = bytearray(whole)
        for _ in range(flips):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(data)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert [row.to_json() for row in Index(workspace_layout).runs()] == before
            assert [row.to_json() for row in Index(workspace_layout).runs()] == before
        assert len(caught) <= 1
        noticed += len(caught)
    assert noticed > (0 if flips == 1 else 2)


@pytest.mark.parametrize(
    ("at", "value"),
    [
        pytest.param(19, 2, id="asks for a journal of another kind"),
        pytest.param(18, 9, id="can be read only"),
        pytest.param(63, 77, id="of a newer cellrun"),
        pytest.param(59, 3, id="texts in another encoding"),
    ],
)
def test_a_head_that_says_what_is_not_so(
    at: int, value: int, several: dict[str, str], workspace_layout: WorkspaceLayout
) -> None:
    before = ids(Index(workspace_layout))
    path = cache_of(workspace_layout) / INDEX
    data = bytearray(path.read_bytes())
    data[at] = value
    path.write_bytes(data)
    StatusFile(workspace_layout.run(several["c"])).change(Status.FAILED)  # now there is something to write
    with pytest.warns(RuntimeWarning, match=r"index\.db was damaged"):
        assert ids(Index(workspace_layout)) == before
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ids(Index(workspace_layout)) == before
    assert sorted(path.name[:12] for path in path.parent.iterdir()) == ["index.db", "index.db.bad"]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE shown SET row = replace(row, 'digits', 'dagits')",
        "UPDATE shown SET row = CAST(x'ff' || row AS TEXT)",
        "UPDATE run SET seen = '[', is_live = 1",
        "UPDATE progress SET changes = NULL",
        "DELETE FROM progress",
    ],
)
def test_a_row_that_can_not_be_is_damage(sql: str, new_run: Callable[..., RunLayout]) -> None:
    workspace_layout = new_run().workspace
    StatusFile(new_run()).change(Status.COMPLETED)
    before = [row.to_json() for row in Index(workspace_layout).runs()]
    with closing(sqlite3.connect(cache_of(workspace_layout) / INDEX)) as base, base:
        base.execute(sql)
    with pytest.warns(RuntimeWarning, match=r"index\.db was damaged"):
        assert [row.to_json() for row in Index(workspace_layout).runs()] == before


def test_a_choice_that_can_not_be_is_no_damage(several: dict[str, str], workspace_layout: WorkspaceLayout) -> None:
    index = Index(workspace_layout)
    assert len(ids(index)) == len(several)
    with pytest.raises(AttributeError):
        index.runs(text=5)  # type: ignore[arg-type]  # as a program may
    assert not list(cache_of(workspace_layout).glob("index.db.bad-*"))


def in_memory(workspace_layout: WorkspaceLayout) -> bool:
    return not (cache_of(workspace_layout) / INDEX).exists()


def test_behind_a_path_that_is_too_long_for_sqlite_it_is_in_memory(
    tmp_path: Path, new_run: Callable[..., RunLayout], monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace_layout = new_run().workspace
    long = tmp_path
    while len(str(long)) < 3_600:
        long /= "d" * 200
    monkeypatch.setenv("CELLRUN_HOME", str(long))
    first = ids(Index(workspace_layout))
    assert len(first) == 1
    assert in_memory(workspace_layout)
    point = Index(workspace_layout).changed().point
    second = new_run()
    assert ids(Index(workspace_layout)) == [second.run_id, *first]
    news = Index(workspace_layout).changed(point)
    assert ([row.id for row in news.rows], news.reset) == ([second.run_id], False)


def test_where_there_is_no_place_for_it_it_is_in_memory(
    several: dict[str, str], workspace_layout: WorkspaceLayout, home: Path
) -> None:
    (home / "cache").write_text("no folder")
    assert len(ids(Index(workspace_layout))) == len(several)
    StatusFile(workspace_layout.run(several["c"])).change(Status.FAILED, reason="x")
    assert ids(Index(workspace_layout), status=["Failed"]) == [several["c"], several["b"]]


@pytest.mark.parametrize("why", ["database or disk is full", "disk I/O error", "attempt to write a readonly database"])
def test_while_nothing_can_be_written_a_copy_of_it_in_memory_goes_on(
    why: str, several: dict[str, str], workspace_layout: WorkspaceLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of a full and of a read-only disk: SQLite refuses to write, and so does the disk."""
    index = Index(workspace_layout)
    before, point = ids(index), index.changed().point
    path = cache_of(workspace_layout) / INDEX
    data = path.read_bytes()
    real = IndexRefresh.refresh

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def refresh(self: IndexRefresh, base: sqlite3.Connection, within_s: float | None = None) -> bool:
        if base.execute("PRAGMA database_list").fetchone()[2]:
            raise sqlite3.OperationalError(why)
        return real(self, base, within_s)

    with monkeypatch.context() as refusing:
        refusing.setattr(IndexRefresh, "refresh", refresh)
        refusing.setattr(IndexFile, "_draft", refuse)
        StatusFile(workspace_layout.run(several["c"])).change(Status.FAILED, reason="x")
        assert ids(index) == before
        assert ids(index, status=["Failed"]) == [several["c"], several["b"]]
        assert index.changed(point).reset  # its numbers are its own
        assert path.read_bytes() == data
    monkeypatch.setattr(index_memory, "_TRY_AGAIN_S", 0.0)
    IndexMemory.of(workspace_layout.folder).take_over()  # that moment is over
    assert ids(index, status=["Failed"]) == [several["c"], several["b"]]
    assert path.read_bytes() != data


LOOK_ON_A_DISK = """
import os, subprocess, sys
from cellrun.core import Experiment, Workspace
from cellrun.core.store.lists.index import Index

LOOK = "from cellrun.core import *; runs = Experiment(Workspace.from_config(), 'digits').get_runs(); "
LOOK += "print(*[run.number for run in runs])"

def look():
    done = subprocess.run([sys.executable, "-W", "error", "-c", LOOK], capture_output=True, text=True)
    print(done.stdout.strip() or done.stderr)

def remount(how):
    subprocess.run(["mount", "-o", f"remount,{how}", os.environ["CELLRUN_HOME"]], check=True)

def make():
    Experiment(Workspace.from_config(), "digits").start_logging(snapshot_directory=None).complete()

make()
with open(os.path.join(os.environ["CELLRUN_HOME"], "fill"), "wb", buffering=0) as fill:
    for size in (1 << 16, 1):
        try:
            while fill.write(bytes(size)):
                pass
        except OSError as error:
            print(error.strerror)
look()
os.truncate(fill.name, 0)
look()
make()
remount("ro")
look()
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to mount a file system")
def test_on_a_full_and_on_a_read_only_disk_lists_are_whole(tmp_path: Path) -> None:
    """Rows C of the fault table: nothing can be written, and what is there is told."""
    (tmp_path / "disk").mkdir()
    mount = 'mount -t tmpfs -o size=8m,mode=700 none "$CELLRUN_HOME" && exec "$0" "$@"'
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", mount, sys.executable, "-c", LOOK_ON_A_DISK],
        env={**os.environ, "CELLRUN_HOME": str(tmp_path / "disk")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"mounting isn't allowed here: {done.stderr.strip()}")
    full = "No space left on device"
    assert (done.stdout.split("\n"), done.stderr) == ([full, full, "1", "1", "2 1", ""], "")


def test_a_lock_that_stays_keeps_nobody_from_looking(
    several: dict[str, str], workspace_layout: WorkspaceLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_file, "_BUSY_S", 0.05)
    index = Index(workspace_layout)
    before = ids(index)
    with closing(sqlite3.connect(cache_of(workspace_layout) / INDEX, isolation_level=None)) as held:
        held.execute("BEGIN EXCLUSIVE")
        StatusFile(workspace_layout.run(several["c"])).change(Status.FAILED, reason="x")
        assert ids(index) == before
        assert ids(index, status=["Failed"]) == [several["c"], several["b"]]
    assert not list(cache_of(workspace_layout).glob("index.db.bad-*"))


def test_several_processes_look_at_once(several: dict[str, str], workspace_layout: WorkspaceLayout) -> None:
    program = """
import sys
from cellrun.core.store.lists.index import Index
from cellrun.core.layout import WorkspaceLayout
index = Index(WorkspaceLayout(sys.argv[1]))
print(*{len(index.runs()) for _ in range(20)})
"""
    command = [sys.executable, "-W", "error", "-c", program, str(workspace_layout.folder)]
    lookers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [looker.communicate(timeout=60)[0] for looker in lookers] == [f"{len(several)}\n"] * 4
    assert sorted(os.listdir(workspace_layout.folder)) == ["changes", "experiments", "runs", "values"]


def test_what_is_noted_of_runs_that_never_were_is_not_looked_for(
    index: Index, new_run: Callable[..., RunLayout], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A workspace of somebody else's, that is looked at, may have a list of changes with millions of them."""
    layout, looked_for = new_run(), []
    assert ids(index) == [layout.run_id]
    read = IndexRefresh._read
    monkeypatch.setattr(IndexRefresh, "_read", lambda self, run_id: looked_for.append(run_id) or read(self, run_id))
    StatusFile(layout).change(Status.COMPLETED)
    with layout.workspace.changes.open("a") as changes:
        changes.writelines(f"{number}\n" for number in range(5000))
    assert [row.status for row in index.runs()] == [Status.COMPLETED]
    assert set(looked_for) == {layout.run_id}


def test_a_family_is_found_from_above(index: Index, new_run: Callable[..., RunLayout]) -> None:
    parent = new_run()
    child, other = (new_run(parent=parent.run_id).run_id for _ in range(2))
    grandchild = new_run(parent=child).run_id
    assert ids(index, parent=parent.run_id) == [other, child]
    assert ids(index, below=parent.run_id) == [grandchild, other, child]
    assert ids(index, include_children=False) == [parent.run_id]
    assert {row.id: row.children for row in index.runs()} == {parent.run_id: 2, child: 1, other: 0, grandchild: 0}
    page = index.page(include_children=False, limit=1)
    assert (page.total, [(row.id, row.parent) for row in page.rows]) == (1, [(parent.run_id, None)])
    assert index.find(child).parent == parent.run_id


def test_a_circle_of_parents_ends(index: Index, new_run: Callable[..., RunLayout]) -> None:
    first = new_run(id="digits_1_a", parent="digits_1_b")
    new_run(id="digits_1_b", parent=first.run_id)
    assert sorted(ids(index, below=first.run_id)) == ["digits_1_a", "digits_1_b"]


def test_a_child_without_its_parent_is_listed_beside_the_others(
    index: Index, new_run: Callable[..., RunLayout]
) -> None:
    orphan = new_run(parent="gone_1_a").run_id
    assert ids(index, include_children=False) == [orphan]


def test_a_parent_is_news_when_its_children_come_and_go(index: Index, new_run: Callable[..., RunLayout]) -> None:
    parent = new_run()
    point = index.changed().point
    child = new_run(parent=parent.run_id)
    news = index.changed(point)
    assert {row.id: row.children for row in news.rows} == {parent.run_id: 1, child.run_id: 0}
    shutil.rmtree(child.folder)
    note_change(child)
    news = index.changed(news.point)
    assert ([(row.id, row.children) for row in news.rows], news.gone) == ([(parent.run_id, 0)], [child.run_id])


def test_runs_are_chosen_by_type_target_and_properties(index: Index, new_run: Callable[..., RunLayout]) -> None:
    sweep = new_run(type="hyperdrive", target="local", properties={"best": "yes"}).run_id
    script = new_run(type="azureml.scriptrun", target="far", git={"head": "abc"}).run_id
    assert ids(index, type="hyperdrive") == ids(index, target="local") == [sweep]
    assert ids(index, properties=["best"]) == ids(index, properties={"best": "yes"}) == [sweep]
    assert ids(index, properties={"best": "no"}) == []
    assert ids(index, properties={"azureml.git.commit": "abc"}) == [script]
    assert index.page(type="hyperdrive", limit=1).total == 1
