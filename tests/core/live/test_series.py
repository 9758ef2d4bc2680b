"""What a metric is shown as; the front end is tested on the same cases."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from cellrun.core.live.series import ColumnShape, MetricShape, index_name, series

CASES = json.loads((Path(__file__).parents[2] / "data" / "series.json").read_text())["cases"]


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_series(case):
    metric = case["metric"]
    columns = [ColumnShape(**column) for column in metric["columns"]]
    found = asdict(series(MetricShape(metric["name"], metric["kind"], metric["rows"], columns)))
    assert {**found, "lines": list(found["lines"])} == case["series"]


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
