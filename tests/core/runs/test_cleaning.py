from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cellrun.core import Dataset, Experiment, Workspace
from cellrun.core.context.loaded_copies import new_copy
from cellrun.core.context.manifest import Context, Group
from cellrun.core.context.value_store import ValueStore
from cellrun.core.errors import UserErrorException, WorkspaceException
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.places import cache_of
from cellrun.core.runs import cleaning
from cellrun.core.store import changes, run_store
from cellrun.core.store.changes import using_values
from cellrun.core.store.events.column_cache import ColumnCache
from cellrun.core.store.lists.index import Index
from cellrun.core.store.lists.index_file import INDEX
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore
from cellrun.core.store.status import Status, StatusFile

LEFT = """
import sys, time
from cellrun.core.context.value_store import ValueStore
from cellrun.core.context import value_store
from cellrun.core.context.loaded_copies import new_copy
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore

def stuck(data, blob, path):
    path.write_bytes(data)
    print("writing", flush=True)
    time.sleep(600)

def fill(draft):
    (new_copy(draft) / "module.py").write_bytes(bytes(300_000))
    ValueStore(draft.workspace.values).put(bytes(400_000))
    value_store._write = stuck
    ValueStore(draft.workspace.values).put(bytes(500_000))

RunStore(WorkspaceLayout(sys.argv[1])).create(RunRecord(experiment="digits", kind="cell"), fill)
"""
KINDS = {
    "runs that were never whole": 1,
    "remains of deleted runs": 1,
    "values that were never whole": 1,
    "values that no run has": 1,
    "damaged lists": 1,
    "metrics kept of runs that are gone": 1,
    "files that were never whole": 2,
    "copies for %load_run of kernels that are gone": 1,
}


@pytest.fixture
def capture(ws: Workspace) -> Iterator[subprocess.Popen[str]]:
    """A process in the midst of a capture."""
    command = [sys.executable, "-c", LEFT, str(ws.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        yield process
        process.kill()


def used(draft: RunLayout) -> None:
    """Fill a run with a context that names a value."""
    blob = ValueStore(draft.workspace.values).put(b"used")
    Context(python="3.11", title="Cell In[1]", groups=(Group(("x",), blob),)).write(draft.context)


def files(*folders: Path) -> set[Path]:
    return {path for folder in folders for path in folder.rglob("*") if path.is_file()}


def litter(workspace: WorkspaceLayout) -> None:
    """Leave what deletions and readers leave that were killed."""
    cache = cache_of(workspace)
    (workspace.runs / ".deleted-0123" / "work").mkdir(parents=True)
    (workspace.runs / ".deleted-0123" / "work" / "model.pt").write_bytes(bytes(200_000))
    (cache / "index.db.bad-1").write_bytes(bytes(100_000))
    (cache / "columns").mkdir(exist_ok=True)
    (cache / "columns" / "digits_1_gone").write_bytes(bytes(100_000))
    for draft in (cache / ".index.db.1.0a", cache / "columns" / ".0a"):
        draft.write_bytes(b"x")


def age(*folders: Path) -> None:
    for folder in folders:
        for path in (folder, *folder.rglob("*")):
            os.utime(path, (0, 0))


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait for what is only known to be abandoned after a while."""
    monkeypatch.setattr(run_store, "_REMOVING_S", -1.0)
    monkeypatch.setattr(changes, "PATIENCE_S", 0.1)


@pytest.mark.usefixtures("at_once")
def test_what_was_left_goes_and_what_is_in_use_stays(ws: Workspace, capture: subprocess.Popen[str]) -> None:
    layout = RunStore(ws.layout).create(RunRecord("digits", "cell"), used)
    live = Experiment(ws, "digits").start_logging(snapshot_directory=None)
    live.log("loss", 0.5)
    copy = new_copy(layout)
    (copy / "module.py").touch()
    Index(ws.layout).refresh()
    ColumnCache(layout).path.parent.mkdir()
    ColumnCache(layout).path.write_bytes(b"kept")
    before, of_runs = files(ws.folder, cache_of(ws.layout)), files(layout.folder, live.layout.folder)

    busy = ws.clean()
    assert (busy.leftovers, busy.freed_bytes) == ((), 0)
    assert "a run is being submitted" in str(busy)
    assert before <= files(ws.folder, cache_of(ws.layout))

    capture.kill()
    capture.wait()
    litter(ws.layout)
    age(ws.layout.values, ws.layout.runs / ".deleted-0123", cache_of(ws.layout))
    told = ws.clean(dry=True)
    assert {each.kind: each.count for each in told.leftovers} == KINDS
    assert 1_600_000 < told.freed_bytes == sum(each.size_bytes for each in told.leftovers) < 1_900_000
    assert before <= files(ws.folder, cache_of(ws.layout))

    done = ws.clean()
    assert (done.leftovers, done.freed_bytes, done.note) == (told.leftovers, told.freed_bytes, None)
    assert files(layout.folder, live.layout.folder) >= of_runs
    assert files(cache_of(ws.layout)) >= {ColumnCache(layout).path, cache_of(ws.layout) / INDEX, copy / "module.py"}
    assert sorted(run.id for run in Experiment(ws, "digits").get_runs()) == sorted([layout.run_id, live.id])
    live.log("loss", 0.25)
    live.complete()
    assert live.get_metrics() == {"loss": [0.5, 0.25]}
    (blob,) = Context.read(layout.context).blobs()
    assert bytes(ValueStore(ws.layout.values).open(blob)) == b"used"
    assert ws.clean(dry=True).leftovers == ()


@pytest.mark.usefixtures("at_once")
def test_what_was_written_since_is_left_alone(ws: Workspace) -> None:
    RunStore(ws.layout).create(RunRecord("digits", "script"), lambda _: None)
    bad = cache_of(ws.layout) / "index.db.bad-1"
    bad.write_bytes(bytes(5000))
    for older_than in (1, 0.5, timedelta(hours=1)):
        assert ws.clean(older_than).leftovers == ()
    os.utime(bad, (0, 0))
    assert [each.kind for each in ws.clean(timedelta(days=1), dry=True).leftovers] == ["damaged lists"]
    assert [each.count for each in ws.clean(7).leftovers] == [1]
    assert not bad.exists()


@pytest.mark.parametrize("older_than", [-1, timedelta(-1), "7 days", True, float("nan"), float("inf")])
def test_an_age_that_is_none_is_refused(older_than: Any, ws: Workspace) -> None:
    with pytest.raises(UserErrorException, match=r"older_than is a number of days or a datetime\.timedelta.*got"):
        ws.clean(older_than)


def test_while_a_run_is_being_made_values_stay(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "PATIENCE_S", 0.1)
    RunStore(ws.layout).create(RunRecord("digits", "cell"), used)
    blob = ValueStore(ws.layout.values).put(b"of nobody yet")
    age(ws.layout.values)
    with using_values(ws.layout):
        assert ws.clean().note == cleaning._BUSY
    assert ValueStore(ws.layout.values).path(blob).exists()
    assert ws.clean().note is None
    assert not ValueStore(ws.layout.values).path(blob).exists()


def test_a_workspace_without_runs_has_nothing_to_clean(ws: Workspace) -> None:
    assert str(ws.clean()) == "freed 0 bytes"
    assert ws.clean()._repr_html_() == "<p>freed 0 bytes</p>"


def test_a_workspace_that_others_can_write_to_is_refused(ws: Workspace, new_run: Callable[..., RunLayout]) -> None:
    new_run()
    ws.layout.runs.chmod(0o777)
    assert ws.clean(dry=True).leftovers == ()
    with pytest.raises(WorkspaceException, match="chmod go-w"):
        ws.clean()


def test_in_print(ws: Workspace, new_run: Callable[..., RunLayout]) -> None:
    new_run()
    (cache_of(ws.layout) / "index.db.bad-1").write_bytes(bytes(1 << 20))
    told = ws.clean(dry=True)
    assert str(told) == "would free 1.0 MB\ndamaged lists: 1, 1.0 MB"
    assert "<td>damaged lists</td><td>1</td><td>1.0 MB</td>" in told._repr_html_()
    assert json.loads(json.dumps(told.to_json()))["leftovers"][0]["count"] == 1
    assert str(ws.clean()).startswith("freed 1.0 MB")


def test_drafts_that_killed_processes_left_in_runs_that_have_ended_go(ws: Workspace) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    ended, live = (Experiment(ws, "digits").start_logging(snapshot_directory=None) for _ in range(2))
    drafts = [".process.json.0a1b2c3d", "..launch.json.0a1b2c3d.4e5f6071", f".environment.json.{gone.pid}"]
    kept = [".environment.json.1", ".mine.json.0a1b2c3d", "notes.jsonl"]
    ended.complete()
    for run in (ended, live):  # of one that ended before they were swept, or that is written to by another cellrun
        for name in (*drafts, *kept):
            (run.layout.folder / name).touch()
    (leftovers,) = ws.clean().leftovers
    assert (leftovers.kind, leftovers.count) == ("drafts in runs that have ended", 3)
    assert not [name for name in drafts if (ended.layout.folder / name).exists()]
    assert [name for name in kept if not (ended.layout.folder / name).exists()] == []
    assert [name for name in drafts if not (live.layout.folder / name).exists()] == []


def is_there_after(copied: Workspace, made: RunLayout) -> bool:
    """Delete a run; return whether it is there all the same."""
    copied.delete_runs([made.run_id])
    return made.folder.exists()


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("link", ["values", "runs", "both"])
def test_nothing_is_removed_where_the_links_of_a_workspace_lead(ws: Workspace, tmp_path: Path, link: str) -> None:
    """As in one that somebody else made, and that was copied: they may lead to another workspace, or anywhere."""
    layout = RunStore(ws.layout).create(RunRecord("digits", "cell"), used)
    litter(ws.layout)
    (ws.layout.runs / ".new-draft").mkdir()
    (ws.layout.values / ".new-draft").touch()
    age(ws.layout.values, ws.layout.runs / ".deleted-0123", ws.layout.runs / ".new-draft")
    before = sorted(ws.folder.rglob("*"))
    copied = Workspace.create("copied", tmp_path / "copied")
    links = ("values", "runs") if link == "both" else (link,)
    for name in links:
        (copied.folder / name).symlink_to(ws.folder / name)
    copied.layout.values.mkdir(exist_ok=True)
    for cleaned in (copied.clean(dry=True), copied.clean()):
        assert not cleaned.leftovers
        assert "a link stands in the place of their folder" in str(cleaned)
    RunStore(copied.layout).ids()
    made = RunStore(copied.layout).create(RunRecord("digits", "cell"), used) if link == "values" else None
    if made:
        StatusFile(made).change(Status.COMPLETED)
        assert not is_there_after(copied, made)
    assert sorted(ws.folder.rglob("*")) == before
    assert Context.read(layout.context).groups


def test_what_a_killed_process_left_of_datasets_that_it_unregistered_goes(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ws.get_default_datastore()
    store.filesystem().pipe_file("a.txt", b"a")
    kept = Dataset.File.from_files((store, "a.txt")).register(ws, "kept")
    program = """
import os, sys
from cellrun.core import Dataset, Workspace
from cellrun.core.data.datasets import registered_datasets
from cellrun.core.layout import WorkspaceLayout
registered_datasets.remove_tree = lambda _: os.kill(os.getpid(), 9)
Dataset.get_by_name(Workspace.opened(WorkspaceLayout(sys.argv[1])), "gone").unregister_all_versions()
"""
    Dataset.File.from_files((store, "a.txt")).register(ws, "gone")
    killed = subprocess.run([sys.executable, "-c", program, ws.folder], check=False)
    assert killed.returncode == -9
    assert len(os.listdir(ws.layout.datasets)) == 2
    assert not ws.clean().leftovers  # it may be going on
    monkeypatch.setattr(run_store, "_REMOVING_S", -1.0)
    copied = Workspace.create("copied", tmp_path / "copied")
    (copied.folder / "datasets").symlink_to(ws.layout.datasets)
    assert not copied.clean().leftovers
    assert [(each.kind, each.count) for each in ws.clean().leftovers] == [("remains of unregistered datasets", 1)]
    assert os.listdir(ws.layout.datasets) == ["kept"]
    assert Dataset.get_by_name(ws, "kept").id == kept.id


@pytest.mark.usefixtures("at_once")
def test_no_value_is_freed_where_a_link_among_them_leads(ws: Workspace, tmp_path: Path) -> None:
    RunStore(ws.layout).create(RunRecord("digits", "cell"), used)
    copied = Workspace.create("copied", tmp_path / "copied")
    copied.layout.values.mkdir()
    (kept,) = [path for path in files(ws.layout.values) if path.name[0] != "."]
    (copied.layout.values / kept.parent.name).symlink_to(kept.parent)
    made = RunStore(copied.layout).create(RunRecord("digits", "cell"), used)
    StatusFile(made).change(Status.COMPLETED)
    assert not is_there_after(copied, made)
    assert kept.exists()
