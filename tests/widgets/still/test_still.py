"""What a still says and draws."""

import math
import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageColor

from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.status import Status, StatusFile
from cellrun.widgets.still.canvas import COLOURS
from cellrun.widgets.still.html import live_html, still_html
from cellrun.widgets.still.picture import Picture
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


def test_a_run_that_is_being_stopped_has_a_still_too(layout):
    ended(layout, Status.CANCEL_REQUESTED)
    still = Still.of(layout)
    assert re.search(r"Stopping <b>example-1</b>.* · taken [^<]*, before its end<", still_html(still, None))
    assert any(text.line.endswith(" Stopping") for text in Picture(still).canvas.texts)


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
        log.row("accuracy", {"train": x / 20, "test": x / 40})
    log.log(NASTY, 3)
    layout.log.write_text("the last line\n")
    ended(layout)
    picture = Picture(Still.of(layout))
    png, texts = picture.whole(), picture.canvas.texts
    assert {"✓ Completed", "example-1", "loss", "19", NASTY, "3", "the last line"} <= {text.line for text in texts}
    for text in texts:
        assert ink(png, text.box) > 0.02, f"{text.line} can't be seen"
    assert len(picture.canvas.curves) == 2
    for box in picture.canvas.curves:
        assert ink(png, box) > 0.002


def test_several_curves_have_their_names_and_values_in_their_colours(layout, log):
    for x in range(20):
        log.row("accuracy", {"epoch": x, "train": x / 20, "test": x / 40})
    still = Still.of(layout)
    (chart,) = still.charts
    assert [(curve.name, curve.latest) for curve in chart.curves] == [("train", "0.95"), ("test", "0.475")]
    picture = Picture(still)
    boxes = {text.line: text.box for text in picture.canvas.texts}
    assert {"train", "0.95", "test", "0.475"} <= set(boxes)
    drawn = Image.open(BytesIO(picture.whole())).convert("RGB")
    for name, colour in zip(("train", "test"), COLOURS, strict=False):
        found = {pixel for _, pixel in drawn.crop(tuple(map(round, boxes[name]))).getcolors(1000)}
        assert ImageColor.getrgb(colour) in found


def test_names_of_curves_have_the_room_that_the_title_leaves(layout, log):
    names = {f"quite_a_long_name_{number}": number for number in range(3)}
    for x in range(3):
        log.row("m", {"step": x, **names})
        log.row("many", {"step": x, **{f"c{number}": 1.5 for number in range(20)}})
    picture = Picture(Still.of(layout))
    lines = [text.line for text in picture.canvas.texts]
    assert len([line for line in lines if line.startswith("quite_a_lo")]) == 3
    (more,) = (line for line in lines if line.endswith(" more"))
    assert sum(line.startswith("c") for line in lines) == 20 - int(more.split()[1])
    for text in picture.canvas.texts:
        assert text.box[0] >= 0


def test_a_number_is_rounded_before_a_digit_is_left_out(layout, log):
    log.log("big", 2**300)
    log.log("word", "word " * 50)
    lines = [text.line for text in Picture(Still.of(layout)).canvas.texts]
    assert "2.037e+90" in lines
    assert any(line.startswith("word word") and line.endswith("…") for line in lines)


def test_a_run_keeps_its_number_however_long_its_experiment_is_called(new_run):
    layout = new_run("experiment" * 25)
    lines = [text.line for text in Picture(Still.of(layout)).canvas.texts]
    (name,) = (line for line in lines if line.startswith("experiment") and line.endswith("-1"))
    assert "…" in name
    assert any("… " in line or line.endswith(", before its end") for line in lines if line != name)
    assert all(0 <= text.box[0] < text.box[2] <= 1440 for text in Picture(Still.of(layout)).canvas.texts)


@pytest.mark.parametrize("values", [[float("nan"), 1.0, float("inf")], [1e308, -1e308], [5, 5]])
def test_curves_of_any_numbers_can_be_drawn(layout, log, values):
    for value in values:
        log.log("m", value)
    assert ink(Picture(Still.of(layout)).charts(), (0, 0, 1440, 250)) > 0.0005


def test_many_curves_and_lines_stay_within_a_notebooks_measure(layout, log):
    rng = np.random.default_rng(1)
    for number in range(CHARTS):
        log.list_(f"m{number}", rng.normal(size=5000).tolist())
    layout.log.write_text("".join(f"{'word ' * 30}{n}\n" for n in range(100)))
    still = Still.of(layout)
    picture = Picture(still)
    assert len(still_html(still, picture.charts())) + len(picture.whole()) * 4 / 3 < 500_000


def test_tables_are_tables(layout, log):
    log.table("per_class", {"class": ["<b>cat</b>", "dog"], "precision": [0.987654321, 1.2345e-05], "support": [50, 2]})
    log.table("wide", {"note": ["x"] * 9, **{f"c{number}": [number] * 9 for number in range(9)}})
    log.row("predicted", {"x": 2, "y": 1})
    log.row("predicted", {"x": 1, "y": math.nan})
    log.row("predicted", {"x": 3, "y": 1})
    still = Still.of(layout)
    assert (still.tiles, still.charts) == ([], [])
    per_class, wide, predicted = still.tables
    assert per_class.rows == [["<b>cat</b>", "0.9877", "50"], ["dog", "1.235e-05", "2"]]
    assert (len(wide.rows), wide.columns[-1], wide.rest) == (5, "c6", "first 5 of 9 rows · 2 more columns")
    assert predicted.rows == [["2", "1"], ["1", "nan"], ["3", "1"]]
    html = still_html(still, None)
    assert html.count("<td") == 6 + 40 + 6
    assert "&lt;b&gt;cat&lt;/b&gt;</td>" in html
    picture = Picture(still)
    png = picture.whole()
    assert {"<b>cat</b>", "1.235e-05", wide.rest, "c6"} <= {text.line for text in picture.canvas.texts}
    for text in picture.canvas.texts:
        assert ink(png, text.box) > 0.02, f"{text.line} can't be seen"
    assert picture.charts() is None


def test_an_ellipsis_stands_for_what_a_line_has_no_room_for(layout):
    end = "| 1.23G/2.74G [01:12<01:28, 17.1MB/s]"
    bar = f"model.safetensors:  45%|{'#' * 150}{end}"
    layout.log.write_text(f"{'a' * 300}\nmodel.safetensors:   0%\r{bar}\r\n{'b' * 120}\n")
    cut, bar_line, whole = Still.of(layout).log
    assert cut == "a" * 119 + "…"
    assert (bar_line[:30], bar_line[-len(end) :], len(bar_line)) == (bar[:30], end, 120)
    assert "…" in bar_line
    assert whole == "b" * 120
    assert {cut, bar_line, whole} <= {text.line for text in Picture(Still.of(layout)).canvas.texts}
