"""Runs elsewhere that a keeper brings home."""

import json
import os
import signal
import textwrap
from pathlib import Path

import pytest

from cellrun.core import Run, Workspace
from cellrun.core.errors import ComputeTargetException
from cellrun.core.store.lists.index import Index
from cellrun.core.store.record import RunTarget
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.targets import kinds
from cellrun.core.targets.keeper import client, tending
from cellrun.core.targets.keeper.client import Sent
from cellrun.core.targets.keeper.kept_state import KeptState
from cellrun.core.targets.keeper.place import KeeperPlace
from cellrun.core.targets.look import look
from tests.core.submitted_runs import wait_for
from tests.core.targets.under_test import KINDS
from tests.keepers import end_keepers

UNTIL_GO = "import os, time\nprint('up', flush=True)\nwhile not os.path.exists({!r}):\n    time.sleep(0.02)\n"

PARCEL = """
import json
from pathlib import Path
from cellrun.core.errors import ComputeTargetException
from cellrun.core.store.status import Status
from cellrun.core.store.status import StatusFile
from cellrun.core.targets.contract import ComputeTarget, JobState, Observation

class Parcel(ComputeTarget):
    '''Its engine does what a file of the test says; what it is sent takes three calls.'''
    kind = "parcel"
    settings_known = {"folder": "the test's"}
    sent = 0

    def _says(self):
        return json.loads((Path(self.settings["folder"]) / "says.json").read_text())

    def send(self, runs):
        if self._says() == "no route":
            raise ComputeTargetException("no route to box")
        for run in runs:
            self.sent += 1
            if self._says() == "refuses":
                StatusFile(run).change(Status.FAILED, reason="its disk is full")
            elif self.sent < 3:
                StatusFile(run).change(Status.PREPARING, reason=f"sending {self.sent} of 3 GB")
            else:
                StatusFile(run).change(Status.QUEUED)

    def observe(self, runs):
        return {run.run_id: Observation(JobState.WAITING, "2 before it") for run in runs}

    describe = python = problems = launch = cancel = doctor = None
"""


@pytest.fixture
def far(tmp_path):
    return tmp_path / "far side"


@pytest.fixture
def box(runs, far):
    return runs.workspace.attach("box", "fake", folder=far)


@pytest.fixture
def parcel(tmp_path, monkeypatch, home):
    """A kind of a package that is installed for this test, in a workspace."""
    folder = tmp_path / "packages"
    (folder / "parcel-1.dist-info").mkdir(parents=True)
    (folder / "parcel-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: parcel\nVersion: 1\n")
    (folder / "parcel-1.dist-info" / "entry_points.txt").write_text(f"[{kinds.GROUP}]\nparcel = parcel_kind:Parcel\n")
    (folder / "parcel_kind.py").write_text(textwrap.dedent(PARCEL))
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH")))))
    kinds._others.cache_clear()
    yield Workspace.from_config().attach("box", "parcel", folder=str(tmp_path))
    kinds._others.cache_clear()


@pytest.fixture
def says(tmp_path):
    """Let the engine of a parcel do something."""
    (tmp_path / "says.json").write_text('"welcome"')
    return lambda text: (tmp_path / "says.json").write_text(json.dumps(text))


@pytest.fixture
def posted(new_run, parcel):
    """A run that its submitter has just left to be sent."""
    layout = new_run(kind="script", target="box")
    RunTarget("box", "parcel", shares_processes=False).write(layout)
    return layout


def written(layout):
    return StatusFile(layout).read().status


def test_one_that_nobody_looks_at_comes_home_and_the_list_learns_of_it(runs, box):
    layout = runs.script("print('done')", compute_target="box")
    tending.tend(runs.workspace.layout)
    wait_for(lambda: Index(runs.workspace.layout).find(layout.run_id).status is Status.COMPLETED, "its end in the list")
    assert layout.log.read_text() == "done\n"


def test_the_list_learns_of_an_engine_that_lost_a_run_that_nobody_opens(runs, box, tmp_path):
    layout = runs.seen(runs.script(UNTIL_GO.format(str(tmp_path / "go")), compute_target="box"), "up")
    wait_for(lambda: runs.status(layout).status is Status.RUNNING, "Running")
    KINDS["fake"].lose(box, layout)
    (row,) = Index(runs.workspace.layout).runs()
    assert row.status is Status.RUNNING
    tending.tend(runs.workspace.layout)
    wait_for(lambda: Index(runs.workspace.layout).runs()[0].status is Status.FAILED, "the loss in the list")
    assert "fake no longer knows it" in StatusFile(layout).read().reason


def test_a_list_without_live_runs_elsewhere_starts_none(runs, box, tmp_path):
    runs.end(runs.script("pass", compute_target="local"))
    tending._tend(runs.workspace.layout, None)
    assert not list((tmp_path / "runtime").glob("keeper-*"))


def test_a_list_is_looked_through_now_and_then_and_told_how_targets_are(runs, box, monkeypatch, tmp_path):
    told = []
    layout = runs.script(UNTIL_GO.format(str(tmp_path / "go")), compute_target="box")
    tending.tend(runs.workspace.layout, told.append)
    tending.tend(runs.workspace.layout, told.append)
    wait_for(lambda: told, "its answer")
    wait_for(lambda: client.states(runs.workspace.layout).get("box", KeptState()).heard_at, "the first pass")
    assert len(told) == 1
    (tmp_path / "go").touch()
    assert runs.end(layout).status is Status.COMPLETED


def test_after_its_death_the_next_one_goes_on(runs, box, tmp_path):
    layout = runs.seen(runs.script(UNTIL_GO.format(str(tmp_path / "go")), compute_target="box"), "up")
    keeper = KeeperPlace.here().read_process()
    os.kill(keeper.pid, signal.SIGKILL)
    (tmp_path / "go").touch()
    assert runs.end(layout).status is Status.COMPLETED
    assert KeeperPlace.here().read_process() != keeper


def test_runs_of_two_workspaces_are_kept_by_one(runs, box, far, tmp_path):
    other = Workspace.create("other", tmp_path / "other")
    other.attach("box", "fake", folder=far)
    first = runs.script(UNTIL_GO.format(str(tmp_path / "go")), compute_target="box")
    runs.seen(first, "up")
    mine, runs.workspace = runs.workspace, other
    second = runs.seen(runs.script(UNTIL_GO.format(str(tmp_path / "go")), compute_target="box"), "up")
    for workspace in (mine, other):
        assert client.states(workspace.layout)["box"].runs == 1
    assert len(KeeperPlace.here().log.read_text().split("] begins: ")) == 2
    (tmp_path / "go").touch()
    assert {runs.end(first).status, runs.end(second).status} == {Status.COMPLETED}


def test_a_cancel_is_taken_there_though_nobody_looks(runs, box, tmp_path):
    layout = runs.seen(runs.script(UNTIL_GO.format(str(tmp_path / "go")), compute_target="box"), "up")
    end_keepers(tmp_path / "runtime")
    with KINDS["fake"].cut_off(box):
        box.cancel(layout)
    client.wake(runs.workspace.layout, "box")
    wait_for(lambda: written(box._far.run(layout)) is Status.CANCELED, "its end over there")
    client.wake(runs.workspace.layout, "box")  # sooner than the next pass that comes by itself
    wait_for(lambda: written(layout) is Status.CANCELED, "its end")


def test_an_engine_that_does_not_answer_makes_runs_not_responding_until_it_does(runs, box, tmp_path, monkeypatch):
    monkeypatch.setenv("CELLRUN_SILENCE_S", "1")
    layout = runs.seen(runs.script(UNTIL_GO.format(str(tmp_path / "go")), compute_target="box"), "up")
    wait_for(lambda: runs.status(layout).status is Status.RUNNING, "Running")
    with KINDS["fake"].cut_off(box):
        wait_for(lambda: runs.status(layout).status is Status.NOT_RESPONDING, "its silence")
        assert "can't be reached" in StatusFile(layout).read().reason
        state = client.states(runs.workspace.layout)["box"]
        assert "can't be reached" in state.why_not
        assert state.next_try
    wait_for(lambda: runs.status(layout).status is Status.RUNNING, "its answer")
    (tmp_path / "go").touch()
    assert runs.end(layout).status is Status.COMPLETED


def test_a_look_says_at_once_why_nothing_is_heard_of_a_run(runs, box, tmp_path):
    layout = runs.seen(runs.script(UNTIL_GO.format(str(tmp_path / "go")), compute_target="box"), "up")
    wait_for(lambda: runs.status(layout).status is Status.RUNNING, "Running")
    assert look(box, [layout])[layout.run_id].reason is None
    with KINDS["fake"].cut_off(box):
        wait_for(lambda: "can't be reached" in (look(box, [layout])[layout.run_id].reason or ""), "the reason")
        assert StatusFile(layout).read().status is Status.RUNNING
    wait_for(lambda: look(box, [layout])[layout.run_id].reason is None, "its answer")
    (tmp_path / "go").touch()
    assert runs.end(layout).status is Status.COMPLETED


def test_a_cancel_ends_no_run_whose_engine_cannot_hear_it_yet_and_a_persons_word_does(runs, box, tmp_path, monkeypatch):
    monkeypatch.setenv("CELLRUN_SILENCE_S", "1")
    script = UNTIL_GO.format(str(tmp_path / "go"))
    first, second = (runs.seen(runs.script(script, compute_target="box"), "up") for _ in range(2))
    with KINDS["fake"].cut_off(box):
        for layout in (first, second):
            wait_for(lambda layout=layout: runs.status(layout).status is Status.NOT_RESPONDING, "its silence")
        opened = Run.get(runs.workspace, first.run_id)
        opened.cancel()
        assert opened.get_status() == "CancelRequested"
        assert "can't be reached" in look(box, [first])[first.run_id].reason
        lost = Run.get(runs.workspace, second.run_id)
        lost.cancel()
        lost.fail("the box was stolen")
        assert written(second) is Status.FAILED
    assert runs.end(first).status is Status.CANCELED


def test_a_target_that_its_python_does_not_have_is_asked_by_whoever_looks(posted, parcel, says, monkeypatch, tmp_path):
    monkeypatch.delenv("PYTHONPATH")
    StatusFile(posted).change(Status.QUEUED, there=1)
    for _ in range(2):
        assert look(parcel, [posted])[posted.run_id].reason == "2 before it"
    state = client.states(posted.workspace)["box"]
    assert "no kind of compute target 'parcel'" in state.why_not


def test_a_run_is_sent_until_its_engine_has_it(posted, says):
    assert client.send(posted.workspace, "box", posted, 60) == Sent(is_launched=True)
    assert [each.reason for each in StatusFile(posted).history()][1:] == [
        "sending 1 of 3 GB",
        "sending 2 of 3 GB",
        None,
    ]


def test_one_that_takes_longer_is_on_its_way(posted, says):
    assert client.send(posted.workspace, "box", posted, 0.0) == Sent(is_launched=False)
    wait_for(lambda: written(posted) is Status.QUEUED, "its arrival")


def test_one_that_is_refused_there_raises_why(posted, says):
    says("refuses")
    with pytest.raises(ComputeTargetException, match="its disk is full"):
        client.send(posted.workspace, "box", posted, 60)


def test_where_it_cannot_be_sent_now_is_said_at_once(posted, says):
    says("no route")
    assert client.send(posted.workspace, "box", posted, 60) == Sent(is_launched=False, why_not="no route to box")
    says("welcome")
    assert client.send(posted.workspace, "box", posted, 60) == Sent(is_launched=True)


@pytest.mark.parametrize(
    ("word", "sent"),
    [("welcome", Sent(is_launched=True)), ("no route", Sent(is_launched=False, why_not="no route to box"))],
)
def test_where_no_keeper_can_be_had_it_is_sent_here(posted, says, without_keeper, word, sent):
    says(word)
    assert client.send(posted.workspace, "box", posted, 60) == sent


def test_nothing_is_known_of_targets_where_none_runs(runs, box):
    assert client.states(runs.workspace.layout) == {}
    assert not KeptState().why_not
    assert not Path(KeeperPlace.here().address).exists()
