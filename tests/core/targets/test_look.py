"""The look at runs, over a target that is elsewhere, where no keeper can be had."""

import fcntl
import json
import os

import pytest

from cellrun.core.errors import ComputeTargetException
from cellrun.core.store.notes import add_note, run_notes
from cellrun.core.store.record import RunRecord, RunTarget
from cellrun.core.store.run_store import RunStore
from cellrun.core.store.status import TERMINAL, Status, StatusFile
from cellrun.core.targets.contract import JobState
from cellrun.core.targets.fake import FakeTarget
from cellrun.core.targets.look import look

pytestmark = pytest.mark.usefixtures("without_keeper")  # what they break, they break in this process


@pytest.fixture
def cluster(runs, tmp_path):
    return runs.workspace.attach("cluster", "fake", folder=str(tmp_path / "far side"))


@pytest.fixture
def begun(runs, cluster):
    """A run that its submitter is about to start: its engine doesn't know it."""
    record = RunRecord("tests", "script", target="cluster")
    layout = RunStore(runs.workspace.layout).create(record, lambda _: None)
    RunTarget("cluster", "fake", shares_processes=False).write(layout)
    assert cluster.observe([layout])[layout.run_id].state is JobState.UNKNOWN
    return layout


def test_a_run_that_is_just_being_started_is_not_taken_for_lost(cluster, begun):
    assert look(cluster, [begun])[begun.run_id].status is Status.NOT_STARTED


def test_it_is_lost_once_its_submitter_is_dead(cluster, begun):
    record = json.loads(begun.record.read_text())
    dead = {**record["created_by"], "pid": 2**22 + 1, "started": 1}
    begun.record.write_text(json.dumps({**record, "created_by": dead}))
    end = look(cluster, [begun])[begun.run_id]
    assert (end.status, end.reason) == (Status.FAILED, "fake no longer knows it; last seen NotStarted")


def test_a_target_that_does_not_answer_changes_nothing(runs, cluster, monkeypatch):
    def no_answer(*_):
        raise ComputeTargetException("cluster doesn't answer")

    layout = runs.script("pass", compute_target="cluster")
    before = StatusFile(layout).read()
    with monkeypatch.context() as silent:
        silent.setattr(FakeTarget, "observe", no_answer)
        assert look(cluster, [layout]) == {layout.run_id: before}
    assert runs.end(layout).status is Status.COMPLETED


def test_a_full_disk_here_ends_no_look(runs, cluster, monkeypatch, until):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    layout = runs.script("print('done')", compute_target="cluster")
    with monkeypatch.context() as patch:
        patch.setattr("cellrun.core.mirror.receiver.Receiver.take", full)
        until(lambda: cluster.observe([layout])[layout.run_id].state is JobState.ENDED, "its end over there")
        assert look(cluster, [layout])[layout.run_id].status is Status.STARTING
    assert runs.end(layout).status is Status.COMPLETED


def test_a_status_from_there_has_its_time_there(runs, cluster):
    layout = runs.script("import time; time.sleep(0.3)", compute_target="cluster")
    runs.end(layout)
    there = {entry.n: entry for entry in StatusFile(cluster._far.run(layout)).history()}
    here = [entry for entry in StatusFile(layout).history() if "there" in entry.fields]
    assert [entry.status for entry in here][-1] is Status.COMPLETED
    assert [(entry.status, entry.at) for entry in here] == [
        (there[entry.fields["there"]].status, there[entry.fields["there"]].at) for entry in here
    ]


def test_notes_of_both_sides_are_kept(runs, cluster):
    layout = runs.script(
        "from cellrun.core.identity import own_run\nfrom cellrun.core.store.notes import add_note\n"
        "add_note(own_run(), 'from there')",
        compute_target="cluster",
    )
    add_note(layout, "a much longer note that was written here before")
    end = runs.end(layout)
    assert run_notes(layout, end) == ["a much longer note that was written here before", "from there"]


def test_what_a_start_over_there_fails_of_is_told(runs, cluster, monkeypatch):
    monkeypatch.setattr("cellrun.core.targets.fake.engine._ON_ITS_HOST", "raise SystemExit('no host name')")
    monkeypatch.setattr("cellrun.core.targets.fake.target.why_not_isolated", str)
    end = runs.end(runs.script("pass", compute_target="cluster"))
    assert (end.status, end.reason) == (Status.FAILED, "fake no longer knows it (no host name); last seen Starting")


def test_nothing_of_the_notebooks_environment_goes_there_but_what_is_given(runs, cluster, monkeypatch):
    monkeypatch.setenv("OF_THE_NOTEBOOK", "hush-hush")
    script = "import os; print(os.environ.get('OF_THE_NOTEBOOK'), os.environ['GIVEN'])"
    layout = runs.script(script, compute_target="cluster", environment_variables={"GIVEN": "given"})
    runs.end(layout)
    assert layout.log.read_text() == "None given\n"


def test_of_two_lookers_at_the_end_neither_takes_it_for_lost(runs, cluster, until, monkeypatch):
    """One of them has begun to bring home before the last was written there: the other waits for it."""
    layout = runs.script("print('whole')", compute_target="cluster")
    until(lambda: cluster.observe([layout])[layout.run_id].state is JobState.ENDED, "its end over there")
    other = os.open(layout.arriving_lock, os.O_RDWR | os.O_CREAT)
    fcntl.flock(other, fcntl.LOCK_EX)
    flock, held = fcntl.flock, [other]

    def when_free(fd, how):
        if os.fstat(fd).st_ino == layout.arriving_lock.stat().st_ino and held:
            os.close(held.pop())
        flock(fd, how)

    with monkeypatch.context() as patch:
        patch.setattr("cellrun.core.mirror.receiver.fcntl.flock", when_free)
        look(cluster, [layout])
    end = runs.end(layout)  # what it was run by may have to be waited for
    assert end.status is Status.COMPLETED, end.reason
    assert layout.log.read_text() == "whole\n"
    assert [one.status for one in StatusFile(layout).history() if one.status in TERMINAL] == [Status.COMPLETED]
