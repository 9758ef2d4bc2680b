"""The canvas of a still: text and curves at pixel positions, and their PNG.

The fonts are shipped: a picture must not depend on the machine's.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cellrun.core.live.downsample import Floats

WIDTH_PX = 960
SCALE = 1.5  # pixels of the picture per pixel of the page
LINE_WIDTH_PX = 1.9
COLOURS = ("#1976d2", "#d97706", "#1f5a50", "#cc73b3", "#7409f0", "#613310")  # the view's, in its light theme
TEXT, MUTED, LINES, ERROR, PAPER = "#333333", "#6b6b6b", "#e0e0e0", "#d32f2f", "#ffffff"

_FONTS = Path(__file__).with_name("fonts")
_SOFT = 3  # a curve is drawn so many times larger, and made small: its edges are soft then
_SHADES = 12  # of each colour, from its own to the paper's
_ELLIPSIS = "…"


Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


class Text(NamedTuple):
    """A line that was written."""

    line: str
    place: tuple[float, float]
    font: ImageFont.FreeTypeFont
    anchor: str

    @property
    def box(self) -> Box:
        """Where it is in the picture."""
        return ImageDraw.Draw(Image.new("1", (1, 1))).textbbox(self.place, self.line, self.font, self.anchor)


class Canvas:
    """A page of a given height; places are in pixels of the page, from its upper left corner.

    `texts` and `curves` say what was drawn, and where in the picture.
    """

    def __init__(self, height_px: float) -> None:
        self._image = Image.new("RGB", (_pixels(WIDTH_PX), _pixels(height_px)), PAPER)
        self._draw = ImageDraw.Draw(self._image)
        self.texts: list[Text] = []
        self.curves: list[Box] = []

    def text(  # noqa: PLR0913  # what there is to say of a text
        self,
        text: str,
        x: float,
        y: float,
        *,
        room: float,
        size: float = 12.5,
        font: str = "DejaVuSans",
        colour: str = TEXT,
        anchor: str = "la",
        tail: int = 0,
    ) -> float:
        """Write a line at a place, shortened to the room that it has but for its last characters; return its width."""
        loaded = _font(font, size)
        line = _shortened(" ".join(text.splitlines()), room * SCALE, loaded, tail)
        drawn = Text(line, (x * SCALE, y * SCALE), loaded, anchor)
        self._draw.text(drawn.place, line, fill=colour, font=loaded, anchor=anchor)
        self.texts.append(drawn)
        return loaded.getlength(line) / SCALE

    def rule(self, x: float, y: float, width: float) -> None:
        """Draw a grid line."""
        at = round(y * SCALE)
        self._draw.line((x * SCALE, at, (x + width) * SCALE, at), fill=LINES)

    def curve(self, points: Floats, box: Box, colour: str) -> None:
        """Draw a line through points (rows of x, y) within a box; NaN is a gap, a point between gaps a dot."""
        left, top, right, bottom = (_pixels(side) for side in box)
        mask = Image.new("L", ((right - left) * _SOFT, (bottom - top) * _SOFT))
        pen = ImageDraw.Draw(mask)
        large = (points * SCALE - (left, top)) * _SOFT
        radius = round(LINE_WIDTH_PX * SCALE * _SOFT / 2)
        for stretch in _stretches(np.round(large)):  # whole pixels: a line and its corners are of one width then
            dot = radius * (1 if len(stretch) > 1 else 2)
            pen.line([part for point in stretch for part in point], fill=255, width=2 * radius + 1)
            for x, y in stretch:  # round corners
                pen.ellipse((x - dot, y - dot, x + dot, y + dot), fill=255)
        self._image.paste(colour, (left, top), mask.reduce(_SOFT))
        self.curves.append((left, top, right, bottom))

    def png(self, top_px: float = 0, bottom_px: float | None = None) -> bytes:
        """Return a PNG of the page, or of what is between two heights.

        Written here: Pillow's own writer loads five other formats first, which costs as much as a chart.
        """
        width, bottom = self._image.width, self._image.height if bottom_px is None else _pixels(bottom_px)
        # A row begins with the number of its filter, 0 for none: that is what a column left of the image holds.
        rows = self._in_few_colours.crop((-1, _pixels(top_px), width, bottom))
        header = struct.pack(">IIBBBBB", width, rows.height, 8, 3, 0, 0, 0)
        data = zlib.compress(rows.tobytes(), 4)
        chunks = {b"IHDR": header, b"PLTE": bytes(rows.getpalette() or ()), b"IDAT": data, b"IEND": b""}
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
            for kind, content in chunks.items()
        )

    @cached_property
    def _in_few_colours(self) -> Image.Image:
        return self._image.quantize(palette=_palette(), dither=Image.Dither.NONE)


def width_of(text: str, size: float = 12.5, font: str = "DejaVuSans") -> float:
    """Return how wide a text is."""
    return _font(font, size).getlength(text) / SCALE


def _pixels(length_px: float) -> int:
    return round(length_px * SCALE)


@cache
def _font(name: str, size: float) -> ImageFont.FreeTypeFont:
    # one layout engine wherever it is drawn: the other one isn't in all of Pillow's builds
    return ImageFont.truetype(str(_FONTS / f"{name}.ttf"), size * SCALE, layout_engine=ImageFont.Layout.BASIC)


def _shortened(text: str, room: float, font: ImageFont.FreeTypeFont, tail: int) -> str:
    """Return a text that has room: an ellipsis stands for what is left out before its last `tail` characters."""
    if font.getlength(text) <= room:
        return text
    end = text[len(text) - tail :]
    fewest, most = 0, max(0, len(text) - tail - 1)
    while fewest < most:
        middle = (fewest + most + 1) // 2
        fits = font.getlength(f"{text[:middle]}{_ELLIPSIS}{end}") <= room
        fewest, most = (middle, most) if fits else (fewest, middle - 1)
    return f"{text[:fewest].rstrip()}{_ELLIPSIS}{end}"


def _stretches(points: Floats) -> list[list[tuple[float, float]]]:
    """Return the points between gaps."""
    found: list[list[tuple[float, float]]] = [[]]
    for x, y in points.tolist():
        if x == x and y == y:  # noqa: PLR0124  # no NaN
            found[-1].append((x, y))
        elif found[-1]:
            found.append([])
    return [stretch for stretch in found if stretch]


@cache
def _palette() -> Image.Image:
    """Return the colours of all pictures: with their edges' shades they are few, and need not be searched for."""
    made = Image.new("P", (1, 1))
    shades = [_shade(ink, number / _SHADES) for ink in (*COLOURS, TEXT, MUTED, ERROR) for number in range(_SHADES)]
    made.putpalette([part for colour in [*shades, _rgb(LINES), _rgb(PAPER)] for part in colour])
    return made


def _shade(colour: str, share: float) -> Sequence[int]:
    return [round(ink + (paper - ink) * share) for ink, paper in zip(_rgb(colour), _rgb(PAPER), strict=True)]


def _rgb(colour: str) -> Sequence[int]:
    return bytes.fromhex(colour[1:])
