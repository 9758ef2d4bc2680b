"""Types of columns: the same however a table comes in blocks, and no value is lost."""

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cellrun.core import Dataset
from cellrun.core.data.tables import delimited_files
from cellrun.core.data.tables.column_types import guessed
from tests.core.data.data_folders import put_file

CELL = st.sampled_from(
    ["", "0", "-7", "12", "1.5", "1e3", "true", "False", "x", "2020-01-31", "2020-01-31 10:00", "2020-01-31T10:00:00Z"]
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.lists(CELL, min_size=1, max_size=2), st.integers(1, 40)), min_size=1, max_size=4))
def test_a_table_is_the_same_in_any_blocks(store, monkeypatch, parts):
    cells = [cell for some, times in parts for cell in some * times]
    put_file(store, "t.csv", "a,n\n" + "".join(f"{cell},{n}\n" for n, cell in enumerate(cells)))
    frames = []
    for block in (64, 4_000_000):
        monkeypatch.setattr(delimited_files, "_BLOCK_BYTES", block)
        frames.append(Dataset.Tabular.from_delimited_files((store, "t.csv")).to_pandas_dataframe())
    pd.testing.assert_frame_equal(*frames)
    assert frames[0]["n"].tolist() == list(range(len(cells)))
    assert frames[0]["a"].isna().tolist() == [cell == "" for cell in cells]


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["1", "-2", " 3 ", None], pa.int64()),
        (["1", "2.5", "nan"], pa.float64()),
        (["1e5"], pa.float64()),
        (["TRUE", "false"], pa.bool_()),
        (["true", "1"], pa.string()),
        (["0x1F"], pa.string()),
        (["1,5"], pa.string()),
        (["2020-01-01", "2020-01-01T10:00:00.1234567"], pa.timestamp("us")),
        (["2020-01-01", "2020-01-01T10:00:00+01:00", None], pa.timestamp("us")),
        (["01/02/2020"], pa.string()),
        (["2020-01-01", "x"], pa.string()),
        (["12:30Z", "2020-01-01"], pa.string()),
        (["9223372036854775807"], pa.int64()),
        (["9223372036854775808"], pa.string()),
    ],
)
def test_what_texts_are(texts, kind):
    assert guessed(pa.array(texts)) == kind
