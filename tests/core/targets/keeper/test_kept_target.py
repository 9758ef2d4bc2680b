"""One target as the keeper holds it."""

import os
import threading
import time

import pytest

from cellrun.core.errors import AuthenticationError, ComputeTargetException
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.targets.contract import Capability, JobState, Observation
from cellrun.core.targets.keeper import schedule
from cellrun.core.targets.keeper.awake import AwakeClock
from cellrun.core.targets.keeper.credentials import credentials
from cellrun.core.targets.keeper.kept_target import KeptTarget
from tests.core.submitted_runs import wait_for


class Opened:
    """Stands for the target's file in its workspace."""

    def __init__(self, target):
        self.target = target
        self.error = None

    def get(self):
        if self.error:
            raise self.error
        return self.target

    def close(self):
        self.target.close()


@pytest.fixture
def opened(played):
    return Opened(played)


@pytest.fixture
def clock():
    return AwakeClock()


@pytest.fixture
def said():
    return []


@pytest.fixture
def kept(played, opened, clock, said):
    made = KeptTarget(opened, clock, lambda: None, said.append)
    yield made
    played.answers.set()
    made.end()
    made.wait(10)


def status(run):
    return StatusFile(run).read()


def passes(played, more):
    """Wait for so many passes more."""
    most = played.count("observe") + more
    wait_for(lambda: played.count("observe") >= most, "passes")


def test_a_run_that_is_held_is_brought_until_it_has_ended(kept, played, away):
    run = away()
    kept.hold([run])
    passes(played, 1)
    assert kept.is_needed
    played.on_sync = lambda run: StatusFile(run).change(Status.COMPLETED, there=2)
    kept.wake()
    wait_for(lambda: not kept.is_needed, "its end")
    assert played.asked[0] == ("observe", (run.run_id,))


def test_nobody_who_looks_makes_it_be_asked_often(kept, played, away):
    kept.hold([away()])
    passes(played, 1)
    time.sleep(1)
    assert played.count("observe") == 1
    kept.watch([], {})
    passes(played, 3)


def test_a_look_waits_for_a_pass_that_knows_its_run(kept, played, away):
    run = away(Status.QUEUED)
    began = time.monotonic()
    assert kept.observed(["another"], began) == {}
    played.says[run.run_id] = Observation(JobState.WAITING, "2 before it")
    played.answers.clear()
    kept.watch([run], {})
    assert kept.observed([run.run_id], began) is None
    played.answers.set()
    wait_for(lambda: kept.observed([run.run_id], began) is not None, "the pass")
    assert kept.observed([run.run_id], began) == {run.run_id: Observation(JobState.WAITING, "2 before it")}
    passes(played, 2)
    assert kept.observed([run.run_id], time.monotonic() + 60) is None


def test_who_asks_while_a_pass_goes_on_hears_that_it_failed(kept, played, away):
    played.answers.clear()
    kept.watch([away(Status.QUEUED)], {})
    wait_for(lambda: played.count("observe"), "the pass to begin")
    asked = time.monotonic()
    played.error = ComputeTargetException("box has no Python")
    played.answers.set()
    wait_for(lambda: kept.failure_since(asked) == "box has no Python", "why it failed")


def test_while_it_fails_nobody_waits_for_it_and_its_state_says_why(kept, played, away, said):
    run = away()
    played.error = ComputeTargetException("no route to box")
    kept.watch([run], {})
    wait_for(lambda: kept.state().next_try, "the first try")
    assert kept.failure == "no route to box"
    state = kept.state()
    assert (state.why_not, state.runs, state.is_paused, state.heard_at) == ("no route to box", 1, False, None)
    assert state.since <= time.time() <= state.next_try + schedule.FIRST_RETRY_S
    passes(played, 1)  # by itself
    played.error = None
    wait_for(lambda: not kept.state().why_not, "its answer")
    assert kept.state().heard_at >= state.since
    assert said == ["doesn't answer: no route to box", "answers again"]


def test_who_begins_to_watch_has_it_tried_again_sooner(kept, played, away, monkeypatch):
    monkeypatch.setattr(schedule, "FIRST_RETRY_S", 600.0)
    monkeypatch.setattr(schedule, "LAST_RETRY_S", 600.0)
    run = away()
    played.error = ComputeTargetException("no route to box")
    kept.hold([run])
    wait_for(lambda: kept.state().next_try, "the first try")
    monkeypatch.setattr(schedule, "WATCHED_RETRY_S", 0.1)
    played.error = None
    kept.watch([run], {})
    wait_for(lambda: kept.state().heard_at, "its answer")


def test_any_error_of_a_strangers_class_is_said_and_tried_again(kept, played, away):
    played.error = KeyError("bug")
    kept.hold([away()])
    wait_for(lambda: kept.state().why_not == "KeyError: 'bug'", "its words")
    played.error = None
    kept.wake()
    wait_for(lambda: not kept.state().why_not, "its answer")


def test_one_that_refuses_this_user_waits_for_other_credentials(kept, played, away, monkeypatch):
    for name in credentials():
        monkeypatch.delenv(name)
    monkeypatch.setenv("SSH_AUTH_SOCK", "/old")
    run = away()
    played.error = AuthenticationError("denied")
    kept.watch([run], {"SSH_AUTH_SOCK": "/old"})
    wait_for(lambda: kept.state().is_paused, "its refusal")
    asked = played.count("observe")
    for _ in range(3):
        kept.watch([run], {"SSH_AUTH_SOCK": "/old"})
        kept.watch([run], {})
    time.sleep(0.3)
    assert played.count("observe") == asked
    kept.watch([run], {"SSH_AUTH_SOCK": "/another"})
    passes(played, asked + 1 - played.count("observe"))
    assert os.environ["SSH_AUTH_SOCK"] == "/another"
    wait_for(lambda: kept.state().is_paused, "its refusal")
    kept.watch([run], {"SSH_AUTH_SOCK": "/old"})  # tried before
    time.sleep(0.3)
    assert played.count("observe") == asked + 1
    played.error = None
    kept.watch([run], {"SSH_AUTH_SOCK": "/good"})
    wait_for(lambda: not kept.state().why_not, "its answer")
    assert not kept.state().is_paused


def test_a_person_may_have_it_tried_again_with_the_same(kept, played, away):
    played.error = AuthenticationError("denied")
    kept.hold([away()])
    wait_for(lambda: kept.state().is_paused, "its refusal")
    assert kept.state().next_try is None
    played.error = None
    kept.wake()
    wait_for(lambda: kept.state().heard_at, "its answer")


def test_its_runs_are_not_responding_after_so_much_time_awake_without_an_answer(kept, played, away, clock, monkeypatch):
    monkeypatch.setenv("CELLRUN_SILENCE_S", "100")
    run = away()
    played.error = ComputeTargetException("no route to box")
    kept.hold([run])
    wait_for(lambda: kept.state().why_not, "the first try")
    clock.seconds += 99
    kept.notice_silence()
    assert status(run).status is Status.RUNNING
    clock.seconds += 2
    kept.notice_silence()
    assert (status(run).status, status(run).reason) == (Status.NOT_RESPONDING, "no route to box")
    played.error = None
    kept.wake()
    wait_for(lambda: not kept.state().why_not, "its answer")
    assert status(run).status is Status.RUNNING
    clock.seconds += 1000
    kept.notice_silence()
    assert status(run).status is Status.RUNNING


def test_the_silence_of_the_last_runs_is_none_of_the_next_ones(kept, played, away, clock):
    played.error = ComputeTargetException("no route to box")
    first, second = away(), away()
    kept.hold([first])
    wait_for(lambda: kept.state().why_not, "the first try")
    StatusFile(first).change(Status.CANCELED)
    kept.wake()
    wait_for(lambda: not kept.is_needed, "nobody")
    clock.seconds += 1000
    asked = played.count("observe")
    kept.hold([second])
    wait_for(lambda: played.count("observe") > asked, "the next try")
    kept.notice_silence()
    assert status(second).status is Status.RUNNING


def test_one_that_hangs_is_silent_too(kept, played, away, clock):
    run = away()
    played.answers.clear()
    kept.hold([run])
    wait_for(lambda: played.asked, "the pass")
    clock.seconds += 1000
    kept.notice_silence()
    assert status(run).reason == "its compute target was asked, and hasn't answered since"


def test_one_that_is_heard_again_is_no_more_silent_while_much_is_brought(kept, played, away, clock):
    run, brings, may_end = away(), threading.Event(), threading.Event()
    played.error = ComputeTargetException("no route to box")
    kept.hold([run])
    wait_for(lambda: kept.state().why_not, "the first try")
    clock.seconds += 1000
    kept.notice_silence()
    assert status(run).status is Status.NOT_RESPONDING
    played.error, played.on_sync = None, lambda _: (brings.set(), may_end.wait(60))
    kept.wake()
    assert brings.wait(60)
    kept.notice_silence()
    assert status(run).status is Status.RUNNING
    may_end.set()


def test_time_asleep_is_no_silence(monkeypatch):
    now = iter([0.0, 1.0, 5000.0, 5001.0])
    with monkeypatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: next(now))
        clock = AwakeClock()
        for _ in range(3):
            clock.tick(5.0)
    assert clock.seconds == 1 + 5 + 1


def test_a_run_whose_folder_is_deleted_or_damaged_is_let_go_and_said(kept, played, away, said):
    runs = [away() for _ in range(3)]
    kept.hold(runs)
    passes(played, 1)
    runs[0].folder.rename(runs[0].folder.with_name("elsewhere"))
    runs[1].record.write_text("{")
    kept.wake()
    wait_for(lambda: kept.state().runs == 1, "these two to go")
    passes(played, 0)
    wait_for(lambda: len(said) == 3, "what is said")
    assert said[1:] == [f"run {runs[0].run_id}: its folder is gone", said[2]]
    assert "run.json" in said[2]
    assert played.asked[-1] == ("sync", (runs[2].run_id,))


def test_one_that_is_not_there_is_said_and_asked_for_again(kept, opened, played, away):
    opened.error = ComputeTargetException("no kind of compute target 'moon'")
    kept.hold([away()])
    wait_for(lambda: kept.why_unusable, "the first try")
    assert kept.state().why_not == kept.why_unusable == "no kind of compute target 'moon'"
    opened.error = None
    kept.wake()
    wait_for(lambda: kept.state().heard_at, "its answer")
    assert not kept.why_unusable


def test_a_new_run_is_asked_about_though_the_last_one_ended_while_it_failed(kept, played, away):
    played.error = ComputeTargetException("no route to box")
    first = away()
    kept.hold([first])
    wait_for(lambda: kept.state().why_not, "the first try")
    StatusFile(first).change(Status.CANCELED)
    kept.wake()
    wait_for(lambda: not kept.is_needed, "nobody")
    played.error = None
    kept.hold([away()])
    wait_for(lambda: kept.state().heard_at, "its answer")


def test_a_connection_is_given_up_once_nobody_needs_it(kept, played, away, monkeypatch):
    monkeypatch.setattr("cellrun.core.targets.keeper.kept_target._NOBODY_S", 0.05)
    run = away()
    kept.hold([run])
    passes(played, 1)
    assert not played.count("close")
    StatusFile(run).change(Status.COMPLETED)
    kept.wake()
    wait_for(lambda: played.count("close"), "its end")
    kept.hold([away()])
    passes(played, 1)
    kept.end()
    kept.wait(10)
    assert played.count("close") == 2


def test_a_target_knows_which_of_its_runs_somebody_looks_at(kept, played, away, monkeypatch):
    monkeypatch.setattr("cellrun.core.targets.keeper.kept_target.WATCHED_S", 0.2)
    seen, looked_at, other = [], away(), away()
    played.on_sync = lambda run: seen.append((run.run_id, played.is_watched, played.watched))
    kept.hold([looked_at, other])
    passes(played, 1)
    kept.watch([looked_at], {})
    passes(played, 2)
    wait_for(lambda: played.watched == frozenset(), "nobody to look any more")
    assert (other.run_id, False, frozenset()) in seen
    assert (other.run_id, True, frozenset({looked_at.run_id})) in seen


def test_a_run_whose_shared_folder_shows_life_does_not_fall_silent_with_its_engine(
    kept, played, away, clock, monkeypatch
):
    monkeypatch.setattr(type(played), "capabilities", frozenset({Capability.SHARES_FILES}))
    alive, silent = away(), away()
    for run in (alive, silent):
        run.processes.write_text("{}")
    os.utime(silent.processes, (time.time() - 1000,) * 2)
    played.error = ComputeTargetException("slurmctld doesn't answer")
    kept.hold([alive, silent])
    wait_for(lambda: kept.state().why_not, "the first try")
    clock.seconds += 1000
    kept.notice_silence()
    assert (status(silent).status, status(silent).reason) == (Status.NOT_RESPONDING, "slurmctld doesn't answer")
    assert status(alive).status is Status.RUNNING


def test_two_hundred_runs_that_wait_are_asked_about_in_one_call_a_pass(kept, played, away):
    waiting = [away(Status.QUEUED) for _ in range(200)]
    ids = {run.run_id for run in waiting}
    played.says = {run_id: Observation(JobState.WAITING, "Priority") for run_id in ids}
    kept.watch(waiting, {})
    passes(played, 3)
    observed = [asked for verb, asked in played.asked if verb == "observe"]
    assert all(set(asked) == ids for asked in observed)
    assert played.count("sync") <= len(observed)
    assert kept.state().waiting == dict.fromkeys(ids, "Priority")
