"""Values in words."""

import collections

import numpy as np
import pandas as pd
import pytest

from cellrun.magics.capture.words import code_words, type_words


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
