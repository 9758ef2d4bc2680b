"""Thinning keeps what can be seen."""

import numpy as np
import pytest

from cellrun.core.live.downsample import is_ascending, thin


def test_few_rows_are_all_kept():
    assert thin([np.arange(5.0)], 10).tolist() == [0, 1, 2, 3, 4]
    assert thin([], 10).tolist() == []


def test_extremes_and_ends_are_kept():
    curve = np.sin(np.linspace(0, 20, 100_000))
    curve[31_415] = 9.0
    curve[77_777] = -9.0
    kept = thin([curve], 2000)
    assert len(kept) <= 2000
    assert {0, 31_415, 77_777, 99_999} <= set(kept.tolist())
    assert np.all(np.diff(kept) > 0)


def test_every_curve_keeps_its_own_extreme():
    curves = [np.zeros(50_000) for _ in range(4)]
    for number, curve in enumerate(curves):
        curve[10_000 * number + 1234] = 1.0
    kept = thin(curves, 2000)
    assert len(kept) <= 2000
    assert {1234, 11_234, 21_234, 31_234} <= set(kept.tolist())


def test_a_gap_stays_a_gap():
    curve = np.ones(10_000)
    curve[5_000:5_003] = np.nan
    curve[7_000] = np.inf
    kept = thin([curve], 500)
    assert len(kept) <= 500
    assert {5_000, 7_000} <= set(kept.tolist())
    assert np.isfinite(curve[kept]).sum() == len(kept) - 2


def test_more_gaps_than_room_are_still_bounded():
    curve = np.tile([1.0, np.nan], 50_000)
    kept = thin([curve], 1000)
    assert len(kept) <= 1000
    assert np.isnan(curve[kept]).sum() > 400


@pytest.mark.parametrize("most", range(2, 12))
def test_more_curves_with_gaps_than_there_is_room_for_are_thinned(most):
    """The library that thins kills its thread when it is asked for fewer than three."""
    curve = np.where(np.arange(100) % 10, np.arange(100.0), np.nan)
    kept = thin([curve] * 5, most)
    assert {0, 99} <= set(kept.tolist())
    assert len(kept) <= 32


def test_nothing_finite_at_all():
    kept = thin([np.full(10_000, np.nan)], 1000)
    assert kept.tolist() == [0, 9_999]


def test_a_circle_keeps_its_round_shape():
    angle = np.linspace(0, 2 * np.pi, 100_000)
    kept = thin([np.cos(angle), np.sin(angle)], 400)
    radius = np.hypot(np.cos(angle[kept]), np.sin(angle[kept]))
    assert len(kept) <= 400
    assert np.diff(angle[kept]).max() < 0.2
    assert radius == pytest.approx(1.0)


def test_is_ascending():
    assert is_ascending(np.array([1.0, 1.0, 2.0]))
    assert is_ascending(np.array([]))
    assert not is_ascending(np.array([1.0, 0.5]))
    assert not is_ascending(np.array([1.0, np.nan, 2.0]))
