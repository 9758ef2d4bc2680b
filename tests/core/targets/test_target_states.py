"""How all targets of a workspace are: asked each by itself, with what was known last."""

import threading
import time

import pytest

from cellrun.core import ComputeTargetException, Workspace
from cellrun.core.targets.contract import Finding
from cellrun.core.targets.fake import FakeTarget
from cellrun.core.targets.keeper import client
from cellrun.core.targets.keeper.kept_state import KeptState
from cellrun.core.targets.local.target import LocalTarget
from cellrun.core.targets.target_states import TargetStates, findings
from tests.core.submitted_runs import wait_for


@pytest.fixture
def ws(tmp_path):
    return Workspace.create("states", tmp_path / "workspace")


@pytest.fixture
def dead(ws, tmp_path, monkeypatch):
    """A target whose machine doesn't answer until it is let go."""
    let_go = threading.Event()

    def describe(target):
        if target.name != "dead":
            return described(target)
        let_go.wait(60)
        raise ComputeTargetException("dead can't be reached")

    described = FakeTarget.describe
    monkeypatch.setattr(FakeTarget, "describe", describe)
    ws.attach("dead", "fake", folder=tmp_path / "dead")
    yield let_go
    let_go.set()


def by_name(states):
    return {state.name: state for state in states}


def test_one_that_does_not_answer_holds_up_no_other(ws, tmp_path, dead):
    ws.attach("box", "fake", folder=tmp_path / "box")
    states = TargetStates(ws.layout)
    first = by_name(states.now())
    assert first["dead"].is_asked

    def others():
        found = by_name(states.now())
        return found["box"].described and found["local"].described

    wait_for(others, "the answers of the others")
    now = by_name(states.now())
    assert (now["dead"].is_asked, now["dead"].described, now["dead"].why_not) == (True, None, "")
    assert now["local"].described.capacity.cpus > 0
    dead.set()
    wait_for(lambda: by_name(states.now())["dead"].why_not, "why it doesn't answer")
    silent = by_name(states.answered(60))["dead"]  # whose thread may just be ending
    assert silent.why_not == "dead can't be reached"
    assert silent.since <= time.time()
    assert not silent.is_asked  # it isn't asked again at once


def test_all_answers_are_waited_for_but_not_for_ever(ws, dead):
    states = TargetStates(ws.layout)
    wait_for(lambda: by_name(states.answered(0.5))["local"].described, "the answer of one that does")
    assert by_name(states.now())["dead"].is_asked
    dead.set()
    assert by_name(TargetStates(ws.layout).answered(60))["dead"].why_not == "dead can't be reached"


def test_what_was_known_last_stays_while_nothing_is_heard(ws, monkeypatch):
    def silent(_):
        raise RuntimeError("not today")

    states = TargetStates(ws.layout)
    heard = by_name(states.answered(60))["local"]
    monkeypatch.setattr(LocalTarget, "describe", silent)
    states.now(again=True)
    wait_for(lambda: by_name(states.now())["local"].why_not, "the failure")
    now = by_name(states.now())["local"]
    assert (now.described, now.heard_at) == (heard.described, heard.heard_at)
    assert now.why_not == "RuntimeError: not today"


def test_one_of_which_the_keeper_does_not_hear_is_asked_by_it_alone(ws, dead, monkeypatch):
    kept = KeptState(heard_at=1.0, why_not="no route to dead", since=2.0, next_try=3.0)
    monkeypatch.setattr(client, "states", lambda _: {"dead": kept})
    woken = []
    monkeypatch.setattr(client, "wake", lambda _, name: woken.append(name))
    states = TargetStates(ws.layout)
    silent = by_name(states.now())["dead"]
    assert not silent.is_asked
    assert (silent.heard_at, silent.why_not, silent.since) == (1.0, "no route to dead", 2.0)
    assert woken == []
    states.now(again=True)
    assert woken == ["dead"]


def test_one_that_was_attached_anew_is_another_one(ws, tmp_path):
    ws.attach("box", "fake", folder=tmp_path / "first")
    states = TargetStates(ws.layout)
    assert by_name(states.answered(60))["box"].described
    ws.detach("box")
    ws.attach("box", "fake", folder=tmp_path / "second")
    new = by_name(states.now())["box"]
    assert new.where == str(tmp_path / "second")
    assert new.heard_at is None or not new.is_asked
    ws.detach("box")
    assert list(by_name(states.now())) == ["local"]


def test_one_that_another_user_attached_says_what_there_is_to_trust(ws, tmp_path):
    ws.attach("lent", "fake", folder=tmp_path / "far")
    (ws.layout.targets / "lent.sig").unlink()
    (ws.layout.targets / "broken.json").write_text("{")
    listed = by_name(TargetStates(ws.layout).answered(60))
    lent = listed["lent"].others
    assert (lent.kind, lent.settings, lent.why) == ("fake", {"folder": str(tmp_path / "far")}, "it isn't signed")
    assert "ws.attach('lent', 'fake', folder=" in listed["lent"].why_unusable
    assert "can't be read" in listed["broken"].why_unusable
    assert listed["broken"].others is None


def test_a_doctor_that_fails_is_a_finding(monkeypatch):
    def fails(_):
        raise ComputeTargetException("no answer")

    monkeypatch.setattr(LocalTarget, "doctor", fails)
    assert findings(LocalTarget("local")) == [Finding("local", is_well=False, text="no answer")]
