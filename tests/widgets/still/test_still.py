"""What a still says and draws."""

import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from cellrun.core.status import Status
from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.status_file import StatusFile
from cellrun.widgets.still import picture
from cellrun.widgets.still.html import live_html, still_html
from cellrun.widgets.still.still import CHARTS, Still

NASTY = "<img src=x onerror=alert(1)>$\\frac{"


@pytest.fixture
def log(layout):
    """Return what logs into the run."""
    return EventLog.of(layout)


def ended(layout, status=Status.COMPLETED, **fields):
    StatusFile(layout).change(Status.RUNNING)
    StatusFile(layout).change(status, **fields)


def ink(png, box):
    """Return how many dark pixels a part of a picture has, as a share."""
    pixels = np.asarray(Image.open(BytesIO(png)).convert("L"))
    left, top, right, bottom = (round(value) for value in box)
    return float((pixels[top:bottom, left:right] < 200).mean())


def test_it_says_who_the_run_is_its_numbers_and_the_end_of_its_log(layout, log):
    for x in range(100):
        log.log("loss", 1 / (x + 1))
        log.row("sine", {"x": x, "y": x / 2})
    log.log("accuracy", 0.9639)
    layout.log.write_text("".join(f"line {n}\n" for n in range(50)))
    ended(layout)
    still = Still.of(layout)
    assert (still.number, still.status, still.sign, still.name) == (1, "Completed", "✓", "example-1")
    experiment, elapsed = still.facts
    assert experiment == "example"
    assert re.fullmatch(r"\d\d:\d\d", elapsed)
    assert still.tiles == [("accuracy", "0.9639")]
    assert [(chart.title, chart.subtitle, chart.latest) for chart in still.charts] == [
        ("loss", "", "0.01"),
        ("sine", "y over x", "49.5"),
    ]
    assert len(still.charts[0].curves[0].y) == 100
    assert still.log[-1] == "line 49"


def test_a_failed_run_says_why(layout):
    reason = "exit code 1: ValueError: could not convert"
    ended(
        layout,
        Status.FAILED,
        reason=reason,
        traceback_tail='  File "a.py", line 4\n',
        last_line="ValueError: could not convert",
    )
    html = still_html(Still.of(layout), None)
    assert "ValueError: could not convert" in html
    assert "a.py, line 4" in html


def test_what_has_no_room_is_counted(layout, log):
    for number in range(CHARTS + 3):
        for value in (1, 2):
            log.log(f"m{number}", value)
    still = Still.of(layout)
    assert (len(still.charts), still.more) == (CHARTS, 3)
    assert "3 more metrics" in still_html(still, None)


def test_html_holds_what_was_logged_as_text_and_nothing_from_elsewhere(layout, log):
    log.log(NASTY, NASTY)
    layout.log.write_text(f"{NASTY}\n\x1b[31mred\x1b[0m\n")
    html = still_html(Still.of(layout), b"png") + live_html(NASTY, "1.0")
    assert "<img src=x" not in html
    assert html.count("&lt;img src=x") == 4
    assert "\x1b" not in html
    assert not re.search(r"<script|https?://|javascript:|on\w+=(?!alert\(1\)&gt;)", html)


def test_the_picture_shows_every_text_and_curve_that_the_still_has(layout, log):
    for x in range(20):
        log.log("loss", x)
    log.log(NASTY, 3)
    layout.log.write_text("the last line\n")
    ended(layout)
    still = Still.of(layout)
    png, figure = picture.still_png(still), picture.still_figure(still)
    figure.canvas.draw()
    height = figure.bbox.height
    texts = {text.get_text(): text.get_window_extent() for text in figure.texts}
    assert {"✓ Completed", "example-1", "loss", "19", NASTY[:30], "3", "the last line"} <= set(texts)
    for text, box in texts.items():
        assert ink(png, (box.x0, height - box.y1, box.x1, height - box.y0)) > 0.02, f"{text} can't be seen"
    (axes,) = figure.axes
    assert axes.lines[0].get_ydata().tolist() == list(range(20))
    box = axes.get_window_extent()
    assert ink(png, (box.x0, height - box.y1, box.x1, height - box.y0)) > 0.002


@pytest.mark.parametrize("values", [[float("nan"), 1.0, float("inf")], [1e308, -1e308], [5, 5]])
def test_curves_of_any_numbers_can_be_drawn(layout, log, values):
    for value in values:
        log.log("m", value)
    assert picture.charts_png(Still.of(layout))


def test_many_curves_and_lines_stay_within_a_notebooks_measure(layout, log):
    rng = np.random.default_rng(1)
    for number in range(CHARTS):
        log.list_(f"m{number}", rng.normal(size=5000).tolist())
    layout.log.write_text("".join(f"{'word ' * 30}{n}\n" for n in range(100)))
    still = Still.of(layout)
    charts = picture.charts_png(still)
    assert len(still_html(still, charts)) + len(picture.still_png(still)) * 4 / 3 < 500_000
