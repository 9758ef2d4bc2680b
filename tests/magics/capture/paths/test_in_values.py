"""Texts of tables that may be paths."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellrun.magics.capture.paths.in_values import paths_in_table

PATHS = ["data/a.csv", "b.csv"]


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"n": [1, 2], "path": PATHS}),
        pd.DataFrame({"path": pd.Series(PATHS, dtype="string")}),
        pd.DataFrame({"path": [Path(each) for each in PATHS]}),
        pd.Series(PATHS),
        pd.Series(PATHS, dtype="category"),
        pd.Index(PATHS),
        np.array(PATHS),
        np.array([PATHS], dtype=object).T,
    ],
)
def test_texts_with_a_folder_or_a_suffix_are_told(table):
    assert list(paths_in_table(table)) == PATHS


@pytest.mark.parametrize(
    "table",
    [
        [*PATHS],  # told as the list that it is
        pd.DataFrame({"n": [1.5, 2.5]}),
        pd.DataFrame({"text": ["word", None, "who is there?", "a.b\nc.d", "x." * 1_000, "*.csv"]}),
        np.zeros(3),
        np.array(None, dtype=object),
        pd.DataFrame(),
    ],
)
def test_nothing_else_is(table):
    assert list(paths_in_table(table)) == []


def test_of_many_some_are_told_after_their_folders():
    told = list(paths_in_table(pd.Series([f"images/{number % 7}/{number}.png" for number in range(100_000)])))
    assert set(told[:7]) == {f"images/{number}" for number in range(7)}
    assert len(told) <= 507
    assert told[-1].endswith(".png")
