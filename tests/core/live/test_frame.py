"""A frame as the message that a front end gets."""

import json

import numpy as np

from cellrun.core.live.frame import ColumnPart, Frame, ImagePart, LogPart, MetricPart

SINE = MetricPart(
    "sine",
    "row",
    rows=3,
    columns=[
        ColumnPart("x", "number", 2.0, numbers=np.array([0.0, 1.0, 2.0])),
        ColumnPart("y", "number", {"float": "NaN"}, numbers=np.array([0.5, np.inf, np.nan])),
        ColumnPart("phase", "text", "b"),
    ],
    at=0,
    length=3,
)


def test_numbers_travel_as_float64_little_endian_with_what_is_not_finite():
    content, buffers = Frame(0, reset=True, header={"run_id": "r"}, metrics=[SINE]).message()
    x, y, phase = content["metrics"][0]["columns"]
    assert np.frombuffer(buffers[x["buffer"]], "<f8").tolist() == [0.0, 1.0, 2.0]
    assert buffers[y["buffer"]] == np.array([0.5, np.inf, np.nan], "<f8").tobytes()
    assert phase == {"name": "phase", "type": "text", "buffer": None, "text": None, "last": "b"}
    assert (content["type"], content["protocol"], content["frame"], content["reset"]) == ("frame", 1, 0, True)
    assert content["header"] == {"run_id": "r"}


def test_all_but_the_buffers_is_json():
    frame = Frame(
        7,
        reset=False,
        metrics=[SINE],
        log=LogPart(10, 14, reset=False, data=b"\xff\x00ab"),
        images=[
            ImagePart("plot", "plot.png", "image/png", 3, b"png"),
            ImagePart("old", "old.png", "image/png", 9, None),
        ],
    )
    content, buffers = frame.message()
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert "header" not in content
    assert content["log"] == {"start": 10, "end": 14, "size": 14, "reset": False, "buffer": 2}
    assert buffers[2] == b"\xff\x00ab"
    assert [image["buffer"] for image in content["images"]] == [3, None]
    assert content["buffers"] == len(buffers) == 4


def test_its_size_is_known_before_it_is_packed():
    frame = Frame(0, reset=True, metrics=[SINE], log=LogPart(0, 5000, reset=True, data=b"x" * 5000))
    content, buffers = frame.message()
    sent = len(json.dumps(content)) + sum(map(len, buffers))
    assert 0.7 * sent < frame.size_bytes < 1.3 * sent
