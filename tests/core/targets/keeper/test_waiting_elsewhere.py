"""Why runs wait elsewhere, as lists tell it."""

from pathlib import Path

from cellrun.core.targets.contract import JobState, Observation
from cellrun.core.targets.keeper.awake import AwakeClock
from cellrun.core.targets.keeper.kept_state import KeptState
from cellrun.core.targets.keeper.kept_target import KeptTarget
from cellrun.core.targets.keeper.waiting_elsewhere import WaitingElsewhere
from tests.core.submitted_runs import wait_for


def test_what_changes_is_another_version():
    waiting, one, other = WaitingElsewhere(), Path("/one"), Path("/other")
    assert waiting.now() == (0, {})
    waiting.take(one, {"hpc": KeptState(waiting={"a": "Priority"}), "ray": KeptState(waiting={"b": "3 before it"})})
    assert waiting.now() == (1, {"a": "Priority", "b": "3 before it"})
    waiting.take(other, {"hpc": KeptState(waiting={"c": "Resources"})})
    waiting.take(other, {"hpc": KeptState(waiting={"c": "Resources"})})
    assert waiting.now() == (2, {"a": "Priority", "b": "3 before it", "c": "Resources"})
    waiting.take(one, {})
    assert waiting.now() == (3, {"c": "Resources"})


def test_the_keeper_knows_why_its_runs_wait(played, away):
    class Opened:
        def get(self):
            return played

        def close(self):
            """Nothing is held."""

    waits, runs = away(), away()
    played.says[waits.run_id] = Observation(JobState.WAITING, "Resources")
    kept = KeptTarget(Opened(), AwakeClock(), lambda: None, lambda _: None)
    kept.hold([waits, runs])
    wait_for(lambda: kept.state().heard_at, "the first pass")
    assert KeptState.from_json(kept.state()._asdict()).waiting == {waits.run_id: "Resources"}
    kept.end()
    kept.wait(10)
