"""A run in a tab of JupyterLab: opened from a cell's view, there again after a reload, without its kernel."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.run_page import TABS, RunPage

pytestmark = pytest.mark.timeout(600)  # a page, a kernel and a job share what cores there are
LOAD = "%load_ext cellrun.magics"
TRAIN = """%%submit training -- --lr 0.1
import time
from pathlib import Path
Path('outputs').mkdir(exist_ok=True)
Path('outputs/report.txt').write_text('all is well')
for epoch in range(600):
    run.log('loss', 1 / (epoch + 1))
    print('epoch', epoch)
    time.sleep(0.1 if epoch < 5 else 1)
"""


@pytest.fixture
def lab(shared_lab):
    return shared_lab


def test_a_run_in_a_tab_of_its_own(lab):
    lab.open("tab.ipynb", [LOAD, TRAIN])
    lab.run_all()
    lab.view(1).wait_for_points("loss", 3)
    lab.view(1).button("Open ↗").click()
    shown = RunPage(lab.page)
    shown.wait_for_points("loss", 5)
    tab = lab.page.locator(".lm-TabBar-tab.lm-mod-current").filter(has_text="training-1")
    expect(tab).to_have_attribute("title", re.compile("training-1 · training · Running"))
    panels = {
        "Metrics": "loss",
        "Log": "epoch",
        "Details": "--lr 0.1",
        "Outputs": "all is well",
        "Code": "%%submit training",
    }
    for theme in ("dark", "light"):
        lab.use_theme(theme)
        expect(shown.root).to_have_attribute("data-theme", theme)
        for name in TABS:
            expect(shown.open(name)).to_contain_text(panels[name])
            lab.screenshot(f"run-tab-{name.lower()}")
            assert shown.accessibility_problems() == []

    lab.shut_down()
    lab.page.goto(lab.page.url.replace("?reset", ""))
    shown.panel("Code")
    expect(shown.root).to_contain_text("%%submit training", timeout=60_000)
    shown.open("Metrics")
    shown.wait_for_points("loss", shown.wait_for_points("loss", 5) + 1)
    shown.button("Cancel").click()
    shown.expect_status("Canceled")
    expect(tab).to_have_attribute("title", re.compile("Canceled"))
    icon, text = (tab.locator(part).bounding_box() for part in (".lm-TabBar-tabIcon > svg", ".lm-TabBar-tabLabel"))
    assert abs((icon["y"] + icon["height"] / 2) - (text["y"] + text["height"] / 2)) <= 1  # straight

    lab.command("cellrun:open-run", workspace="nowhere", run="nothing_1795507200_0a1b2c3d")
    expect(shown.root).to_contain_text("nothing_1795507200_0a1b2c3d isn't in a workspace")
    assert lab.problems == []


def test_where_a_runs_data_is_stays_in_its_column(lab):
    lab.open("data_tab.ipynb", [LOAD, "%%submit kept --output model_of_the_whole_training=best\nprint('made')"])
    lab.run_all()
    lab.view(1).expect_status("Completed")
    lab.view(1).button("Open ↗").click()
    shown = RunPage(lab.page)
    data = shown.open("Details").get_by_role("region", name="Data")
    expect(data).to_contain_text(re.compile(r"workspaceblobstore/.*, registered as best:1"))
    cells = data.locator("td")
    for width in (1360, 1200):
        lab.page.set_viewport_size({"width": width, "height": 900})
        assert [
            cell.inner_text() for cell in cells.all() if cell.evaluate("it => it.scrollWidth > it.clientWidth")
        ] == []
        table, region = data.locator("table").bounding_box(), data.bounding_box()
        assert table["x"] + table["width"] <= region["x"] + region["width"] + 1, width
