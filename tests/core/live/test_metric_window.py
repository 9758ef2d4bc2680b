"""Parts of a metric, as a chart asks for them."""

import json

import numpy as np
import pytest

from cellrun.core.errors import UserErrorException
from cellrun.core.live.metric_window import window
from cellrun.core.store.events.metric import Metric


def plain_metric(values, steps=()):
    metric = Metric("loss", "log")
    metric.add_values([1000.0 + row for row in range(len(values))], values, steps)
    return metric


def columns(answer):
    json.dumps(answer, allow_nan=False)
    return {column["name"]: column["values"] for column in answer["columns"]}


def test_all_of_a_short_metric():
    answer = window(plain_metric([0.5, 0.25]))
    assert answer == {
        "name": "loss",
        "kind": "log",
        "rows": 2,
        "x": "step",
        "columns": [
            {"name": "step", "type": "number", "values": [0.0, 1.0]},
            {"name": "loss", "type": "number", "values": [0.5, 0.25]},
        ],
        "exact": True,
        "next": 2,
    }


def test_values_are_as_they_were_logged():
    large = {"int": str(2**70)}
    parsed = [1, 2.5, {"float": "NaN"}, {"float": "-Infinity"}, large, True, None, "text"]
    assert columns(window(plain_metric(parsed)))["loss"] == parsed


@pytest.mark.parametrize(
    ("x", "low", "high", "chosen"),
    [
        ("step", 20, 40, [20.0, 30.0, 40.0]),
        ("step", None, 15, [0.0, 10.0]),
        ("step", 35.5, None, [40.0]),
        ("step", 41, 99, []),
        ("time", 1001, 1002.5, [1001.0, 1002.0]),
        ("loss", 0.3, 0.4, [0.3, 0.4]),
    ],
)
def test_rows_between_two_values(x, low, high, chosen):
    metric = plain_metric([0.1, 0.2, 0.3, 0.4, 0.5], steps=[0, 10, 20, 30, 40])
    answer = window(metric, x=x, low=low, high=high)
    assert answer["x"] == x
    assert columns(answer)[x] == chosen
    assert answer["exact"]


def test_from_a_row_on():
    metric = plain_metric([0.1, 0.2, 0.3])
    answer = window(metric, start=1)
    assert columns(answer) == {"step": [1.0, 2.0], "loss": [0.2, 0.3]}
    assert columns(window(metric, start=answer["next"])) == {"step": [], "loss": []}
    metric.add_values([1003.0], [0.4])
    assert columns(window(metric, start=answer["next"])) == {"step": [3.0], "loss": [0.4]}


def test_rows_of_columns_are_drawn_over_their_own_x():
    metric = Metric("sine", "row")
    for row in range(5):
        metric.add_row(1000.0 + row, {"x": row / 2, "y": float(row), "note": f"n{row}"})
    answer = window(metric, low=0.5, high=1.0)
    assert answer["x"] == "x"
    assert columns(answer) == {"x": [0.5, 1.0], "y": [1.0, 2.0], "note": ["n1", "n2"]}
    assert [column["type"] for column in answer["columns"]] == ["number", "number", "text"]
    by_time = window(metric, x="time", high=1001.0)
    assert list(columns(by_time)) == ["time", "x", "y", "note"]
    assert columns(by_time)["time"] == [1000.0, 1001.0]
    assert columns(window(metric, x="step", high=0))["step"] == [0.0]


def test_a_logged_column_is_meant_before_step_and_time():
    metric = Metric("sine", "row")
    metric.add_row(1000.0, {"step": 7, "time": 8.5})
    assert window(metric, x="step")["x"] == "step"
    assert columns(window(metric, x="step")) == {"step": [7], "time": [8.5]}
    assert columns(window(metric, x="time", low=8.5, high=8.5)) == {"step": [7], "time": [8.5]}


@pytest.mark.parametrize("x", ["none", "note", ""])
def test_an_x_that_is_none(x):
    metric = Metric("sine", "row")
    metric.add_row(1000.0, {"x": 1, "y": 2, "note": "text"})
    with pytest.raises(UserErrorException, match="metric 'sine'"):
        window(metric, x=x)


def test_text_alone():
    metric = Metric("words", "table")
    metric.add_table(1.0, {"a": ["x", "y"]})
    answer = window(metric)
    assert columns(answer) == {answer["x"]: [0.0, 1.0], "a": ["x", "y"]}


def test_a_long_metric_is_thinned_and_keeps_its_extremes():
    values = np.sin(np.linspace(0, 60, 100_000)).tolist()
    values[54_321] = 99.0
    metric = plain_metric(values)
    answer = window(metric, points=500)
    assert not answer["exact"]
    assert len(columns(answer)["loss"]) <= 500
    assert 99.0 in columns(answer)["loss"]
    assert columns(answer)["step"][0] == 0.0
    assert columns(answer)["step"][-1] == 99_999.0
    zoomed = window(metric, low=54_300, high=54_340, points=500)
    assert zoomed["exact"]
    assert columns(zoomed)["loss"] == values[54_300:54_341]


def test_thinning_keeps_a_gap():
    values = [1.0] * 10_000
    values[5_000] = {"float": "NaN"}
    assert {"float": "NaN"} in columns(window(plain_metric(values), points=100))["loss"]


def test_so_many_rows_from_one_on_are_all_of_them():
    metric = plain_metric([0.0, 10.0, 20.0, 30.0, 40.0])
    part = window(metric, start=1, count=3, points=3)
    assert (columns(part)["loss"], part["exact"], part["next"], part["rows"]) == ([10.0, 20.0, 30.0], True, 4, 5)
    part = window(metric, start=part["next"], count=3)
    assert (columns(part)["loss"], part["next"]) == ([40.0], 5)
