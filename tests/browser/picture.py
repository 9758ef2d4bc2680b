"""Takes pictures of README and docs: `.venv/bin/python -m tests.browser.picture` writes those of `docs/images/`.

In a real JupyterLab: a cell with its live view, the side bar with runs of two notebooks, the page of targets.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect

from tests.browser.chromium import chromium
from tests.browser.lab_page import LabPage
from tests.browser.lab_server import lab_server
from tests.browser.panel_page import PanelPage
from tests.browser.targets_page import TargetsPage

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
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


def take_side_bar(lab: LabPage) -> bytes:
    """Run both notebooks, the second twice; return a PNG of the runs in the side bar, beside their cell."""
    lab.resize(1400)
    lab.open("sine.ipynb", source=ROOT / "notebooks" / "sine.ipynb")
    lab.run_all()
    lab.view(2).expect_status("Completed")
    lab.open("digits.ipynb", source=ROOT / "notebooks" / "digits.ipynb")
    lab.command(ASIDE[0], side="right")
    for index in range(CELL + 1):
        lab.run_cell(index)
    lab.view(CELL).expect_status("Completed")
    lab.run_cell(CELL)
    panel = PanelPage(lab)
    panel.show()
    panel.widen(140)
    lab.view(CELL).wait_for_points("loss", POINTS)
    lab.cell(CELL).evaluate("cell => cell.scrollIntoView({ block: 'start' })")
    lab.page.wait_for_timeout(1500)  # a list's news come once a second
    return lab.page.screenshot()


def take_targets(lab: LabPage, folder: Path) -> bytes:
    """Test a target that isn't attached yet; return a PNG of the page of targets."""
    lab.resize(1400)
    lab.open("empty.ipynb", ["1 + 1"])
    lab.command("cellrun:targets")
    targets = TargetsPage(lab.page)
    targets.expect_state("local", "answers")
    form = targets.open_form()
    form.get_by_label("Name").fill("scratch")
    form.get_by_label("Kind").select_option("fake")
    form.get_by_label("folder").fill(str(folder))
    form.get_by_label("folder").press("Enter")
    expect(form.get_by_role("button", name="Attach", exact=True)).to_be_enabled()
    lab.page.set_viewport_size({"width": 1000, "height": 720})
    return targets.root.screenshot()


def main() -> None:
    """Write the pictures, in few colours: a reader of the README loads them each time."""
    with tempfile.TemporaryDirectory() as root, lab_server(Path(root) / "lab") as server, chromium() as browser:
        page = browser.new_context(viewport=SIZE, device_scale_factor=2, locale="en-US").new_page()  # type: ignore[arg-type]
        lab = LabPage(page, server)
        shots = {
            "live-view.png": take(lab),
            "side-bar.png": take_side_bar(lab),
            "targets.png": take_targets(lab, Path(root) / "elsewhere"),
        }
        lab.shut_down()
    IMAGES.mkdir(exist_ok=True)
    for name, shot in shots.items():
        path = IMAGES / name
        Image.open(io.BytesIO(shot)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(
            path, optimize=True
        )
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
