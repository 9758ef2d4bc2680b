"""What is drawn where, in which colours."""

from io import BytesIO

import numpy as np
from PIL import Image, ImageColor

from cellrun.widgets.still.canvas import COLOURS, PAPER, SCALE, Canvas


def opened(png):
    image = Image.open(BytesIO(png))
    image.load()  # all of its checksums
    return image.convert("RGB")


def colours_in(image):
    return {pixel for _, pixel in image.getcolors(10_000)}


def test_a_curve_has_its_colour_on_white_paper_and_soft_edges():
    canvas = Canvas(100)
    canvas.curve(np.array([[10, 90], [100, 10]], dtype=float), (0, 0, 110, 100), COLOURS[1])
    found = colours_in(opened(canvas.png()))
    assert {ImageColor.getrgb(COLOURS[1]), ImageColor.getrgb(PAPER)} < found
    assert len(found) > 4


def test_a_gap_is_no_line_and_a_point_between_gaps_a_dot():
    canvas = Canvas(100)
    rows = np.array([[10, 50], [20, 50], [30, np.nan], [40, 50], [50, np.nan], [60, 50], [70, 50]])
    canvas.curve(rows, (0, 0, 110, 100), COLOURS[0])
    drawn = opened(canvas.png())
    columns = {x: drawn.crop((round(x * SCALE), 0, round(x * SCALE) + 1, 150)) for x in (15, 30, 40, 50, 65)}
    assert [x for x, column in columns.items() if len(colours_in(column)) > 1] == [15, 40, 65]


def test_a_text_that_has_no_room_says_so_and_keeps_its_end():
    canvas = Canvas(100)
    canvas.text("a long name-17", 0, 0, room=70, tail=3)
    canvas.text("a long name\nof two lines", 0, 50, room=500)
    shortened, whole = canvas.texts
    assert shortened.line.endswith("…-17")
    assert shortened.line.startswith("a lo")
    assert shortened.box[2] <= 70 * SCALE
    assert whole.line == "a long name of two lines"


def test_a_part_of_the_page_is_the_same_picture():
    canvas = Canvas(100)
    canvas.text("here", 10, 50, room=100)
    whole, part = opened(canvas.png()), opened(canvas.png(40, 80))
    assert part.tobytes() == whole.crop((0, 60, whole.width, 120)).tobytes()
