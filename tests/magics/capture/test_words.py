"""Values in words, and the texts in tables that may be paths."""

import collections
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellrun.magics.capture.words import code_words, paths_in_table, type_words


class Odd:
    @property
    def shape(self):
        raise RuntimeError("not now")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1, "int"),
        ("text", "str"),
        ([1, 2, 3], "list, 3 items"),
        ({"a": 1}, "dict, 1 item"),
        ((), "tuple, 0 items"),
        (set(range(1234)), "set, 1,234 items"),
        (collections.Counter("aab"), "Counter"),
        (np.zeros((1437, 64)), "ndarray 1437 \u00d7 64 float64"),
        (np.float32(1), "float32"),
        (np.array(2.0), "ndarray float64"),
        (np.zeros(3, [("a", "i4"), ("shape", "f8")]), "ndarray 3 [('a', '<i4'), ('shape', '<f8')]"),
        (pd.Series([1.5]), "Series 1 float64"),
        (pd.DataFrame({"a": [1, 2]}), "DataFrame 2 \u00d7 1"),
        (pd.DataFrame({"dtype": [1, 2], "shape": [3, 4]}), "DataFrame 2 \u00d7 2"),
        (Odd(), "Odd"),
    ],
)
def test_a_value_is_its_type_and_its_shape_or_length(value, words):
    assert type_words(value) == words


def test_code_is_said_with_the_cell_that_defined_it():
    space = {"__name__": "__main__"}
    source = "def f(): pass\nclass A:\n    @property\n    def p(self): pass\nclass B: pass\nclass C(A): q = f\n"
    exec(compile(source, "<cell>", "exec"), space)
    title = {"<cell>": "Cell In[7]"}.get
    assert code_words(space["f"], title) == "function, cell 7"
    assert code_words(space["A"], title) == "class, cell 7"
    assert code_words(space["B"], title) == "class"  # nothing in it tells
    assert code_words(space["C"], title) == "class"  # what it borrows is from elsewhere
    assert code_words(space["f"], {}.get) == "function"


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
def test_texts_of_tables_with_a_folder_or_a_suffix_are_told(table):
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
def test_texts_of_other_kinds_are_not_told(table):
    assert list(paths_in_table(table)) == []


def test_of_many_texts_some_are_told_after_their_folders():
    told = list(paths_in_table(pd.Series([f"images/{number % 7}/{number}.png" for number in range(100_000)])))
    assert set(told[:7]) == {f"images/{number}" for number in range(7)}
    assert len(told) <= 507
    assert told[-1].endswith(".png")
