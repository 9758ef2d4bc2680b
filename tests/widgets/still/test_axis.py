"""What an axis spans, and how its ticks are read."""

import numpy as np
import pytest

from cellrun.widgets.still.axis import Axis, drawable


def labels(*numbers):
    return [label for _, label in Axis.of(np.array(numbers, dtype=float), most=4, margin=0.05).ticks]


@pytest.mark.parametrize(
    ("numbers", "wanted"),
    [
        ((0.01, 1.02), ["0.0", "0.5", "1.0"]),
        ((-1, 1), ["-1", "0", "1"]),
        ((0, 1), ["0", "1"]),  # rows have no halves
        ((5, 5), ["5"]),
        ((0.25, 0.75), ["0.4", "0.6"]),
        ((0, 5e13), ["0", "2e13", "4e13"]),
        ((1e-7, 4e-7), ["1e-7", "2e-7", "3e-7", "4e-7"]),
        ((0.99e8, 1.02e8), ["9.9e7", "1.00e8", "1.01e8", "1.02e8"]),
        ((0, 199), ["0", "100", "200"]),
        ((), ["0"]),
        ((np.nan, np.inf), ["0"]),
    ],
)
def test_ticks_are_few_round_numbers_that_differ(numbers, wanted):
    assert labels(*numbers) == wanted


@pytest.mark.parametrize(
    "numbers", [(1e300, -1e300), (1e308, -1e308, np.inf), (5e-324, 0), (1e16, 1e16 + 2), (0.1, 0.1 + 1e-16)]
)
def test_numbers_of_any_size_have_their_place(numbers):
    given = drawable(np.array(numbers))
    axis = Axis.of(given, most=4, margin=0.05)
    shares = axis.share(given)
    assert np.all((shares[np.isfinite(given)] >= 0) & (shares[np.isfinite(given)] <= 1))
    assert all(axis.low <= number <= axis.high for number, _ in axis.ticks)
    assert len(axis.ticks) <= 6
