"""Decides which charts and lines a figure of runs' metrics has, and says why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import NamedTuple

from cellrun.core.comparison.comparison import Comparison
from cellrun.core.comparison.curves import Curve, Curves
from cellrun.core.comparison.run_colours import COLOURS, run_colours
from cellrun.core.errors import UserErrorException, shown
from cellrun.core.live.metric_window import STEP, TIME
from cellrun.core.live.series import series
from cellrun.core.store.events.event_line import decode_value
from cellrun.core.store.events.metric_shape import MetricHead
from cellrun.core.store.lists.run_row import RunRow


class Line(NamedTuple):
    """What is drawn of one run, or of one column, in a chart."""

    name: str
    colour: int
    x: Sequence[float | None]
    y: Sequence[float | None]


class Chart(NamedTuple):
    """One chart of the figure: bars have no x; one that `has_key` says in the legend which line is which."""

    title: str
    subtitle: str
    lines: list[Line]
    has_key: bool
    is_bars: bool = False


def metric_names(names: str | Sequence[str] | None) -> list[str] | None:
    """Return the names of the metrics to draw, each once; None stands for all. Raises UserErrorException."""
    if names is None or isinstance(names, str):
        return None if names is None else [names]
    if not isinstance(names, (list, tuple)) or not names or not all(isinstance(name, str) for name in names):
        raise UserErrorException(f"plot takes a metric's name, a list of names, or nothing for all; got {shown(names)}")
    return list(dict.fromkeys(names))


def check_x(comparison: Comparison, x: str, wanted: list[str] | None) -> None:
    """Raise UserErrorException for an x that none of the metrics has: they would be drawn over another one."""
    columns = dict.fromkeys(
        column.name
        for heads in comparison.heads
        for name, head in heads.items()
        if (wanted is None or name in wanted) and not head.shape.is_plain and series(head.shape).kind == "chart"
        for column in head.shape.columns
        if head.shape.can_be_x(column.name) and not head.shape.is_index(column.name)
    )
    if x not in (STEP, TIME, *columns):
        known = ", ".join(map(shown, [STEP, TIME, *columns]))
        raise UserErrorException(f"no metric here can be drawn over x={shown(x)}; over {known}")


def charts_of(comparison: Comparison, wanted: list[str] | None) -> list[Chart]:
    """Return a chart of each metric, or of each column. Raises UserErrorException for what can't be drawn."""
    rows = comparison.rows
    names = list(dict.fromkeys(name for heads in comparison.heads for name in heads))
    if missing := [name for name in wanted or () if name not in names]:
        raise UserErrorException(
            f"{_of(rows)} logged no metric {_listed(missing)}; " + _known(names, "logged are", "no metric is logged")
        )
    colours = run_colours([row.number for row in rows])
    labels = _labels(rows)
    curves: dict[str, list[Curves]] = {}
    for one in comparison.curves:
        curves.setdefault(one.name, []).append(one)
    charts: list[Chart] = []
    undrawn: list[str] = []
    for name in wanted or names:
        heads = [of_run.get(name) for of_run in comparison.heads]
        bars = [
            Line(label, colour, (), (number,))
            for label, colour, head in zip(labels, colours, heads, strict=True)
            if head is not None and (number := _single_number(head)) is not None
        ]
        if name in curves:
            head = next(filter(None, heads))
            charts += _curve_charts(rows, labels, colours, curves[name], head)
        elif bars and (wanted is not None or len(rows) > 1 or not curves):
            charts.append(Chart(name, "", bars, has_key=len(rows) > 1, is_bars=True))
        else:
            undrawn.append(name)
    if undrawn and (wanted is not None or not charts):
        raise UserErrorException(_why_not(rows, undrawn, _drawable(comparison.heads)))
    if not charts:
        raise UserErrorException(f"nothing to draw of {_of(rows)}: run.log('loss', value) logs a value of a metric")
    return charts


def _curve_charts(
    rows: Sequence[RunRow],
    labels: Sequence[str],
    colours: Sequence[int],
    curves: Sequence[Curves],
    head: MetricHead,
) -> list[Chart]:
    """Return the charts of a metric: of one run all its columns in one, of several one for each column."""
    place = {row.id: i for i, row in enumerate(rows)}
    if len(rows) > 1:
        return [
            Chart(
                one.name,
                _subtitle(head, one, one.y),
                [_line(each, labels[place[each.run]], colours[place[each.run]]) for each in one.series],
                has_key=True,
            )
            for one in curves
        ]
    (own,) = colours
    lines = [
        _line(each, one.y, (own + i) % len(COLOURS) if i < len(COLOURS) else own + i)
        for i, one in enumerate(curves)
        for each in one.series
    ]
    only = curves[0].y if len(curves) == 1 else ""
    return [Chart(curves[0].name, _subtitle(head, curves[0], only), lines, has_key=len(lines) > 1)]


def _line(curve: Curve, name: str, colour: int) -> Line:
    return Line(name, colour, curve.x, curve.y)


def _subtitle(head: MetricHead, curves: Curves, y: str) -> str:
    """Return what is over what; a metric's name isn't told twice, nor a count that nobody chose."""
    if head.shape.is_index(curves.x):
        return ""
    over = f"over {curves.x} (s)" if curves.x == TIME and not head.shape.has(TIME) else f"over {curves.x}"
    return over if y in ("", curves.name) else f"{y} {over}"


def _single_number(head: MetricHead) -> float | None:
    """Return the value of a metric that has one, a number; else None."""
    shown_so = series(head.shape)
    if shown_so.kind != "tile" or not shown_so.lines:
        return None
    value = decode_value(head.lasts[shown_so.lines[-1]])
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value) if isfinite(value) else None
    except OverflowError:  # an int beyond all floats
        return None


def _drawable(heads_by_run: Sequence[Mapping[str, MetricHead]]) -> list[str]:
    names = (
        name
        for heads in heads_by_run
        for name, head in heads.items()
        if series(head.shape).kind == "chart" or _single_number(head) is not None
    )
    return list(dict.fromkeys(names))


def _labels(rows: Sequence[RunRow]) -> list[str]:
    """Return the runs' names to show; those that have the same one are told apart by their own."""
    names = [row.display_name for row in rows]
    return [
        row.display_name if names.count(row.display_name) == 1 else f"{row.display_name} ({row.name})" for row in rows
    ]


def _of(rows: Sequence[RunRow]) -> str:
    return _listed([row.display_name for row in rows], quoted=False)


def _listed(names: Sequence[str], most: int = 20, *, quoted: bool = True) -> str:
    texts = [shown(name) if quoted else name for name in names[:most]]
    return ", ".join(texts) + (f" and {len(names) - most} more" if len(names) > most else "")


def _known(names: Sequence[str], words: str, none: str) -> str:
    return f"{words} {_listed(names)}" if names else none


def _why_not(rows: Sequence[RunRow], undrawn: Sequence[str], drawable: Sequence[str]) -> str:
    """Return why metrics aren't drawn, and where their values are; `drawable` are those that could be."""
    return (
        f"{_listed(undrawn)} of {_of(rows)} can't be drawn: a curve takes numbers, over numbers; "
        f"run.get_metrics({shown(undrawn[0])}) has what was logged; "
        + _known(drawable, "what can be drawn:", "no metric has numbers to draw")
    )
