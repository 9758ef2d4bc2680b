"""A metric of several ranks as lines side by side."""

import math

import numpy as np

from cellrun.core.live.by_rank import MOST_LINES, MetricByRank, by_rank
from cellrun.core.live.metric_window import window
from cellrun.core.live.track import Track
from cellrun.core.store.events.metric import NO_RANK, Metric
from tests.core.live.test_track import View


def loss(*logged: tuple[int, float], steps: tuple[int, ...] = ()) -> Metric:
    """A metric of values that ranks logged in this order."""
    made = Metric("loss", "log")
    add(made, *logged, steps=steps)
    return made


def add(metric: Metric, *logged: tuple[int, float], steps: tuple[int, ...] = ()) -> None:
    ranks, values = zip(*logged, strict=True)
    metric.add_values([5.0] * len(values), list(values), steps, ranks)


def lines(metric: Metric) -> dict[str, list[float]]:
    return {name: column.numbers().tolist() for name, column in metric.columns.items()}


def test_each_rank_is_a_line_over_its_own_steps() -> None:
    found = by_rank(loss((0, 3.0), (1, 4.0), (1, 5.0), (0, 2.0)))
    assert lines(found) == {"rank 0": [3.0, 2.0], "rank 1": [4.0, 5.0]}
    assert (found.rows, list(found.steps or ())) == (2, [0.0, 1.0])


def test_given_steps_are_kept_and_what_a_rank_hasn_t_is_a_gap() -> None:
    found = by_rank(loss((0, 3.0), (2, 4.0), (0, 2.0), steps=(10, 20, 20)))
    assert list(found.steps or ()) == [10.0, 20.0]
    assert lines(found)["rank 0"] == [3.0, 2.0]
    assert math.isnan(lines(found)["rank 2"][0])
    assert found.columns["rank 2"].last == 4.0


def test_of_one_rank_alone_nothing_changes() -> None:
    for metric in (loss((0, 3.0), (0, 2.0)), loss((NO_RANK, 3.0))):
        assert by_rank(metric) is metric


def test_what_a_process_without_a_rank_logged_is_a_line_too() -> None:
    assert set(lines(by_rank(loss((0, 3.0), (NO_RANK, 4.0))))) == {"rank 0", "no rank"}


def test_of_many_ranks_their_range_is_shown() -> None:
    count = MOST_LINES + 1
    found = by_rank(loss(*((rank, float(rank)) for rank in range(count)), (0, 7.0)))
    assert lines(found) == {"least": [0.0, 7.0], f"mean of {count} ranks": [8.0, 7.0], "most": [16.0, 7.0]}


def test_a_view_gets_what_changed_also_of_a_rank_that_lags_behind() -> None:
    metric = loss((0, 3.0), (0, 2.0), (0, 1.0), (1, 9.0))
    track, view = Track(by_rank(metric), 100), View()
    view.take(track.whole)
    for rank, value in ((1, 8.0), (0, 0.5), (1, 7.0)):
        add(metric, (rank, value))
        part = track.advance(by_rank(metric), 100)
        assert part.at > 0, "all of it is sent again"
        view.take(part)
    assert isinstance(by_rank(metric), MetricByRank)
    np.testing.assert_array_equal(view.columns["rank 0"], [3.0, 2.0, 1.0, 0.5])
    np.testing.assert_array_equal(view.columns["rank 1"], [9.0, 8.0, 7.0, math.nan])
    add(metric, (2, 1.0))  # a rank that comes late
    assert track.advance(by_rank(metric), 100).at == 0


def test_a_window_has_the_same_lines() -> None:
    found = window(by_rank(loss((0, 3.0), (1, 4.0), (0, 2.0))), low=1)
    assert [(column["name"], column["values"]) for column in found["columns"]] == [
        ("step", [1.0]),
        ("rank 0", [2.0]),
        ("rank 1", [None]),
    ]
