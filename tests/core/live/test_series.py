"""What a metric is shown as; the front end is tested on the same cases."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from cellrun.core.live.series import series
from cellrun.core.store.events.metric_shape import ColumnShape, MetricShape

CASES = json.loads((Path(__file__).parents[2] / "data" / "series.json").read_text())["cases"]


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_series(case):
    metric = case["metric"]
    columns = [ColumnShape(**column) for column in metric["columns"]]
    found = asdict(series(MetricShape(metric["name"], metric["kind"], metric["rows"], columns)))
    assert {**found, "lines": list(found["lines"])} == case["series"]
