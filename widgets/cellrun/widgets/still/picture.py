"""A still as a PNG. Drawn by matplotlib, whose own font it uses: a picture must not depend on the machine's."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ticker import MaxNLocator
from PIL import Image

from cellrun.core.live.downsample import Floats
from cellrun.widgets.still.still import Chart, Still

WIDTH_PX = 960
SCALE = 1.5  # pixels of the picture per pixel of the page
MARGIN_PX = 16
CHART_PX = 150
LINE_PX = 18
TITLE_PX = 26
TILES_A_ROW = 4
COLOURS = ("#1976d2", "#d97706", "#1f5a50", "#cc73b3", "#7409f0", "#613310")  # the view's, in its light theme
TEXT, MUTED, LINES, ERROR = "#333333", "#6b6b6b", "#e0e0e0", "#d32f2f"
LINE_CHARACTERS = 110
ROUND = (1, 2, 5, 10)
LARGEST = 1e300  # an axis is longer than its values are large
PALETTE = 48  # colours are few, but lines have soft edges

_FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"


def charts_png(still: Still) -> bytes | None:
    """Return a PNG of the charts, two a row; None without any."""
    if not still.charts:
        return None
    page = _Page(_charts_px(still))
    page.charts(still, 0)
    return page.png()


def still_png(still: Still) -> bytes:
    """Return a PNG of all of the still, for documents that can't take HTML, such as LaTeX."""
    return _whole(still).png()


def still_figure(still: Still) -> Figure:
    """Return the figure that `still_png` draws."""
    return _whole(still).figure


def _whole(still: Still) -> _Page:
    rows = -(-len(still.tiles) // TILES_A_ROW)
    top = MARGIN_PX + LINE_PX * (2 + len(still.failure)) + rows * 2 * LINE_PX
    more = LINE_PX if still.more else 0
    page = _Page(top + _charts_px(still) + more + LINE_PX * len(still.log) + 2 * MARGIN_PX)
    page.head(still)
    page.charts(still, top)
    y = top + _charts_px(still)
    if still.more:
        page.text(f"… {still.more} more metrics", MARGIN_PX, y, colour=MUTED)
    for number, line in enumerate(still.log):
        page.text(line[:LINE_CHARACTERS], MARGIN_PX, y + more + MARGIN_PX + number * LINE_PX, font="DejaVuSansMono")
    return page


def _charts_px(still: Still) -> int:
    rows = 1 if len(still.charts) == 1 else -(-len(still.charts) // 2)
    return rows * (CHART_PX + TITLE_PX + MARGIN_PX)


class _Page:
    """A figure that is laid out in pixels from its upper left corner."""

    def __init__(self, height_px: int) -> None:
        self.height_px = height_px
        self.figure = Figure(figsize=(WIDTH_PX / 100, height_px / 100), dpi=100 * SCALE, facecolor="white")
        FigureCanvasAgg(self.figure)

    def text(self, text: str, x: float, y: float, *, font: str = "DejaVuSans", **style: Any) -> None:
        """Write a line at a place; what users log is never read as a formula."""
        properties = FontProperties(fname=str(_FONTS / f"{font}.ttf"), size=style.get("size", 9))
        self.figure.text(
            x / WIDTH_PX,
            1 - y / self.height_px,
            text.replace("\n", " "),
            color=style.get("colour", TEXT),
            fontproperties=properties,
            ha=style.get("align", "left"),
            va="top",
            parse_math=False,
            usetex=False,
        )

    def head(self, still: Still) -> None:
        """Write who the run is, why it failed and its last numbers."""
        facts = "  ·  ".join(still.facts)
        self.text(f"{still.sign} {still.status}", MARGIN_PX, MARGIN_PX)
        self.text(still.name[:40], 140, MARGIN_PX, font="DejaVuSans-Bold")
        self.text(facts[:80], WIDTH_PX - MARGIN_PX, MARGIN_PX, colour=MUTED, align="right")
        y = MARGIN_PX + 1.5 * LINE_PX
        for text in still.failure:
            self.text(text[:LINE_CHARACTERS], MARGIN_PX, y, colour=ERROR)
            y += LINE_PX
        step = (WIDTH_PX - 2 * MARGIN_PX) / TILES_A_ROW
        for number, (name, value) in enumerate(still.tiles):
            x, row = MARGIN_PX + number % TILES_A_ROW * step, y + number // TILES_A_ROW * 2 * LINE_PX
            self.text(name[:30], x, row, colour=MUTED, size=7)
            self.text(value[:24], x, row + 0.7 * LINE_PX, size=11)

    def charts(self, still: Still, top: float) -> None:
        """Draw the charts, the only one over the whole width."""
        columns = 1 if len(still.charts) == 1 else 2
        width = (WIDTH_PX - (columns + 1) * MARGIN_PX) / columns
        for number, chart in enumerate(still.charts):
            x = MARGIN_PX + number % columns * (width + MARGIN_PX)
            y = top + number // columns * (CHART_PX + TITLE_PX + MARGIN_PX)
            title = f"{chart.title} {chart.subtitle}".strip()
            self.text(title[: int(width / 9)], x, y, font="DejaVuSans-Bold")
            self.text(chart.latest[:16], x + width, y, font="DejaVuSans-Bold", align="right")
            self._chart(chart, still.number, x + 48, y + TITLE_PX, width - 48)

    def _chart(self, chart: Chart, number: int, x: float, y: float, width: float) -> None:
        """Draw curves, the first one in the colour that the run has everywhere (run_colours.ts)."""
        bottom = 1 - (y + CHART_PX - LINE_PX) / self.height_px
        place = (x / WIDTH_PX, bottom, width / WIDTH_PX, (CHART_PX - LINE_PX) / self.height_px)
        axes = self.figure.add_axes(place, facecolor="white")
        for colour, curve in enumerate(chart.curves, max(1, number) - 1):
            marker = "." if np.isfinite(curve.y).sum() < 2 else ""  # a line needs two
            style = {"color": COLOURS[colour % len(COLOURS)], "marker": marker, "linewidth": 1.4}
            axes.plot(_drawable(curve.x), _drawable(curve.y), **style)  # type: ignore[arg-type]  # as plot takes them
        _calm(axes)

    def png(self) -> bytes:
        """Return the drawing with as few colours as it needs: a notebook keeps every byte."""
        canvas = self.figure.canvas
        assert isinstance(canvas, FigureCanvasAgg)  # noqa: S101  # made in __init__
        canvas.draw()  # type: ignore[no-untyped-call]
        drawn = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")  # type: ignore[no-untyped-call]
        data = BytesIO()
        drawn.quantize(PALETTE).save(data, "PNG", optimize=True)
        return data.getvalue()


def _drawable(numbers: Floats) -> Floats:
    """Return numbers that an axis can be scaled to; what is infinite is a gap."""
    return np.where(np.isfinite(numbers), np.clip(numbers, -LARGEST, LARGEST), np.nan)


def _calm(axes: Axes) -> None:
    """Leave of the axes a few grid lines with their numbers, whatever styles the user's own settings have."""
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=ROUND))
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=ROUND))
    axes.grid(visible=True, axis="y", color=LINES, linewidth=0.6, linestyle="-")
    axes.grid(visible=False, axis="x")
    axes.set_axisbelow(True)
    for spine in axes.spines.values():
        spine.set_visible(False)
    font = FontProperties(fname=str(_FONTS / "DejaVuSans.ttf"), size=7)
    axes.tick_params(length=0, colors=MUTED, labelcolor=MUTED)
    for label in [*axes.get_xticklabels(), *axes.get_yticklabels()]:
        label.set_fontproperties(font)
