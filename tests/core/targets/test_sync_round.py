"""One round with an engine that shares no files."""

import os
import time

import pytest

from cellrun.core.errors import AuthenticationError, ComputeTargetException
from cellrun.core.mirror.receiver import Receiver
from cellrun.core.mirror.run_key import key_of, new_key
from cellrun.core.store.ending import Ending
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.targets.contract import Capability, JobState, Observation
from cellrun.core.targets.sync_round import bring, living


def status(run):
    return StatusFile(run).read()


def test_many_runs_are_asked_about_and_brought_in_one_call_each(played, away):
    runs = [away() for _ in range(5)]
    ids = tuple(run.run_id for run in runs)
    brought = bring(played, runs)
    assert played.asked == [("observe", ids), ("sync", ids)]
    assert brought.observed.keys() == set(ids)
    assert not brought.problems
    assert not brought.is_more_left


def test_a_round_reads_the_status_of_a_run_that_goes_on_once(played, away, monkeypatch):
    runs = [away() for _ in range(3)]
    read, found = StatusFile.read, []
    monkeypatch.setattr(StatusFile, "read", lambda self: (found.append(1), read(self))[1])
    bring(played, runs)
    assert len(found) == 3


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (Observation(JobState.UNKNOWN), "played no longer knows it; last seen Running"),
        (Observation(JobState.ENDED, "exit 1"), "played says that it has ended (exit 1); last seen Running"),
    ],
)
def test_a_lost_run_is_failed_after_a_last_sync_has_ended(played, away, said, reason):
    run = away()
    played.says[run.run_id] = said
    played.on_sync = lambda run: seen.append(status(run).status)
    seen = []
    bring(played, [run])
    assert seen == [Status.RUNNING]
    assert (status(run).status, status(run).reason) == (Status.FAILED, reason)


def test_a_run_that_its_engine_kills_while_it_is_stopped_comes_to_what_was_told(played, away):
    """As one whose engine gives its time limit's grace less time than it has."""
    run = away()
    why = "ended by Slurm's time limit"
    told = Ending(Status.FAILED, why, {}).to_fields()
    StatusFile(run).change(Status.CANCEL_REQUESTED, reason=f"{why}: interrupted", **told)
    played.says[run.run_id] = Observation(JobState.ENDED, "TIMEOUT")
    bring(played, [run])
    assert (status(run).status, status(run).reason) == (Status.FAILED, why)


def test_a_lost_run_leaves_nothing_behind_that_was_kept_for_its_way_home(played, away):
    run = away()
    new_key(run)
    Receiver(run).have()
    assert run.arriving.is_dir()
    played.says[run.run_id] = Observation(JobState.UNKNOWN)
    bring(played, [run])
    assert not run.arriving.exists()
    assert key_of(run) is None


def test_what_its_supervisor_said_of_its_end_is_believed(played, away):
    run = away()
    played.says[run.run_id] = Observation(JobState.ENDED)
    played.on_sync = lambda run: StatusFile(run).change(Status.COMPLETED, there=2)
    bring(played, [run])
    assert status(run).status is Status.COMPLETED


def test_a_lost_run_is_not_failed_while_its_last_sync_fails_or_goes_on(played, away):
    run = away()
    played.says[run.run_id] = Observation(JobState.UNKNOWN)
    played.error_of[run.run_id] = ComputeTargetException("cut off")
    with pytest.raises(ComputeTargetException, match="cut off"):
        bring(played, [run])
    played.error_of.clear()
    played.more_left = [run.run_id]
    assert bring(played, [run]).is_more_left
    assert status(run).status is Status.RUNNING
    played.more_left = []
    assert not bring(played, [run]).is_more_left
    assert status(run).status is Status.FAILED


def test_one_that_cannot_be_brought_keeps_no_other_one_from_it(played, away):
    runs = [away() for _ in range(4)]
    bad, lost = runs[1], runs[2]
    played.error_of[bad.run_id] = KeyError("a stranger's bug")
    played.says[lost.run_id] = Observation(JobState.UNKNOWN)
    brought = []
    played.on_sync = lambda run: brought.append(run.run_id)
    assert bring(played, runs).problems == {bad.run_id: 'KeyError: "a stranger\'s bug"'}
    assert {runs[0].run_id, runs[3].run_id, lost.run_id} <= set(brought)
    assert status(lost).status is Status.FAILED
    assert status(bad).status is Status.RUNNING


def test_what_no_run_can_be_brought_for_is_the_targets_matter(played, away):
    runs = [away(), away()]
    played.error_of = {run.run_id: ComputeTargetException("no route") for run in runs}
    with pytest.raises(ComputeTargetException, match="no route"):
        bring(played, runs)


def test_one_that_is_not_let_in_does_not_try_for_each_run(played, away):
    runs = [away() for _ in range(3)]
    played.error_of = {run.run_id: AuthenticationError("who are you") for run in runs}
    with pytest.raises(AuthenticationError):
        bring(played, runs)
    assert played.count("sync") == 1


def test_a_run_on_its_way_is_sent_before_the_engine_is_asked_about_it(played, away):
    run, other = away(Status.NOT_STARTED), away()
    assert bring(played, [run, other]).is_more_left
    assert played.asked == [("send", (run.run_id,)), ("observe", (other.run_id,)), ("sync", (other.run_id,))]
    played.on_send = lambda run: StatusFile(run).change(Status.STARTING)
    assert not bring(played, [run, other]).is_more_left
    assert played.asked[-2] == ("observe", (run.run_id, other.run_id))
    played.asked.clear()
    bring(played, [run, other])
    assert played.count("send") == 0


def test_one_that_is_sent_piece_by_piece_is_sent_on_until_the_engine_has_it(played, away):
    run = away(Status.NOT_STARTED)
    played.says[run.run_id] = Observation(JobState.WAITING, "is sent")
    played.on_send = lambda run: StatusFile(run).change(Status.PREPARING, reason="sending 1 of 2 GB")
    assert bring(played, [run]).is_more_left
    played.on_send = lambda run: StatusFile(run).change(Status.QUEUED, there=1)
    assert not bring(played, [run]).is_more_left
    assert status(run).status is Status.QUEUED


def test_a_run_that_is_damaged_or_gone_hides_no_other(away):
    fine, ended, damaged, gone = away(), away(Status.COMPLETED), away(), away()
    damaged.record.write_text("{")
    gone.folder.rename(gone.folder.with_name("elsewhere"))
    found, unreadable = living([fine, ended, damaged, gone])
    assert found == [fine]
    assert unreadable.keys() == {damaged.run_id, gone.run_id}
    assert "run.json" in unreadable[damaged.run_id]
    assert unreadable[gone.run_id] == "its folder is gone"


@pytest.fixture
def sharing(played, monkeypatch):
    """A target whose runs write into their folders here, on other machines."""
    monkeypatch.setattr(type(played), "capabilities", frozenset({Capability.SHARES_FILES}))
    return played


def beat(run, ago_s=0.0):
    run.processes.write_text("{}")
    os.utime(run.processes, (time.time() - ago_s,) * 2)


def test_where_folders_are_shared_nothing_is_sent_or_brought(sharing, away):
    preparing, run = away(Status.PREPARING), away()
    assert not bring(sharing, [preparing, run]).is_more_left
    assert sharing.asked == [("observe", (preparing.run_id, run.run_id))]


def test_where_folders_are_shared_a_lost_run_is_failed(sharing, away):
    run = away()
    sharing.says[run.run_id] = Observation(JobState.UNKNOWN)
    bring(sharing, [run])
    assert status(run).reason == "played no longer knows it; last seen Running"


def test_where_folders_are_shared_one_that_runs_and_shows_no_life_is_not_responding_and_never_failed(
    sharing, away, monkeypatch
):
    monkeypatch.setenv("CELLRUN_HEARTBEAT_S", "0.05")
    run, waiting = away(), away(Status.QUEUED)
    sharing.says[waiting.run_id] = Observation(JobState.WAITING, "Priority")
    beat(run, ago_s=1000)
    bring(sharing, [run, waiting])
    assert status(run).status is Status.RUNNING  # two beats more are waited for
    time.sleep(0.2)
    bring(sharing, [run, waiting])
    assert status(run).status is Status.NOT_RESPONDING
    assert "no heartbeat for 17 min" in status(run).reason
    assert status(waiting).status is Status.QUEUED
    bring(sharing, [run])
    assert status(run).status is Status.NOT_RESPONDING
    beat(run)
    bring(sharing, [run])
    assert status(run).status is Status.RUNNING
