"""A still as a picture: all of it, for documents that can't take HTML, and its charts alone."""

from __future__ import annotations

import numpy as np

from cellrun.widgets.still.axis import Axis, drawable
from cellrun.widgets.still.canvas import COLOURS, ERROR, MUTED, TEXT, WIDTH_PX, Box, Canvas, width_of
from cellrun.widgets.still.still import Chart, Still, Table

MARGIN_PX = 16
CHART_PX = 150
LINE_PX = 18
TITLE_PX = 26
TILES_A_ROW = 4
MOST_COLUMNS_WIDE = 4  # fewer columns are as wide as these
TEXT_SIZE, TICK_SIZE, VALUE_SIZE = 12.5, 9.7, 15
BASELINE_PX = 11.6  # of a line in bold
GAP_PX = 4
TITLE_SHARE = 0.4  # of a chart's width, if the names of its curves would like more
LEAST_NAME_PX = 30
BOLD, MONO = "DejaVuSans-Bold", "DejaVuSansMono"
INNER_PX = WIDTH_PX - 2 * MARGIN_PX
NUMBER_OF_A_RUN = 8  # characters at the end of its name that are never left out


class Picture:
    """A drawn still. `canvas` knows what is where."""

    def __init__(self, still: Still) -> None:
        rows = -(-len(still.tiles) // TILES_A_ROW)
        self._top = MARGIN_PX + LINE_PX * (2 + len(still.failure)) + rows * 2 * LINE_PX
        self._bottom = self._top + _charts_px(still)
        below = self._bottom + sum(map(_table_px, still.tables))
        more = LINE_PX if still.more else 0
        self.canvas = Canvas(below + more + LINE_PX * len(still.log) + 2 * MARGIN_PX)
        self._head(still)
        self._charts(still)
        self._has_charts = bool(still.charts)
        top: float = self._bottom
        for table in still.tables:
            self._table(table, top)
            top += _table_px(table)
        if still.more:
            self.canvas.text(f"… {still.more} more metrics", MARGIN_PX, below, room=INNER_PX, colour=MUTED)
        for number, line in enumerate(still.log):
            y = below + more + MARGIN_PX + number * LINE_PX
            self.canvas.text(line, MARGIN_PX, y, room=INNER_PX, font=MONO)

    def whole(self) -> bytes:
        """Return a PNG of all of the still."""
        return self.canvas.png()

    def charts(self) -> bytes | None:
        """Return a PNG of the charts, two a row; None without any."""
        return self.canvas.png(self._top, self._bottom) if self._has_charts else None

    def _head(self, still: Still) -> None:
        """Write who the run is, why it failed and its last numbers."""
        text = self.canvas.text
        status = f"{still.sign} {still.status.word}"
        left = MARGIN_PX + text(status, MARGIN_PX, MARGIN_PX, room=INNER_PX) + 2 * MARGIN_PX
        left += text(still.name, left, MARGIN_PX, room=INNER_PX / 2, font=BOLD, tail=NUMBER_OF_A_RUN) + 2 * MARGIN_PX
        right = WIDTH_PX - MARGIN_PX
        facts, tail = "  ·  ".join([*still.facts, still.taken]), len(still.taken)
        text(facts, right, MARGIN_PX, room=right - left, colour=MUTED, anchor="ra", tail=tail)
        y = MARGIN_PX + 1.5 * LINE_PX
        for reason in still.failure:
            text(reason, MARGIN_PX, y, room=INNER_PX, colour=ERROR)
            y += LINE_PX
        step = INNER_PX / TILES_A_ROW
        for number, (name, value) in enumerate(still.tiles):
            x, row = MARGIN_PX + number % TILES_A_ROW * step, y + number // TILES_A_ROW * 2 * LINE_PX
            text(name, x, row, room=step - MARGIN_PX, colour=MUTED, size=TICK_SIZE)
            room = step - MARGIN_PX
            text(_number(value, room, size=VALUE_SIZE), x, row + 0.65 * LINE_PX, room=room, size=VALUE_SIZE)

    def _table(self, table: Table, top: float) -> None:
        """Write a table: its name and what is left out of it, then its columns, each as wide as the others."""
        used = self.canvas.text(table.title, MARGIN_PX, top, room=INNER_PX / 2, font=BOLD) + MARGIN_PX
        if table.rest:
            self.canvas.text(table.rest, MARGIN_PX + used, top, room=INNER_PX - used, colour=MUTED)
        step = INNER_PX / max(MOST_COLUMNS_WIDE, len(table.columns))
        for number, cells in enumerate([table.columns, *table.rows]):
            y, colour = top + (number + 1) * LINE_PX, MUTED if number == 0 else TEXT
            for place, cell in enumerate(cells):
                room = step - MARGIN_PX
                if cell:
                    self.canvas.text(_number(cell, room), MARGIN_PX + place * step, y, room=room, colour=colour)

    def _charts(self, still: Still) -> None:
        """Draw the charts, the only one over the whole width."""
        columns = min(2, len(still.charts)) or 1
        width = (INNER_PX - (columns - 1) * MARGIN_PX) / columns
        for number, chart in enumerate(still.charts):
            x = MARGIN_PX + number % columns * (width + MARGIN_PX)
            y = self._top + number // columns * (CHART_PX + TITLE_PX + MARGIN_PX)
            colours = [COLOURS[(max(1, still.number) - 1 + place) % len(COLOURS)] for place in range(len(chart.curves))]
            title = f"{chart.title} {chart.subtitle}".strip()
            titled = min(width_of(title, font=BOLD), TITLE_SHARE * width)
            used = self._legend(chart, colours, x + width, y, width - titled - MARGIN_PX)
            self.canvas.text(title, x, y, room=width - used, font=BOLD)
            self._chart(chart, colours, (x, y + TITLE_PX, x + width, y + TITLE_PX + CHART_PX - LINE_PX))

    def _legend(self, chart: Chart, colours: list[str], right: float, y: float, room: float) -> float:
        """Write the latest values, of several curves each one's name before it; return how wide that is."""
        values = [_number(curve.latest, room, BOLD) for curve in chart.curves]
        names = [curve.name for curve in chart.curves] if len(values) > 1 else [""]
        wide = [width_of(value, font=BOLD) + GAP_PX + MARGIN_PX for value in values]
        shown = max(1, sum(sum(wide[: place + 1]) + place * LEAST_NAME_PX < room for place in range(len(wide))))
        rooms = _shares([width_of(name, TICK_SIZE) for name in names[:shown]], room - sum(wide[:shown]))
        used = 0.0

        def write_small(text: str, room: float, colour: str) -> float:
            x, line = right - used, y + BASELINE_PX
            return self.canvas.text(text, x, line, room=room, size=TICK_SIZE, colour=colour, anchor="rs")

        if more := len(values) - shown:
            used += write_small(f"… {more} more", room, MUTED) + GAP_PX
        for place in reversed(range(shown)):
            used += self.canvas.text(values[place], right - used, y, room=room, font=BOLD, anchor="ra") + GAP_PX
            if names[place]:
                used += write_small(names[place], rooms[place], colours[place]) + MARGIN_PX
        return used

    def _chart(self, chart: Chart, colours: list[str], box: Box) -> None:
        """Draw curves over their axes, the first one in the colour that the run has everywhere (run_colours.ts)."""
        curves = [(drawable(curve.x), drawable(curve.y)) for curve in chart.curves]
        across = Axis.of(np.concatenate([x for x, _ in curves]), most=5, margin=0.03)
        up = Axis.of(np.concatenate([y for _, y in curves]), most=4, margin=0.06)
        left, top, right, bottom = box
        left += max(48, 8 + max((width_of(label, TICK_SIZE) for _, label in up.ticks), default=0))
        for number, label in up.ticks:
            y = bottom - float(up.share(number)) * (bottom - top)
            self.canvas.rule(left, y, right - left)
            self.canvas.text(label, left - 6, y, room=INNER_PX, size=TICK_SIZE, colour=MUTED, anchor="rm")
        for number, label in across.ticks:
            x = left + float(across.share(number)) * (right - left)
            self.canvas.text(label, x, bottom + 4, room=INNER_PX, size=TICK_SIZE, colour=MUTED, anchor="ma")
        for (x_numbers, y_numbers), colour in zip(curves, colours, strict=True):
            xs = left + across.share(x_numbers) * (right - left)
            ys = bottom - up.share(y_numbers) * (bottom - top)
            self.canvas.curve(np.column_stack([xs, ys]), (left, top, right, bottom), colour)


def _number(text: str, room: float, font: str = "DejaVuSans", size: float = TEXT_SIZE) -> str:
    """Return a value as there is room for it: a number is rounded before one of its digits is left out."""
    if width_of(text, size, font) <= room:
        return text
    try:
        return f"{float(text):.4g}"
    except ValueError:
        return text


def _shares(wanted: list[float], room: float) -> list[float]:
    """Divide a room: what wants less than its share leaves it to the others."""
    given = [0.0] * len(wanted)
    for number, place in enumerate(sorted(range(len(wanted)), key=wanted.__getitem__)):
        given[place] = min(wanted[place], max(0.0, room / (len(wanted) - number)))
        room -= given[place]
    return given


def _table_px(table: Table) -> float:
    return LINE_PX * (2 + len(table.rows)) + MARGIN_PX


def _charts_px(still: Still) -> int:
    rows = 1 if len(still.charts) == 1 else -(-len(still.charts) // 2)
    return rows * (CHART_PX + TITLE_PX + MARGIN_PX)
