"""What views are told of runs' lives, as it was recorded for the front end's tests."""

import json
from base64 import b64decode

import pytest

from tests.core.live.frame_lives import ANEW, FILE, recorded
from tests.core.live.view_model import ViewModel

LIVES = json.loads(FILE.read_bytes())["lives"]


def test_the_recording_is_what_the_code_makes():
    assert json.loads(FILE.read_bytes()) == recorded(), f"{FILE.name} is out of date; if that is meant: {ANEW}"


@pytest.mark.parametrize("life", LIVES, ids=[life["title"] for life in LIVES])
def test_a_view_that_applied_all_frames_holds_what_the_feed_believes(life):
    view = ViewModel()
    missed = False
    for frame in life["frames"]:
        missed = (missed or "lost" in frame) and not frame["content"]["reset"]
        if not missed:  # else the page asks for a whole frame
            view.apply(frame["content"], [b64decode(buffer) for buffer in frame["buffers"]])
    state = life["state"]
    assert view.header.items() >= state["header"].items()
    assert {name: metric["rows"] for name, metric in view.metrics.items()} == {
        metric["name"]: metric["rows"] for metric in state["metrics"]
    }
    for metric in state["metrics"]:
        for column in metric["columns"]:
            if column["buffer"] is not None:
                assert view.columns[metric["name"]][column["name"]].tobytes() == b64decode(column["buffer"])
    assert view.log.endswith(b64decode(state["log"]["buffer"]))
    assert view.images == {image["path"]: image["buffer"] and b64decode(image["buffer"]) for image in state["images"]}
