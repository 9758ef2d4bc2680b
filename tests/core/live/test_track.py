"""A metric as a view holds it, and the news of it."""

import numpy as np
import pytest

from cellrun.core.live.track import TABLE_ROWS, Track
from cellrun.core.store.events.metric import Metric

MOST = 100


class View:
    """Holds what it is told, as the front end does."""

    def __init__(self):
        self.columns = {}
        self.length = 0

    def take(self, part):
        assert part.at <= self.length
        if part.at == 0:
            self.columns = {column.name: np.array([]) for column in part.columns}
        for column in part.columns:
            if column.numbers is not None:
                self.columns[column.name] = np.concatenate([self.columns[column.name][: part.at], column.numbers])
                assert len(self.columns[column.name]) == part.length
        self.length = part.length


def log(metric, *values):
    metric.add_values([0.0] * len(values), list(values))


def test_few_points_are_sent_once_each():
    metric = Metric("loss", "log")
    log(metric, 2.0)
    track = Track(metric, MOST)
    view = View()
    view.take(track.whole)
    for number in range(1, 50):
        log(metric, 2.0 - number)
        part = track.advance(metric, MOST)
        assert (part.at, part.length, part.rows) == (number, number + 1, number + 1)
        view.take(part)
    assert view.columns["step"].tolist() == list(range(50))
    assert view.columns["loss"].tolist() == [2.0 - number for number in range(50)]
    assert [column.last for column in part.columns] == [49.0, -47.0]


@pytest.mark.parametrize(
    ("points", "batch", "most_sent"), [(10_000, 1, 22_500), (40_000, 7, 90_000), (40_000, 1000, 1_500)]
)
def test_a_long_curve_stays_few_points_and_keeps_its_form(points, batch, most_sent):
    peak = points * 23 // 40
    metric = Metric("wave", "log")
    values = np.sin(np.arange(points) / (points / 13))
    values[peak] = 5.0
    log(metric, float(values[0]))
    track, view, sent = Track(metric, MOST), View(), 0
    view.take(track.whole)
    for start in range(1, len(values), batch):
        log(metric, *values[start : start + batch].tolist())
        part = track.advance(metric, MOST)
        sent += part.length - part.at
        view.take(part)
    assert view.length <= 2 * MOST
    assert view.length == track.whole.length
    assert view.columns["wave"].max() == 5.0
    assert view.columns["step"][[0, -1]].tolist() == [0, points - 1]
    drawn = np.interp(np.arange(points), view.columns["step"], view.columns["wave"])
    assert np.abs(drawn - values)[np.abs(np.arange(points) - peak) > points / 20].max() < 0.1
    assert sent < most_sent


def test_a_first_look_at_a_long_metric_is_thinned():
    metric = Metric("sine", "row")
    metric.add_table(0.0, {"x": [float(x) for x in range(10_000)], "y": [float(x % 7) for x in range(10_000)]})
    part = Track(metric, MOST).whole
    assert part.rows == 10_000
    assert part.length <= MOST
    assert [column.name for column in part.columns] == ["x", "y"]


def test_steps_are_the_x_of_a_metric_where_given():
    metric = Metric("loss", "log")
    metric.add_values([0.0] * 3, [1.0, 2.0, 3.0], [10, None, 30])
    step, _loss = Track(metric, MOST).whole.columns
    assert step.numbers.tolist() == [10, 1, 30]


def test_a_column_that_comes_later_begins_anew_with_a_gap():
    metric = Metric("epoch", "row")
    metric.add_row(0.0, {"epoch": 0, "train": 1.0})
    track, view = Track(metric, MOST), View()
    view.take(track.whole)
    metric.add_row(0.0, {"epoch": 1, "train": 0.5, "val": 0.7})
    part = track.advance(metric, MOST)
    assert part.at == 0
    view.take(part)
    assert view.columns["train"].tolist() == [1.0, 0.5]
    assert np.isnan(view.columns["val"][0])
    assert view.columns["val"][1] == 0.7


def test_what_is_not_finite_stays_and_last_values_are_exact():
    metric = Metric("odd", "row")
    metric.add_row(0.0, {"x": 0.0, "y": {"float": "Infinity"}, "n": {"int": str(2**60 + 1)}})
    metric.add_row(0.0, {"x": 1.0, "y": {"float": "NaN"}, "n": {"int": str(2**60 + 1)}})
    _x, y, n = Track(metric, MOST).whole.columns
    assert y.numbers[0] == np.inf
    assert np.isnan(y.numbers[1])
    assert (y.last, n.last) == ({"float": "NaN"}, {"int": str(2**60 + 1)})


def test_text_is_a_table_of_its_first_rows_each_sent_once():
    metric = Metric("words", "row")
    metric.add_row(0.0, {"word": "w0", "other": None})
    track = Track(metric, MOST)
    row, word, other = track.whole.columns
    assert (row.text, word.text, other.text) == (["0"], ["w0"], [None])
    metric.add_row(0.0, {"word": "x" * 10_000})
    part = track.advance(metric, MOST)
    assert (part.at, part.length, part.rows) == (1, 2, 2)
    assert [column.text for column in part.columns] == [["1"], ["x" * 200], [None]]
    for number in range(TABLE_ROWS):
        metric.add_row(0.0, {"word": f"w{number}"})
    assert (track.advance(metric, MOST).at, track.whole.length) == (2, TABLE_ROWS)
    metric.add_row(0.0, {"word": "last"})
    part = track.advance(metric, MOST)
    assert (part.at, part.length, part.rows) == (TABLE_ROWS, TABLE_ROWS, TABLE_ROWS + 3)
    assert [column.text for column in part.columns] == [[], [], []]
    assert part.columns[1].last == "last"


def test_rows_whose_x_turns_become_a_table_and_stay_one():
    metric = Metric("predicted", "row")
    for number in range(5):
        metric.add_row(0.0, {"x": float(number), "y": 0.0})
    track, view = Track(metric, MOST), View()
    view.take(track.whole)
    metric.add_row(0.0, {"x": 2.5, "y": 1.0})
    part = track.advance(metric, MOST)
    assert (part.at, part.length) == (0, 6)
    assert [(column.ordered, column.text[-1]) for column in part.columns] == [(False, "2.5"), (True, "1.0")]
    metric.add_row(0.0, {"x": 9.0, "y": 1.0})
    part = track.advance(metric, MOST)
    assert (part.at, part.columns[0].text) == (6, ["9.0"])


def test_a_column_that_no_number_has_come_to_yet_makes_no_table():
    metric = Metric("epochs", "row")
    metric.add_row(0.0, {"epoch": 0, "loss": 1.0, "val_loss": None, "is_best": True})
    _epoch, loss, val_loss, _is_best = Track(metric, MOST).whole.columns
    assert loss.numbers.tolist() == [1.0]
    assert (val_loss.type, val_loss.text) == ("other", None)


def test_many_columns_have_fewer_rows_each():
    metric = Metric("wide", "row")
    names = [f"c{number}" for number in range(80)]
    metric.add_table(0.0, {name: [float(row) for row in range(5000)] for name in names})
    part = Track(metric, 1000).whole
    assert part.length * len(part.columns) <= 8 * 1000


def test_a_long_text_is_cut():
    metric = Metric("note", "log")
    log(metric, "x" * 1_000_000)
    assert len(Track(metric, MOST).whole.columns[1].last) == 200


def test_a_label_beside_a_number_is_a_row_of_a_table():
    metric = Metric("score", "row")
    metric.add_row(0.0, {"label": "a", "value": 0.5})
    _row, label, value = Track(metric, MOST).whole.columns
    assert (label.type, label.numbers, label.text, label.last) == ("text", None, ["a"], "a")
    assert (value.type, value.numbers, value.text) == ("number", None, ["0.5"])


def test_a_plain_value_becomes_a_row():
    metric = Metric("mixed", "log")
    log(metric, 1.0)
    track = Track(metric, MOST)
    metric.add_row(0.0, {"x": 1.0, "y": 2.0})
    part = track.advance(metric, MOST)
    assert (part.at, part.kind) == (0, "row")
    assert [column.name for column in part.columns] == ["mixed", "x", "y"]


def test_a_chart_is_told_where_its_run_was_started_again():
    loss, epochs = Metric("loss", "log"), Metric("curve", "row")
    log(loss, 3.0, 2.0)
    for epoch in (1, 2, 3):
        epochs.add_row(0.0, {"epoch": epoch, "acc": 0.1})
    tracks = [Track(metric, MOST) for metric in (loss, epochs)]
    assert [list(track.whole.attempts) for track in tracks] == [[], []]
    loss.begin_attempt(2, loss.rows)
    log(loss, 2.5, 1.0)
    epochs.begin_attempt(2, epochs.rows)
    for epoch in (2, 3, 4):
        epochs.add_row(0.0, {"epoch": epoch, "acc": 0.2})
    assert tracks[0].advance(loss, MOST).attempts == [(2, 2.0)]
    part = tracks[1].advance(epochs, MOST)
    assert part.attempts == [(2, 2.0)]
    assert all(column.ordered for column in part.columns)  # it is a chart still, though x has turned
    epochs.add_row(0.0, {"epoch": 1, "acc": 0.2})
    assert not tracks[1].advance(epochs, MOST).columns[0].ordered


def test_where_a_step_was_given_another_start_is_at_that():
    metric = Metric("loss", "log")
    metric.add_values([0.0, 0.0], [1.0, 2.0], [100, 200])
    metric.begin_attempt(3, 2)
    assert Track(metric, MOST).whole.attempts == [(3, 2.0)]  # nothing was logged since
    metric.add_values([0.0], [1.5], [150])
    assert Track(metric, MOST).whole.attempts == [(3, 150.0)]
