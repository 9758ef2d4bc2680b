"""What people are told of a target that is kept."""

import json

import pytest

from cellrun.core.targets.keeper.kept_state import KeptState, state_text

PAUSED = "it isn't asked again until %targets NAME, a new run or a notebook with other credentials does"


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (KeptState(), "asked for the first time; 0 runs"),
        (KeptState(heard_at=997, runs=1), "heard of 3 s ago; 1 run"),
        (
            KeptState(heard_at=700, why_not="no route to box", since=880, next_try=1030, runs=2),
            "not heard of for 2 min: no route to box; asked again in 30 s; 2 runs",
        ),
        (
            KeptState(why_not="denied", since=990, is_paused=True, runs=2),
            f"not heard of for 10 s: denied; {PAUSED}; 2 runs",
        ),
        (
            KeptState(heard_at=1000, runs=3, problems={"b": "disk full", "a": "damaged"}),
            "heard of 0 s ago; 3 runs; a: damaged; b: disk full",
        ),
    ],
)
def test_it_says_when_it_was_heard_of_and_why_not_since(state, told):
    assert state_text(state, now=1000) == told


def test_it_comes_back_from_json_also_from_that_of_a_newer_cellrun():
    state = KeptState(heard_at=1.5, runs=2, problems={"a": "damaged"})
    told = json.loads(json.dumps({**state._asdict(), "mood": "fine"}))
    assert KeptState.from_json(told) == state
