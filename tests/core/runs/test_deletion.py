from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from cellrun.core import Experiment, Run, Workspace, places
from cellrun.core.context.manifest import Blob, Context, Group, State
from cellrun.core.context.used_values import free_orphans
from cellrun.core.context.value_store import ValueStore
from cellrun.core.errors import EventNotKeptError, RunNotFoundError, UserErrorException
from cellrun.core.identity import run_variables
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.mirror.run_key import new_key
from cellrun.core.mirror.run_token import new_token
from cellrun.core.places import WorkspaceRecord
from cellrun.core.processes import process_table
from cellrun.core.runs.deletion import delete_runs
from cellrun.core.store import changes
from cellrun.core.store.changes import using_values
from cellrun.core.store.events.column_cache import ColumnCache
from cellrun.core.store.lists.index import Index
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore
from cellrun.core.store.status import Status, StatusFile
from tests.damage import deepen


@pytest.fixture
def ended_run(new_run: Callable[..., RunLayout]) -> Callable[..., RunLayout]:
    """Make a run that has ended, with so many bytes of output."""

    def make(size_bytes: int = 0) -> RunLayout:
        layout = new_run()
        (layout.outputs / "model.pt").write_bytes(os.urandom(size_bytes))
        StatusFile(layout).change(Status.COMPLETED)
        return layout

    return make


@pytest.fixture
def give_values(workspace_layout: WorkspaceLayout) -> Callable[..., list[Blob]]:
    """Let a run refer to captured values of these contents."""

    def give(layout: RunLayout, *contents: bytes) -> list[Blob]:
        store = ValueStore(workspace_layout.values)
        blobs = [store.put(content) for content in contents]
        group = Group(("x",), blobs[0], tuple(blobs[1:]))
        Context(python="3.11", title="Cell In[1]", groups=(group,)).write(layout.context)
        return blobs

    return give


def kept(workspace: WorkspaceLayout, blobs: list[Blob]) -> list[bool]:
    return [ValueStore(workspace.values).path(blob).exists() for blob in blobs]


def test_what_came_back_and_state_go_with_their_run_alone(
    workspace_layout: WorkspaceLayout, ended_run: Callable[..., RunLayout]
) -> None:
    store = ValueStore(workspace_layout.values)
    blobs = [store.put(content) for content in (b"result of both", b"result of one", b"state of one")]
    one, other = ended_run(), ended_run()
    of_both, of_one = (Group(("x",), blob) for blob in blobs[:2])
    state = (State("random", "generator", blobs[2]),)
    Context(python="3.11", title="Cell In[1]", state=state).write(one.context)
    Context(python="3.11", title="Cell In[1]", groups=(of_both, of_one)).write(one.results)
    Context(python="3.11", title="Cell In[1]", groups=(of_both,)).write(other.results)
    delete_runs(workspace_layout, [one.run_id])
    assert kept(workspace_layout, blobs) == [True, False, False]
    delete_runs(workspace_layout, [other.run_id])
    assert kept(workspace_layout, blobs) == [False, False, False]


def test_a_run_whose_values_would_be_elsewhere_takes_none_with_it(
    workspace_layout: WorkspaceLayout, ended_run: Callable[..., RunLayout]
) -> None:
    layout, elsewhere = ended_run(), "../../precious"
    precious = (workspace_layout.values / elsewhere[:2] / elsewhere).resolve()
    precious.write_text("kept")
    blob = ValueStore(workspace_layout.values).put(b"value")
    Context(python="3.11", title="Cell In[1]", groups=(Group(("x",), blob),)).write(layout.results)
    path = layout.results / "context.json"
    path.write_text(path.read_text().replace(blob.hash, elsewhere))
    delete_runs(workspace_layout, [layout.run_id])
    assert precious.read_text() == "kept"


def test_dry_it_says_what_deleting_then_frees(
    workspace_layout: WorkspaceLayout, ended_run: Callable[..., RunLayout]
) -> None:
    runs = [ended_run(1_000_000), ended_run(2_000_000)]
    ids = [layout.run_id for layout in runs]
    told = delete_runs(workspace_layout, ids, dry=True)
    assert all(layout.record.exists() for layout in runs)
    assert [(run.id, run.name, run.refused) for run in told.runs] == [
        (ids[0], "digits-1", None),
        (ids[1], "digits-2", None),
    ]
    assert 1_000_000 < told.runs[0].size_bytes < 1_200_000
    assert told.freed_bytes == sum(run.size_bytes for run in told.runs)
    assert delete_runs(workspace_layout, ids) == told
    assert list(workspace_layout.runs.iterdir()) == []
    assert told.to_json()["runs"][0] == {
        "id": ids[0], "name": "digits-1", "size_bytes": told.runs[0].size_bytes, "refused": None
    }  # fmt: skip


def test_its_key_and_token_go_with_a_run(ended_run: Callable[..., RunLayout]) -> None:
    run = ended_run()
    new_key(run)
    new_token(run)
    delete_runs(run.workspace, [run.run_id])
    kept = [*(places.private_folder() / "run_keys").rglob("*"), *(places.runtime_folder() / "tokens").rglob("*")]
    assert [path for path in kept if path.name == run.run_id] == []


def test_lists_forget_them_and_their_numbers_stay_taken(
    workspace_layout: WorkspaceLayout, ended_run: Callable[..., RunLayout]
) -> None:
    first, second = ended_run(), ended_run()
    index = Index(workspace_layout)
    point = index.changed().point
    assert len(index.runs()) == 2
    ColumnCache(second).path.parent.mkdir(parents=True)
    ColumnCache(second).path.touch()
    delete_runs(workspace_layout, ["digits-2"])
    assert not ColumnCache(second).path.exists()
    assert [row.id for row in index.runs()] == [first.run_id]
    assert index.changed(point).gone == [second.run_id]
    with pytest.raises(RunNotFoundError):
        RunStore(workspace_layout).find("digits-2")
    assert RunRecord.read(ended_run()).number == 3


def test_what_stays_and_why(
    workspace_layout: WorkspaceLayout, new_run: Callable[..., RunLayout], ended_run: Callable[..., RunLayout]
) -> None:
    live, ended = new_run(), ended_run()
    told = delete_runs(workspace_layout, [live.run_id, ended.run_id, "none", "../runs", ended.run_id])
    assert {run.id: run.refused for run in told.runs} == {
        live.run_id: "it is NotStarted: cancel it first",
        ended.run_id: None,
        "none": "there is no such run",
        "../runs": "there is no such run",
    }
    assert live.record.exists()
    assert not ended.folder.exists()
    assert told.freed_bytes == told.runs[1].size_bytes


def test_folders_that_a_job_closed_and_links_that_it_made(
    workspace_layout: WorkspaceLayout, ended_run: Callable[..., RunLayout], tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    layout = ended_run()
    (layout.outputs / "link").symlink_to(outside)
    closed = layout.outputs / "closed"
    closed.mkdir()
    (closed / "file").touch()
    closed.chmod(0o500)
    (layout.outputs / "shut").mkdir(mode=0o000)
    delete_runs(workspace_layout, [layout.run_id])
    assert list(workspace_layout.runs.iterdir()) == []
    assert (outside / "kept").exists()


def test_runs_of_another_workspace_stay_where_a_link_of_this_one_leads(
    ended_run: Callable[..., RunLayout], workspace_layout: WorkspaceLayout, tmp_path: Path
) -> None:
    """As in one that somebody else made, and that was copied."""
    layout, damaged = ended_run(), ended_run()
    damaged.record.write_text("{")
    copied = Workspace.create("copied", tmp_path / "copied")
    copied.layout.runs.symlink_to(workspace_layout.runs)
    WorkspaceRecord.write_new(workspace_layout, "mine")
    told = delete_runs(copied.layout, [layout.run_id, damaged.run_id])
    assert [str(workspace_layout.folder) in str(run.refused) for run in told.runs] == [True, True]
    assert layout.record.exists()
    assert damaged.record.exists()
    assert told.freed_bytes == 0


def test_runs_on_another_disk_go(
    ended_run: Callable[..., RunLayout], workspace_layout: WorkspaceLayout, tmp_path: Path
) -> None:
    layout = ended_run()
    workspace_layout.runs.rename(tmp_path / "another_disk")
    workspace_layout.runs.symlink_to(tmp_path / "another_disk")
    assert [run.refused for run in delete_runs(workspace_layout, [layout.run_id]).runs] == [None]
    assert not list((tmp_path / "another_disk").iterdir())


def test_what_a_killed_deletion_left_is_in_no_list_and_goes(
    workspace_layout: WorkspaceLayout, ended_run: Callable[..., RunLayout], monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = ended_run()
    store = RunStore(workspace_layout)
    folder = store.take_out(layout.run_id)
    assert store.ids() == []
    assert (folder / "run.json").exists()  # somebody may be at it
    monkeypatch.setattr("cellrun.core.store.run_store._REMOVING_S", -1.0)
    assert store.ids() == []
    assert not folder.exists()


def test_one_that_is_deeper_than_a_recursion_goes_is_deleted_and_keeps_no_other(
    workspace_layout: WorkspaceLayout, ended_run: Callable[..., RunLayout]
) -> None:
    runs = [ended_run(), ended_run()]
    deepen(runs[0].outputs, 3000)
    told = delete_runs(workspace_layout, [run.run_id for run in runs])
    assert [run.refused for run in told.runs] == [None, None]
    assert not list(workspace_layout.runs.iterdir())


def test_values_that_only_they_refer_to_are_freed(
    workspace_layout: WorkspaceLayout, ended_run: Callable[..., RunLayout], give_values: Callable[..., list[Blob]]
) -> None:
    first, second, third = ended_run(), ended_run(), ended_run()
    shared, own = give_values(first, b"shared" * 1000, b"own" * 10_000)
    give_values(second, b"shared" * 1000)
    told = delete_runs(workspace_layout, [first.run_id], dry=True)
    assert told.freed_bytes > told.runs[0].size_bytes + 30_000
    assert delete_runs(workspace_layout, [first.run_id]).freed_bytes == told.freed_bytes
    assert kept(workspace_layout, [shared, own]) == [True, False]
    delete_runs(workspace_layout, [second.run_id, third.run_id])
    assert kept(workspace_layout, [shared]) == [False]


def test_values_stay_while_a_run_is_being_made(
    workspace_layout: WorkspaceLayout,
    ended_run: Callable[..., RunLayout],
    give_values: Callable[..., list[Blob]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(changes, "PATIENCE_S", 0.05)
    layout = ended_run()
    blobs = give_values(layout, b"value")
    with using_values(workspace_layout):
        told = delete_runs(workspace_layout, [layout.run_id])
    assert told.freed_bytes == told.runs[0].size_bytes
    assert kept(workspace_layout, blobs) == [True]
    os.utime(ValueStore(workspace_layout.values).path(blobs[0]), (0, 0))
    free_orphans(workspace_layout)  # as the next submission does
    assert kept(workspace_layout, blobs) == [False]


def test_a_deletion_waits_for_a_submission_that_is_under_way(
    workspace_layout: WorkspaceLayout,
    ended_run: Callable[..., RunLayout],
    give_values: Callable[..., list[Blob]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else the values that only these runs had would stay for good."""
    layout = ended_run()
    blobs = give_values(layout, b"value")
    submitting = using_values(workspace_layout)
    submitting.__enter__()

    def sleep(_: float) -> None:  # the deletion waits: now the submission ends
        submitting.__exit__(None, None, None)

    monkeypatch.setattr(changes.time, "sleep", sleep)
    delete_runs(workspace_layout, [layout.run_id])
    assert kept(workspace_layout, blobs) == [False]


def test_values_stay_if_a_context_cannot_be_read(
    workspace_layout: WorkspaceLayout, ended_run: Callable[..., RunLayout], give_values: Callable[..., list[Blob]]
) -> None:
    layout, other = ended_run(), ended_run()
    blobs = give_values(layout, b"value")
    other.context.mkdir()
    (other.context / "context.json").write_text('{"version": 99}')
    delete_runs(workspace_layout, [layout.run_id])
    assert kept(workspace_layout, blobs) == [True]


def test_submissions_beside_deletions_never_lack_a_value(
    workspace_layout: WorkspaceLayout, give_values: Callable[..., list[Blob]]
) -> None:
    """Runs that refer to the same value come and go in two threads: none is ever without it."""
    store = RunStore(workspace_layout)
    made: list[RunLayout] = []
    lacking: list[str] = []

    def submit() -> None:
        for _ in range(60):
            record = RunRecord(experiment="digits", kind="cell")
            layout = store.create(record, lambda draft: void(give_values(draft, b"the value")))
            if not all(kept(workspace_layout, [Blob(each.hash, each.bytes) for each in values(layout)])):
                lacking.append(layout.run_id)
            StatusFile(layout).change(Status.COMPLETED)
            made.append(layout)

    submitting = threading.Thread(target=submit)
    submitting.start()
    while submitting.is_alive() or made:
        delete_runs(workspace_layout, [made.pop(0).run_id for _ in range(len(made))])
    submitting.join()
    assert lacking == []
    assert not list(workspace_layout.values.glob("??/*"))


def values(layout: RunLayout) -> list[Blob]:
    return [group.payload for group in Context.read(layout.context).groups]


def void(_: object) -> None:
    """Return nothing, as what fills a run does."""


def test_the_verbs(exp: Experiment, ws: Workspace) -> None:
    first, second = exp.start_logging(), exp.start_logging()
    with pytest.raises(UserErrorException, match=r"can't be deleted: it is Running: cancel it first"):
        first.delete()
    first.complete()
    first.delete()
    with pytest.raises(RunNotFoundError):
        ws.get_run(first.id)
    second.complete()
    assert ws.delete_runs([second.id], dry=True).freed_bytes > 0
    assert ws.delete_runs([second.name]).runs[0].refused is None
    assert list(exp.get_runs()) == []


VERBS = {
    "cancel": (),
    "delete": (),
    "download_file": ("a.txt",),
    "download_files": (),
    "export": ("folder",),
    "get_details": (),
    "get_file_names": (),
    "get_metrics": (),
    "get_portal_url": (),
    "get_properties": (),
    "get_status": (),
    "get_tags": (),
    "result": ("m",),
    "results": (),
    "submit_again": (),
    "upload_file": ("a.txt", "a.txt"),
    "wait_for_completion": (),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_deleted_run_says_so_whatever_is_asked_and_does_not_come_back(exp: Experiment, here: Path, verb: str) -> None:
    """Seen by an object that has read nothing of it yet, and by its own, which remembers what it has read."""
    (here / "a.txt").write_text("a")
    own = exp.start_logging()
    own.log("m", 1)
    own.complete()
    other = Run(exp, own.id)
    asked = own.get_metrics(), own.get_status(), own.id
    own.delete()
    with pytest.raises(RunNotFoundError, match=f"run {asked[2]} is deleted"):
        getattr(other, verb)(*VERBS[verb])
    if verb not in {"delete", "get_properties"}:
        with pytest.raises(RunNotFoundError, match=f"run {asked[2]} is deleted"):
            getattr(own, verb)(*VERBS[verb])
    with pytest.raises(EventNotKeptError, match="its folder is gone"):
        other.tag("k")
    assert not own.layout.folder.exists()
    for each in (own, other):
        assert "Status: deleted" in str(each)
        assert ">deleted<" in each._repr_html_()


def test_whoever_is_left_of_a_run_goes_with_it(
    workspace_layout: WorkspaceLayout, new_run: Callable[..., RunLayout], until: Callable[..., None]
) -> None:
    """Another run's processes stay."""
    mine, other = new_run(kind="script"), new_run(kind="script")
    StatusFile(mine).change(Status.COMPLETED)
    with (
        subprocess.Popen(["sleep", "600"], env=run_variables(mine), start_new_session=True) as daemon,
        subprocess.Popen(["sleep", "600"], env=run_variables(other), start_new_session=True) as stranger,
    ):
        try:
            for each in (daemon, stranger):
                until(lambda who=each.pid: process_table.is_at_work(who), "its environment to be loaded")
            delete_runs(workspace_layout, [mine.run_id], dry=True)
            assert daemon.poll() is None
            delete_runs(workspace_layout, [mine.run_id])
            assert daemon.wait() == -signal.SIGTERM
            assert stranger.poll() is None
        finally:
            daemon.kill()
            stranger.kill()
