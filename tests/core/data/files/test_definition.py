"""A dataset's definition is input: what isn't one is refused, whatever it is."""

import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellrun.core import Dataset
from cellrun.core.data.files.definition import DatasetDefinition
from cellrun.core.errors import DatasetError

PATHS = [{"datastore": "x", "path": "a/*.csv"}]
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
STEPS = ["skip", "take", "take_sample", "random_split", "keep_columns", "drop_columns", "filter", "time", "none"]
STEP = st.lists(PLAIN, max_size=4).flatmap(lambda rest: st.sampled_from(STEPS).map(lambda name: [name, *rest]))


def test_all_that_is_made_is_read_again(animals):
    csv = Dataset.Tabular.from_delimited_files((animals, "animals/*.csv"), validate=False)
    made = (
        csv.with_timestamp_columns("t")
        .filter((csv["a"] > 1.5) & ~csv["b"].contains("x") | csv["c"].is_null())
        .take_sample(0.5)
        .random_split(0.25, seed=-3)[1]
        .skip(1)
        .take(2)
        .keep_columns(["a", "t"])
        .time_before(csv_time(), validate=False)
        .drop_columns("a")
        .definition
    )
    data = json.loads(json.dumps(made.to_json()))
    assert DatasetDefinition.from_json(data) == made
    assert DatasetDefinition.from_json(data).digest == made.digest


def csv_time():
    return datetime(2020, 1, 1)  # noqa: DTZ001  # the column has no zone


@pytest.mark.parametrize(
    "wrong",
    [
        {"paths": [{"datastore": "x", "path": "../y"}]},
        {"paths": [{"datastore": "x", "path": "/y"}]},
        {"paths": [{"local": "y"}]},
        {"paths": [{"local": "/y/../z"}]},
        {"paths": [{"datastore": "x"}]},
        {"paths": [{"url": 3}]},
        {"paths": []},
        {"kind": "model"},
        {"read": []},
        {"steps": {}},
        {"steps": [["take", "3"]]},
        {"steps": [["take", -1]]},
        {"steps": [["take"]]},
        {"steps": [["random_split", 0.5, 1, 2]]},
        {"steps": [["keep_columns", "a"]]},
        {"steps": [["filter", {"column": "a"}]]},
        {"steps": [["filter", ["eq", {"column": "a"}]]]},
        {"steps": [["filter", ["eval", {"value": "1"}, {"value": "2"}]]]},
        {"steps": [["time", "t", "yesterday", None, True]]},
        {"steps": ["take"]},
    ],
)
def test_what_is_no_definition_is_refused(wrong):
    with pytest.raises(DatasetError):
        DatasetDefinition.from_json({"kind": "tabular", "paths": PATHS, "read": {}, "steps": [], **wrong})


@given(PLAIN | st.fixed_dictionaries({"kind": st.just("file"), "paths": st.just(PATHS), "steps": st.lists(STEP)}))
def test_anything_is_a_definition_or_refused(data):
    try:
        made = DatasetDefinition.from_json(data)
    except DatasetError:
        return
    assert made.to_json()["paths"] == PATHS
