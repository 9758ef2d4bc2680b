"""The colours of runs; the front end is tested on the same cases."""

import json
from pathlib import Path

import pytest

from cellrun.core.comparison.run_colours import COLOURS, run_colours

CASES = json.loads((Path(__file__).parents[2] / "data" / "run_colours.json").read_text())
PAGES = {"white": "#ffffff", "JupyterLab's dark": "#212121"}


@pytest.mark.parametrize("case", CASES, ids=[str(case["numbers"]) for case in CASES])
def test_a_run_has_the_colour_of_the_front_end(case):
    assert run_colours(case["numbers"]) == case["colours"]


@pytest.mark.parametrize("page", PAGES)
def test_every_colour_stands_out_from_a_light_page_and_from_a_dark_one(page):
    for colour in COLOURS:
        low, high = sorted((luminance(colour), luminance(PAGES[page])))
        assert (high + 0.05) / (low + 0.05) > 3, colour


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
