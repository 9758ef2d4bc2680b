"""The look at runs, over a target that is elsewhere."""

import fcntl
import json
import os

import pytest

from cellrun.core.errors import ComputeTargetException
from cellrun.core.status import TERMINAL, Status
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore
from cellrun.core.store.status_file import StatusFile
from cellrun.core.store.target_file import RunTarget
from cellrun.core.targets.contract import JobState
from cellrun.core.targets.fake import FakeTarget
from cellrun.core.targets.look import look


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


def test_of_two_lookers_at_the_end_neither_takes_it_for_lost(runs, cluster, until, monkeypatch):
    """One of them has begun to bring home before the last was written there: the other waits for it."""
    layout = runs.script("print('whole')", compute_target="cluster")
    until(lambda: cluster.observe([layout])[layout.run_id].state is JobState.ENDED, "its end over there")
    other = os.open(layout.intake_lock, os.O_RDWR | os.O_CREAT)
    fcntl.flock(other, fcntl.LOCK_EX)
    flock = fcntl.flock

    def until_free(fd, how):
        if not how & fcntl.LOCK_NB:
            os.close(other)
        flock(fd, how)

    monkeypatch.setattr("cellrun.core.targets.fake.homecoming.fcntl.flock", until_free)
    end = look(cluster, [layout])[layout.run_id]
    monkeypatch.undo()
    assert end.status is Status.COMPLETED, end.reason
    assert layout.log.read_text() == "whole\n"
    assert [one.status for one in StatusFile(layout).history() if one.status in TERMINAL] == [Status.COMPLETED]
