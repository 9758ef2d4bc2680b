"""Prints stills of runs: `python -m cellrun.widgets.still RUN_FOLDER …`, a line of JSON each.

A process of its own: a kernel that computes isn't held up by drawing.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from base64 import b64encode
from contextlib import suppress

if __name__ == "__main__":
    gc.set_threshold(50_000)  # as in run_steps.py

from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.errors import CellrunError
from cellrun.core.layout import RunLayout
from cellrun.widgets.still.html import still_html
from cellrun.widgets.still.picture import Picture
from cellrun.widgets.still.still import Still
from cellrun.widgets.text import run_text


def main(folders: list[str]) -> None:
    """Print the MIME bundle of each run that can be read, with its folder."""
    with suppress(OSError):
        os.nice(10)
    for folder in folders:
        layout = RunLayout(folder)
        # gone or damaged: its output stays as it is
        with suppress(CellrunError, *UNREADABLE):
            still = Still.of(layout)
            picture = Picture(still)
            data = {
                "text/html": still_html(still, picture.charts()),
                "image/png": b64encode(picture.whole()).decode(),
                "text/plain": f"{run_text(layout)}\n{still.taken}",
            }
            print(json.dumps({"folder": folder, "data": data}), flush=True)  # noqa: T201  # its answer


if __name__ == "__main__":
    main(sys.argv[1:])
