"""A plotly figure of runs' metrics, with the look of the view."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from html import escape
from math import ceil
from typing import TYPE_CHECKING, Any

from cellrun.core.comparison.charts import Chart, Line, charts_of, check_x, metric_names
from cellrun.core.comparison.comparison import Comparison, compare_layouts
from cellrun.core.comparison.run_colours import COLOURS, DASHES
from cellrun.core.errors import UserErrorException, shown
from cellrun.core.layout import RunLayout
from cellrun.core.live.document import DocumentTable, Heatmap, document_content
from cellrun.core.live.metric_window import STEP

if TYPE_CHECKING:
    from plotly.graph_objects import Figure  # type: ignore[import-untyped]

_ALONE_PX, _CHART_PX, _BETWEEN_PX, _HEAD_PX, _FOOT_PX = 340, 150, 64, 56, 36
_FEW = 6
_MOST_CELLS_WRITTEN = 24
_GREY = "#7f7f7f"  # readable on a light page and on a dark one
_FAINT = "rgba(127,127,127,0.22)"
_CLEAR = "rgba(0,0,0,0)"


def plot_runs(
    layouts: Sequence[RunLayout],
    names: str | Sequence[str] | None,
    *,
    x: str = STEP,
    log: bool = False,
    title: str = "",
) -> Figure:
    """Return a figure of runs' metrics (see `Run.plot`). Raises UserErrorException for what can't be drawn."""
    wanted = metric_names(names)
    return figure(compare_layouts(layouts, x, names=wanted), wanted, x=x, log=log, title=title)


def figure(
    comparison: Comparison,
    names: str | Sequence[str] | None,
    *,
    x: str = STEP,
    log: bool = False,
    title: str = "",
) -> Figure:
    """Return a figure of a comparison's metrics. Raises UserErrorException for what can't be drawn."""
    wanted = metric_names(names)
    check_x(comparison, x, wanted)
    charts = charts_of(comparison, wanted)
    return _drawn(charts, log=log, title=title)


def plot_document(name: str, document: Mapping[str, Any]) -> Figure:
    """Return a figure of a logged document: a confusion matrix as a heatmap, its kin as tables.

    Raises UserErrorException for one that isn't as its schema says, and without plotly.
    """
    content = document_content(document)
    if content is None:
        raise UserErrorException(
            f"{shown(name)} holds nothing that can be drawn; run.get_metrics({shown(name)}, populate=True) returns it"
        )
    go, _ = _plotly()
    title, labels = f"<b>{escape(name, quote=False)}</b>", [escape(text, quote=False) for text in _labels(content)]
    if isinstance(content, DocumentTable):
        columns = [[row[place] for row in content.rows] for place in range(len(labels))]
        drawn = go.Figure(go.Table(header={"values": labels}, cells={"values": columns}))
    else:
        shares = [[value / (sum(row) or 1) for value in row] for row in content.rows]  # of its true class
        few = len(labels) <= _MOST_CELLS_WRITTEN
        drawn = go.Figure(
            go.Heatmap(
                z=shares,
                customdata=[list(row) for row in content.rows],
                x=labels,
                y=labels,
                colorscale=[[0, _CLEAR], [1, COLOURS[0]]],
                zmin=0,
                zmax=1,
                showscale=False,
                text=[list(row) for row in content.rows] if few else None,
                texttemplate="%{text}" if few else None,
                hovertemplate="true %{y}, predicted %{x}: %{customdata}<extra></extra>",
            )
        )
        drawn.update_xaxes(title="predicted", type="category")
        drawn.update_yaxes(title="true", type="category", autorange="reversed", scaleanchor="x")
    drawn.update_layout(template=_look(go), title={"text": title}, hovermode="closest")
    return drawn


def _labels(content: DocumentTable | Heatmap) -> Sequence[str]:
    return content.columns if isinstance(content, DocumentTable) else content.labels


def _drawn(charts: Sequence[Chart], *, log: bool, title: str) -> Figure:
    """Return the charts as one figure, each with its title at the left."""
    go, make_subplots = _plotly()
    columns = 1 if len(charts) == 1 else 2
    rows = ceil(len(charts) / columns)
    inner_px = _ALONE_PX - _HEAD_PX - _FOOT_PX if len(charts) == 1 else rows * _CHART_PX + (rows - 1) * _BETWEEN_PX
    drawn: Figure = make_subplots(
        rows=rows, cols=columns, vertical_spacing=_BETWEEN_PX / inner_px if rows > 1 else 0, horizontal_spacing=0.08
    )
    told: set[str] = set()
    for i, chart in enumerate(charts):
        at = {"row": i // columns + 1, "col": i % columns + 1}
        for line in chart.lines:
            is_told = chart.has_key and line.name not in told
            drawn.add_trace(_trace(go, line, is_bar=chart.is_bars, is_told=is_told), **at)
            told |= {line.name} if is_told else set()
        _name(drawn, chart, log=log, **at)
    drawn.update_layout(
        template=_look(go),
        height=inner_px + _HEAD_PX + _FOOT_PX + (28 if title else 0),
        margin={"l": 48, "r": 16, "t": _HEAD_PX + (28 if title else 0), "b": _FOOT_PX},
        showlegend=bool(told),  # plotly's own rule leaves a single line out
        title={"text": title} if title else None,
    )
    return drawn


def _trace(go: Any, line: Line, *, is_bar: bool, is_told: bool) -> Any:
    colour = COLOURS[line.colour % len(COLOURS)]
    name = escape(line.name, quote=False)
    common = {"name": name, "legendgroup": name, "showlegend": is_told}
    if is_bar:
        said = {"text": list(line.y), "texttemplate": "%{text:.4~g}", "textposition": "outside", "cliponaxis": False}
        return go.Bar(x=[name], y=list(line.y), marker={"color": colour}, **said, **common)
    sizes = [4 if is_lone else 0 for is_lone in _lone(line.y)]  # a point between gaps has no line
    stroke = {"color": colour, "width": 1.6, "dash": DASHES[line.colour // len(COLOURS) % len(DASHES)]}
    return go.Scatter(
        x=list(line.x),
        y=list(line.y),
        mode="lines+markers" if any(sizes) else "lines",
        line=stroke,
        marker={"size": sizes, "opacity": 1, "line": {"width": 0}} if any(sizes) else None,
        connectgaps=False,
        **common,
    )


def _lone(values: Sequence[float | None]) -> list[bool]:
    """Return of each value whether it has gaps, or nothing, on both sides."""
    around = [None, *values, None]
    return [
        here is not None and before is None and after is None
        for before, here, after in zip(around, around[1:], around[2:], strict=False)
    ]


def _name(drawn: Figure, chart: Chart, *, log: bool, row: int, col: int) -> None:
    """Put a chart's name at its left, and set its axes."""
    plot = drawn.get_subplot(row, col)
    text = f"<b>{escape(chart.title, quote=False)}</b>"
    if chart.subtitle:
        text += f' <span style="color:{_GREY}">{escape(chart.subtitle, quote=False)}</span>'
    axis, other = (f"{each.plotly_name.replace('axis', '')} domain" for each in plot)
    drawn.add_annotation(
        text=text,
        xref=axis,
        yref=other,
        x=0,
        y=1,
        xanchor="left",
        yanchor="bottom",
        yshift=6,
        showarrow=False,
        font_size=13,
    )
    if log:
        plot.yaxis.type = "log"
    xs = [x for line in chart.lines for x in line.x if x is not None]
    if xs and all(x.is_integer() for x in xs) and max(xs) - min(xs) <= _FEW:
        plot.xaxis.dtick = 1  # there is no step 0.5
    if chart.is_bars:
        plot.xaxis.update(type="category", showticklabels=not chart.has_key)


def _look(go: Any) -> Any:
    """Return the view's look as a template: few grid lines, no box, clear, so that the page's own colour is seen."""
    axis = {"zeroline": False, "showline": False, "ticks": "", "automargin": True, "linecolor": _FAINT}
    return go.layout.Template(
        layout={
            "colorway": COLOURS,
            "paper_bgcolor": _CLEAR,
            "plot_bgcolor": _CLEAR,
            "font": {
                "color": _GREY,
                "size": 11,
                "family": "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif",
            },
            "title": {"x": 0, "xref": "paper", "xanchor": "left", "font": {"size": 14}},
            "hovermode": "x unified",
            "hoverlabel": {"bgcolor": "#fff", "font": {"color": "#333"}},
            "legend": {"bgcolor": _CLEAR},
            "modebar": {"bgcolor": _CLEAR, "color": _GREY},  # its own is a slab where the page is clear
            "xaxis": {**axis, "showgrid": False},
            "yaxis": {**axis, "gridcolor": _FAINT, "nticks": 5, "hoverformat": ".6~g"},
        }
    )


def _plotly() -> tuple[Any, Any]:
    try:
        import plotly.graph_objects as go  # type: ignore[import-untyped]  # noqa: PLC0415  # for who draws
        from plotly.subplots import make_subplots  # type: ignore[import-untyped]  # noqa: PLC0415
    except ImportError:
        raise UserErrorException(
            f"plot draws with plotly, which isn't installed here: {sys.executable} -m pip install plotly"
        ) from None
    return go, make_subplots
