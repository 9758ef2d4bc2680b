"""Lists of runs elsewhere: they learn how these are though nobody opens one, and the server's log tells of targets."""

import logging
import time

import pytest
from traitlets.log import get_logger

from cellrun.core import Experiment, ScriptRunConfig
from cellrun.core.targets.keeper.kept_state import KeptState
from cellrun.server.kept_targets import KeptTargets
from tests.core.submitted_runs import wait_for
from tests.core.targets.under_test import KINDS


@pytest.fixture
def box(ws, tmp_path):
    return ws.attach("box", "fake", folder=tmp_path / "far side")


@pytest.fixture
def asleep(ws, box, tmp_path):
    """A run elsewhere that goes on."""
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "train.py").write_text("import time\ntime.sleep(600)\n")
    return Experiment(ws, "digits").submit(ScriptRunConfig(tmp_path / "source", "train.py", compute_target="box"))


def test_a_list_that_is_asked_for_learns_of_a_dead_engine_that_nobody_looked_at(api, at, ws, box, asleep):
    def listed():
        time.sleep(0.2)
        return api.get(f"{at}/runs")["runs"][0]["status"]

    assert listed() != "Failed"
    KINDS["fake"].lose(box, ws.layout.run(asleep.id))
    wait_for(lambda: listed() == "Failed", "the loss in the list")


def test_what_goes_away_and_comes_back_is_logged_once(ws, caplog, monkeypatch):
    monkeypatch.setattr(get_logger(), "propagate", True)
    caplog.set_level(logging.INFO, get_logger().name)
    kept = KeptTargets(ws.layout)
    away = KeptState(why_not="no route to box", since=1.0)
    for state in (KeptState(), away, away, KeptState(heard_at=2.0), KeptState(heard_at=3.0)):
        kept._compare({"box": state})
    about = f"compute target box of {ws.layout.folder}"
    said = [(record.levelname, record.getMessage()) for record in caplog.records if about in record.getMessage()]
    assert said == [("WARNING", f"{about} doesn't answer: no route to box"), ("INFO", f"{about} answers again")]
