from __future__ import annotations

import itertools
import math
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from cellrun.core.errors import InvalidMetricError, UserErrorException
from cellrun.core.store.values import plain, plain_list, plain_row, plain_table


class Colour(IntEnum):
    RED = 3


class TorchLike:
    """A tensor's scalar as torch has it: no number to Python, but `shape` and `item()`."""

    shape = ()

    def item(self) -> float:
        return 0.25

    def __repr__(self) -> str:  # the test's name, the same in each process
        return "tensor(0.25)"


class TensorFlowLike:
    """A tensor of one element as TensorFlow has it: no `item()`, and a shape that is no tuple."""

    shape = range(1, 2)

    def numpy(self) -> np.float32:
        return np.float32(0.25)

    def __repr__(self) -> str:
        return "tf.Tensor"


class WithoutData:
    """A tensor of one element that has no number yet, as torch's of the device `meta`."""

    shape = (1,)

    def item(self) -> float:
        raise NotImplementedError("no data")

    def __repr__(self) -> str:
        return "tensor(..., device='meta')"


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        *((value, value) for value in (1.5, 2, True, None, "Red", math.inf, -math.inf, 2**600, -(2**53) - 1)),
        (1e400, math.inf),
        (np.float32(0.5), 0.5),
        (np.float16(0.5), 0.5),
        (np.float64(0.1), 0.1),
        (np.longdouble("0.5"), 0.5),
        (np.float64("inf"), math.inf),
        (np.int8(-3), -3),
        (np.int64(5), 5),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.array(3.5), 3.5),
        (np.array([[3.5]]), 3.5),
        (np.array([2]), 2),
        (pd.Series([2]), 2),
        (np.array(["a"]), "a"),
        (np.ma.array([[3.5]], mask=[[False]]), 3.5),
        (np.ma.array([[3.5]], mask=[[True]]), None),
        (np.ma.masked, None),
        (TensorFlowLike(), 0.25),
        (WithoutData(), "tensor(..., device='meta')"),
        (np.ndarray, "<class 'numpy.ndarray'>"),
        (TorchLike(), 0.25),
        (Colour.RED, 3),
        (Decimal("0.1"), 0.1),
        (Decimal("Infinity"), math.inf),
        (Fraction(1, 4), 0.25),
        ((1, 2), "(1, 2)"),
        ({"a": 1}, "{'a': 1}"),
        (np.array([1, 2]), "array([1, 2])"),
        (b"x", "b'x'"),
    ],
    ids=repr,
)
def test_a_value_becomes_pythons_own(given: object, stored: object) -> None:
    value = plain("m", given)
    assert (type(value), value) == (type(stored), stored)


@pytest.mark.parametrize("given", [math.nan, np.float32("nan"), Decimal("NaN"), Decimal("sNaN")])
def test_what_is_no_number_stays_nan(given: object) -> None:
    value = plain("m", given)
    assert type(value) is float
    assert math.isnan(value)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (Decimal("1e400"), "beyond what a float holds"),
        (Fraction(10**400), "beyond what a float holds"),
        (Fraction(2**20_000), "beyond what a float holds"),
        (2**20_000, "14,000 bits at most, got one of 20,001"),
    ],
    ids=["decimal", "fraction", "too long a fraction to print", "too long an int to print"],
)
def test_a_value_that_cannot_be_kept_is_refused(given: object, told: str) -> None:
    with pytest.raises(InvalidMetricError) as caught:
        plain("x", given)
    assert caught.value.name == "x"
    assert "metric 'x'" in str(caught.value)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ([1, 2.5, "a", None, True], [1, 2.5, "a", None, True]),
        ((1, 2), [1, 2]),
        (range(3), [0, 1, 2]),
        ((x / 2 for x in range(3)), [0.0, 0.5, 1.0]),
        (np.array([1, 2]), [1, 2]),
        (np.linspace(0, 1, 3, dtype=np.float32), [0.0, 0.5, 1.0]),
        ([np.float32(0.5), np.int64(3), 2**70], [0.5, 3, 2**70]),
        ({7}, [7]),
        ([], []),
    ],
)
def test_lists(given: object, stored: list[object]) -> None:
    listed = plain_list("m", given)
    assert [(type(value), value) for value in listed] == [(type(value), value) for value in stored]


@pytest.mark.parametrize("given", ["text", b"bytes", {"a": 1}, 5, None])
def test_what_is_no_list_is_refused(given: object) -> None:
    with pytest.raises(UserErrorException, match="log_list takes a list of values"):
        plain_list("m", given)


@pytest.mark.parametrize("given", [[[1, 2]], np.zeros((2, 2)), [1, np.array([1, 2])], [(1,)]])
def test_a_list_in_a_list_is_refused(given: object) -> None:
    with pytest.raises(InvalidMetricError, match="a value of a list is one number or text, not a "):
        plain_list("m", given)


def test_more_values_than_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(plain_list("m", np.zeros(1_000_000))) == 1_000_000
    with pytest.raises(
        InvalidMetricError, match=r"holds 1,000,001 values, the limit is 1,000,000 \(CELLRUN_CALL_VALUES\)"
    ):
        plain_list("m", [0.0] * 1_000_001)
    monkeypatch.setenv("CELLRUN_CALL_VALUES", "10")
    with pytest.raises(InvalidMetricError, match="more than 10 values, the limit is 10"):
        plain_list("m", itertools.count())


def test_rows() -> None:
    assert plain_row("m", {"x": np.int64(1), "y": 0.4}) == {"x": 1, "y": 0.4}
    assert plain_row("m", {"x": np.array([0.5])}) == {"x": 0.5}
    assert plain_row("m", {}) == {}
    with pytest.raises(InvalidMetricError, match=r"column 'x' is one number or text, not a list; got \[1, 2\]"):
        plain_row("m", {"x": [1, 2]})


def test_tables() -> None:
    assert plain_table("m", {"x": np.array([1, 2]), "y": (0.5, None)}) == {"x": [1, 2], "y": [0.5, None]}
    assert plain_table("m", {"x": 1, "y": "a"}) == {"x": [1], "y": ["a"]}
    assert plain_table("m", {}) == {}
    with pytest.raises(InvalidMetricError, match="same length; got 'x' has 2, 'y' has 1"):
        plain_table("m", {"x": [1, 2], "y": [1]})
    with pytest.raises(UserErrorException, match=r"a dict of columns.*got list \[1, 2\]"):
        plain_table("m", [1, 2])
