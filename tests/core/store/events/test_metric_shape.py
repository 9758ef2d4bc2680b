"""What there is to know of a metric without its values."""

import math

import pytest

from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.events.metric import Metric
from cellrun.core.store.events.metric_shape import ColumnShape, index_name
from cellrun.core.store.events.metrics import Metrics
from cellrun.core.store.events.reader import EventReader


@pytest.mark.parametrize(
    ("kind", "logged", "index"),
    [
        ("log", [("loss", "number")], "step"),
        ("log", [("step", "number")], "#"),
        ("list", [("weights", "number")], "row"),
        ("row", [("x", "number"), ("y", "number")], None),
        ("row", [("row", "number"), ("height", "number")], None),
        ("row", [("row", "number")], "#"),
        ("table", [("label", "text"), ("value", "number")], "row"),
        ("row", [], "row"),
    ],
)
def test_an_index_goes_before_columns_without_an_x(kind, logged, index):
    assert index_name(kind, [ColumnShape(*column) for column in logged]) == index


def test_heads(layout):
    log = EventLog(layout)
    log.log("loss", 0.5, 10)
    log.row("sine", {"x": 1, "y": math.inf})
    log.table("words", {"a": ["x" * 5]})
    log.close()
    metrics = Metrics(EventReader(layout))
    metrics.update()
    assert [metric.head.to_json() for metric in metrics.metrics.values()] == [
        {
            "name": "loss",
            "kind": "log",
            "rows": 1,
            "columns": [
                {"name": "step", "type": "number", "ordered": True, "last": 10.0},
                {"name": "loss", "type": "number", "ordered": True, "last": 0.5},
            ],
        },
        {
            "name": "sine",
            "kind": "row",
            "rows": 1,
            "columns": [
                {"name": "x", "type": "number", "ordered": True, "last": 1},
                {"name": "y", "type": "number", "ordered": True, "last": {"float": "Infinity"}},
            ],
        },
        {
            "name": "words",
            "kind": "table",
            "rows": 1,
            "columns": [
                {"name": "row", "type": "number", "ordered": True, "last": 0.0},
                {"name": "a", "type": "text", "ordered": True, "last": "xxxxx"},
            ],
        },
    ]


def test_heads_say_of_rows_what_a_line_can_be_drawn_over():
    metric = Metric("predicted", "table")
    metric.add_table(0.0, {"epoch": [0, 1, 2], "predicted": [0.5, 0.75, 0.25], "done": [False, None, True]})
    assert metric.head.shape.columns == [
        ("epoch", "number", True),
        ("predicted", "number", False),
        ("done", "other", True),
    ]
