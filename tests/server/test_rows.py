"""A run as a list shows it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import fields
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellrun.core.layout import RunLayout
from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.events.metric_summary import MetricSummary
from cellrun.core.store.lists.run_row import RowCell, RunRow
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.targets.keeper.kept_state import KeptState
from cellrun.core.targets.keeper.waiting_elsewhere import WAITING_ELSEWHERE
from cellrun.server.rows import METRICS_LISTED, SPARKLINE_POINTS, course, last_value, row_json
from tests.server.described import resolved


def summary(*values: Any, kind: str = "log") -> MetricSummary:
    made = MetricSummary(kind)
    for value in values:
        made.add(1.0, {"loss": value}, (value,))
    return made


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], None),
        ([1.0], None),
        ([1, 2], [0, 255]),
        ([2.0, 1.0, 1.5], [255, 0, 128]),
        ([3, 3, 3], [127, 127, 127]),
        ([0.0, math.nan, 1.0, math.inf], [0, None, 255, None]),
        (["a", "b", 1.0], None),
        ([-1.7e308, 1.7e308], [0, 255]),
        ([5e-324, 0.0], None),
    ],
)
def test_a_course(values: list[Any], expected: list[int | None] | None) -> None:
    found = course(summary(*values))
    if values == [5e-324, 0.0]:  # so near to each other that half their distance is none
        assert found in ([127, 127], [255, 0])
    else:
        assert found == expected


@given(st.lists(st.floats() | st.integers() | st.none() | st.text(), max_size=500))
def test_a_course_is_short_and_in_range(values: list[Any]) -> None:
    found = course(summary(*values))
    if found is not None:
        assert 2 <= len(found) <= SPARKLINE_POINTS
        assert all(point is None or 0 <= point <= 255 for point in found)


@pytest.mark.parametrize(
    ("kind", "last", "expected"),
    [
        ("log", {"loss": 0.5}, 0.5),
        ("log", {"loss": math.nan}, {"float": "NaN"}),
        ("log", {"loss": 2**60}, {"int": str(2**60)}),
        ("log", {"loss": "x" * 300}, "x" * 200),
        ("row", {"x": 1, "y": 2, "note": "n"}, 2),
        ("row", {"note": "n"}, "n"),
        ("table", {"name": "a", "x": 3}, 3),
        ("log", {}, None),
    ],
)
def test_a_last_value(kind: str, last: dict[str, Any], expected: Any) -> None:
    made = MetricSummary(kind)
    made.last = last
    assert last_value(made) == expected


def test_a_row_has_few_metrics_and_the_courses_asked_for(new_run: Callable[..., RunLayout]) -> None:
    layout = new_run(parameters={"lr": "0.1"}, tags={"a": None})
    log = EventLog(layout)
    log.log("first", 1.0)
    for number in range(60):
        log.list_(f"m{number}", [1.0, 2.0])
    log.close()
    row = row_json(RunRow.read(layout), ["*", "m3", "first", "nix"])
    assert len(row["metrics"]) == METRICS_LISTED
    assert row["sparks"] == {"m0": [0, 255], "m3": [0, 255]}
    assert (row["parameters"], row["tags"], row["cell"]) == ({"lr": "0.1"}, {"a": None}, None)
    assert row_json(RunRow.read(layout))["sparks"] == {}
    json.dumps(row, allow_nan=False)


def test_a_table_has_no_last_value(new_run: Callable[..., RunLayout]) -> None:
    layout = new_run()
    log = EventLog(layout)
    log.table("per_class", {"name": ["a", "b"], "recall": [0.9, 0.5]})
    log.table("predicted", {"actual": [1.0, 3.0, 2.0], "predicted": [1.1, 2.9, 2.1]})
    log.row("best", {"model": "svm", "recall": 0.9})
    log.table("roc", {"fpr": [0.0, 1.0], "tpr": [0.0, 0.75]})
    log.log("loss", 0.25)
    log.close()
    assert row_json(RunRow.read(layout))["metrics"] == {"roc": 0.75, "loss": 0.25}


def test_a_row_says_which_cell_it_came_from(new_run: Callable[..., RunLayout]) -> None:
    cell = {"source": "1 + 1", "id": "c1", "notebook": "/n/a.ipynb"}
    row = row_json(RunRow.read(new_run(cell=cell)))
    assert row["cell"] == {"notebook": "/n/a.ipynb", "id": "c1", "source_hash": row["cell"]["source_hash"]}
    assert len(row["cell"]["source_hash"]) == 32


def test_a_run_that_waits_elsewhere_says_why_in_its_engines_words(new_run: Callable[..., RunLayout]) -> None:
    layout = new_run(kind="script")
    StatusFile(layout).change(Status.QUEUED)
    assert row_json(RunRow.read(layout))["reason"] is None
    folder = layout.workspace.folder
    WAITING_ELSEWHERE.take(folder, {"hpc": KeptState(waiting={layout.run_id: "Priority"})})
    assert row_json(RunRow.read(layout))["reason"] == "Priority"
    StatusFile(layout).change(Status.RUNNING)
    assert row_json(RunRow.read(layout))["reason"] is None
    WAITING_ELSEWHERE.take(folder, {})


NAMES = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}


def of_hint(hint: Any) -> Any:
    """Return a Python type as `of_schema` does one of openapi.yaml's."""
    if isinstance(hint, UnionType):
        return frozenset().union(*(of_hint(each) for each in get_args(hint)))
    if get_origin(hint) is Literal or (isinstance(hint, type) and issubclass(hint, Enum)):
        values = get_args(hint) or [each.value for each in hint]
        return frozenset({("enum", frozenset(values))})
    if get_origin(hint) is dict:
        return frozenset({("map", of_hint(get_args(hint)[1]))})
    if hasattr(hint, "_fields"):
        return frozenset({("record", frozenset((name, of_hint(each)) for name, each in get_type_hints(hint).items()))})
    return frozenset({NAMES[hint]})


def of_schema(said: dict[str, Any]) -> Any:
    said = resolved(said)
    if "anyOf" in said:
        return frozenset().union(*(of_schema(each) for each in said["anyOf"]))
    if "enum" in said:
        return frozenset({("enum", frozenset(said["enum"]))})
    if "properties" in said:
        assert set(said["required"]) == set(said["properties"])
        return frozenset({("record", frozenset((name, of_schema(each)) for name, each in said["properties"].items()))})
    if "additionalProperties" in said:
        return frozenset({("map", of_schema(said["additionalProperties"]))})
    return frozenset([said["type"]] if isinstance(said["type"], str) else said["type"])


def test_openapi_describes_a_row_as_its_record_is() -> None:
    hints = get_type_hints(RunRow)
    said = resolved({"$ref": "#/components/schemas/Row"})
    assert set(said["required"]) == set(said["properties"])
    made_by_the_server = {"metrics", "sparks"}
    names = {each.name for each in fields(RunRow)} - {"properties"}
    assert set(said["properties"]) == names | made_by_the_server

    for name in names - made_by_the_server:
        assert of_schema(said["properties"][name]) == of_hint(hints[name]), name
    assert of_schema({"$ref": "#/components/schemas/RowCell"}) == of_hint(RowCell)
