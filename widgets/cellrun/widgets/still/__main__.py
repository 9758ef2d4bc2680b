"""Prints stills of runs: `python -m cellrun.widgets.still RUN_FOLDER …`, a line of JSON each.

A process of its own: a kernel that computes isn't held up by drawing, and what a notebook sets in matplotlib changes
nothing here.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from base64 import b64encode
from contextlib import suppress

from cellrun.core.errors import CellrunError
from cellrun.core.layout import RunLayout
from cellrun.widgets.still.html import still_html
from cellrun.widgets.still.picture import charts_png, still_png
from cellrun.widgets.still.still import Still
from cellrun.widgets.text import run_text


def main(folders: list[str]) -> None:
    """Print the MIME bundle of each run that can be read, with its folder."""
    warnings.simplefilter("ignore")  # a character that the font hasn't is a box, no matter for a reader
    with suppress(OSError):
        os.nice(10)
    for folder in folders:
        layout = RunLayout(folder)
        # gone or damaged: its output stays as it is
        with suppress(CellrunError, OSError, ValueError, KeyError, TypeError):
            still = Still.of(layout)
            data = {
                "text/html": still_html(still, charts_png(still)),
                "image/png": b64encode(still_png(still)).decode(),
                "text/plain": run_text(layout),
            }
            print(json.dumps({"folder": folder, "data": data}), flush=True)  # noqa: T201  # its answer


if __name__ == "__main__":
    main(sys.argv[1:])
