"""Takes the README's picture: `.venv/bin/python -m tests.browser.picture` writes `docs/images/live-view.png`.

The digits notebook in a real JupyterLab, while its run is running.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from PIL import Image

from tests.browser.chromium import chromium
from tests.browser.lab_page import LabPage
from tests.browser.lab_server import lab_server

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "images" / "live-view.png"
CELL = 4
POINTS = 42  # of 60: enough of a curve to see, and still running
SIZE = {"width": 1200, "height": 870}
COLOURS = 128

# What stands around a notebook and says nothing of a run; commands of JupyterLab.
ASIDE = ("application:toggle-side-tabbar", "statusbar:toggle")


def take(lab: LabPage) -> bytes:
    """Run the notebook; return a PNG of its submitted cell with the live view below."""
    lab.open("digits.ipynb", source=ROOT / "notebooks" / "digits.ipynb")
    lab.command(ASIDE[0], side="left")
    lab.command(ASIDE[0], side="right")
    lab.command(ASIDE[1])
    for index in range(CELL + 1):
        lab.run_cell(index)
    view = lab.view(CELL)
    view.wait_for_points("loss", POINTS)
    lab.page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 0; }")
    lab.cell(CELL).evaluate("cell => cell.scrollIntoView({ block: 'start' })")
    lab.page.wait_for_timeout(300)  # a redraw or two
    assert view.status() == "Running"
    return lab.page.screenshot()


def main() -> None:
    """Write the picture, in few colours: a reader of the README loads it each time."""
    with tempfile.TemporaryDirectory() as root, lab_server(Path(root) / "lab") as server, chromium() as browser:
        page = browser.new_context(viewport=SIZE, device_scale_factor=2, locale="en-US").new_page()  # type: ignore[arg-type]
        lab = LabPage(page, server)
        shot = take(lab)
        lab.shut_down()
    PICTURE.parent.mkdir(exist_ok=True)
    Image.open(io.BytesIO(shot)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(PICTURE, optimize=True)
    print(f"{PICTURE}: {PICTURE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
