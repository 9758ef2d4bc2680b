from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cellrun.core.errors import InvalidNameError, RunNotFoundError, UserErrorException, WorkspaceException
from cellrun.core.identity import ProcessIdentity
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore
from cellrun.core.store.status import Status, StatusFile
from tests.damage import deepen


@pytest.fixture
def store(workspace_layout: WorkspaceLayout) -> RunStore:
    return RunStore(workspace_layout)


def nothing(_: RunLayout) -> None:
    """Add nothing to the folder."""


def record(experiment: str = "digits", run_id: str = "") -> RunRecord:
    return RunRecord(experiment=experiment, kind="interactive", id=run_id)


def test_a_run_is_made_whole(store: RunStore) -> None:
    def fill(layout: RunLayout) -> None:
        assert not list(store.ids())
        (layout.work / "train.py").write_text("print()")

    before = time.time()
    layout = store.create(record(), fill)
    made = RunRecord.read(layout)
    assert (made.id, made.name, made.number) == (layout.run_id, "digits-1", 1)
    assert before <= made.created_at <= time.time()
    assert ProcessIdentity.from_json(made.created_by) == ProcessIdentity.current()
    assert StatusFile(layout).read().status is Status.NOT_STARTED
    assert (layout.work / "train.py").read_text() == "print()"
    assert all(folder.is_dir() for folder in (layout.outputs, layout.logs, layout.events, layout.log.parent))
    assert store.ids() == [layout.run_id]


def test_each_experiment_counts_its_own_runs(store: RunStore) -> None:
    names = [RunRecord.read(store.create(record(name), nothing)).name for name in ("a", "b", "a", "a", "b")]
    assert names == ["a-1", "b-1", "a-2", "a-3", "b-2"]


@pytest.mark.parametrize("experiment", ["e" * 255, "a.b-c_d", "con"])
def test_any_experiment_name_makes_a_folder(experiment: str, store: RunStore) -> None:
    layout = store.create(record(experiment), nothing)
    assert RunRecord.read(layout).experiment == experiment
    assert store.find(f"{experiment}-1").run_id == layout.run_id


def test_runs_are_found_by_id_and_by_name(store: RunStore) -> None:
    runs = [store.create(record("my-test-2"), nothing) for _ in range(2)]
    for number, layout in enumerate(runs, 1):
        assert store.open(layout.run_id).folder == layout.folder
        assert store.find(layout.run_id).folder == layout.folder
        assert store.find(f"my-test-2-{number}").folder == layout.folder


@pytest.mark.parametrize(
    "given", ["digits-2", "digits", "digits-0", "../digits-1", "", "a/b", ".", "\0", "digits-\u0661"]
)
def test_what_is_not_there_is_told(given: str, store: RunStore) -> None:
    store.create(record(), nothing)
    with pytest.raises(RunNotFoundError) as caught:
        store.find(given)
    assert caught.value.given == given


def test_a_given_id_is_taken_once(store: RunStore) -> None:
    assert store.create(record(run_id="my-run"), nothing).run_id == "my-run"
    with pytest.raises(UserErrorException, match="run id 'my-run' is taken"):
        store.create(record(run_id="my-run"), nothing)
    with pytest.raises(InvalidNameError):
        store.create(record(run_id="../my-run"), nothing)
    assert store.ids() == ["my-run"]
    assert os.listdir(store.workspace.experiment("digits")) == ["1"]


def test_what_fill_raises_leaves_nothing(store: RunStore) -> None:
    def fill(layout: RunLayout) -> None:
        (layout.work / "half").mkdir()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.create(record(), fill)
    assert os.listdir(store.workspace.runs) == []
    assert RunRecord.read(store.create(record(), nothing)).name == "digits-1"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc, where nothing can be made")
def test_where_nothing_can_be_written(store: RunStore) -> None:
    with pytest.raises(WorkspaceException, match=r"cannot create runs under /proc/cellrun \(.*\); set CELLRUN_HOME"):
        RunStore(WorkspaceLayout("/proc/cellrun")).create(record(), nothing)


def test_a_disk_that_becomes_full_leaves_nothing_behind(store: RunStore) -> None:
    with pytest.raises(WorkspaceException, match=r"\(no space left on device\); free some room on its disk"):
        store.create(record(), lambda _: Path("/dev/full").write_text("x") and None)
    assert os.listdir(store.workspace.runs) == []
    assert RunRecord.read(store.create(record(), nothing)).name == "digits-1"


def test_many_at_once_get_numbers_of_their_own(store: RunStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda _: store.create(record(), nothing), range(40)))
    assert len({layout.run_id for layout in runs}) == 40
    assert sorted(RunRecord.read(layout).number for layout in runs) == list(range(1, 41))


CREATE = """
import sys
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore
store = RunStore(WorkspaceLayout(sys.argv[1]))
def fill(layout):
    for i in range(5):
        (layout.work / str(i)).write_text("x" * 100_000)
while True:
    print(store.create(RunRecord(experiment="digits", kind="script"), fill).run_id, flush=True)
"""


def test_a_kill_while_runs_are_made_leaves_whole_ones(store: RunStore) -> None:
    """Any moment: a run is there whole or not at all (A1), and what was half made is swept."""
    dice = random.Random(1)
    returned: set[str] = set()
    for _ in range(12):
        maker = subprocess.Popen(
            [sys.executable, "-c", CREATE, str(store.workspace.folder)], stdout=subprocess.PIPE, text=True
        )
        assert maker.stdout is not None
        returned.add(maker.stdout.readline().strip())
        time.sleep(dice.uniform(0, 0.02))
        maker.send_signal(signal.SIGKILL)
        returned.update(maker.communicate()[0].split())
    listed = store.ids()
    assert returned <= {*listed, ""}
    for run_id in listed:
        layout = store.open(run_id)
        assert RunRecord.read(layout).id == run_id
        assert StatusFile(layout).read().n == 0
        assert [path.stat().st_size for path in layout.work.glob("[0-4]")] == [100_000] * 5
    for path in store.workspace.runs.glob(".new-*"):  # killed before it could say who makes it
        os.utime(path, (0, 0))
    assert sorted(store.ids()) == sorted(listed)
    assert sorted(os.listdir(store.workspace.runs)) == sorted(listed)


def test_a_draft_whose_maker_lives_is_not_swept(store: RunStore) -> None:
    """Here, or on another machine of this one's name."""

    def fill(layout: RunLayout) -> None:
        assert store.ids() == []
        told = json.loads(layout.record.read_text())
        layout.record.write_text(json.dumps({**told, "created_by": {**told["created_by"], "boot": "another"}}))
        assert store.ids() == []
        assert layout.record.exists()

    assert store.ids() == []
    layout = store.create(record(), fill)
    assert store.ids() == [layout.run_id]


def test_numbers_go_on_after_a_run_was_removed(store: RunStore, new_run: Callable[..., RunLayout]) -> None:
    for _ in range(5):
        last = new_run()
    Path(store.workspace.runs / last.run_id).rename(store.workspace.folder / "removed")
    assert RunRecord.read(new_run()).number == 6
    with pytest.raises(RunNotFoundError):
        store.find("digits-5")


def test_nothing_is_made_where_the_links_of_a_workspace_of_others_lead(tmp_path: Path) -> None:
    """Also not before it is refused."""
    theirs = WorkspaceLayout(tmp_path / "theirs")
    theirs.folder.mkdir()
    theirs.changes.symlink_to(tmp_path / "made")
    theirs.folder.chmod(0o777)
    with pytest.raises(WorkspaceException, match="can be written to by every user"):
        RunStore(theirs).create(record(), nothing)
    assert sorted(path.name for path in theirs.folder.iterdir()) == ["changes"]
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("name", [".deleted-0011", ".new-0011"])
def test_a_folder_that_is_deeper_than_a_recursion_goes_is_swept_and_hides_no_run(store, monkeypatch, name):
    """Such a one in an archive of runs made every list fail, for good."""
    layout = store.create(record(), nothing)
    left = store.workspace.runs / name
    deepen(left, 3000)
    monkeypatch.setattr("cellrun.core.store.run_store._REMOVING_S", -1.0)
    monkeypatch.setattr("cellrun.core.store.run_store._NAMELESS_S", -1.0)
    assert store.ids() == [layout.run_id]
    assert not left.exists()
