"""A run on a target that shares neither disk nor processes: in the page nothing differs but the place."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from cellrun.core.targets.fake.engine import why_not_isolated
from tests.browser.accessibility import grave_problems
from tests.browser.panel_page import PanelPage
from tests.keepers import end_keepers

pytestmark = [
    pytest.mark.timeout(600),  # a page, a kernel and a job share what cores there are
    pytest.mark.skipif(bool(why_not_isolated()), reason=why_not_isolated() or "it can be had"),
]
ATTACH = """%load_ext cellrun.magics
import os
os.environ['CELLRUN_SILENCE_S'] = '2'
import numpy as np
from cellrun.core import Workspace
X_train = np.zeros((1437, 64))
from cellrun.core.targets.keeper.place import KeeperPlace
from cellrun.core.targets.keeper.start import start
Workspace.from_config().attach('box', 'fake', folder='far side')
start(KeeperPlace.here())"""
DRY = """%%submit digits_there --target box --dry
import os
print(X_train.shape, os.environ['HF_TOKEN_OF_MINE'], open('large.bin'))"""
TRAIN = """%%submit digits_there --target box
import time
for epoch in range(100_000):
    run.log('loss', 1 / (1 + epoch))
    print('epoch', epoch, X_train.shape, flush=True)
    time.sleep(0.5)"""


@pytest.fixture
def lab(shared_lab, server):
    """Return a page whose kernel starts the keeper: one that the server starts would be patient for two minutes."""
    runtime = server.folder.parent / "cellrun-runtime"
    end_keepers(runtime)
    yield shared_lab
    end_keepers(runtime)


def test_a_cell_submitted_elsewhere_is_live_is_listed_and_is_canceled(lab, server):
    lab.open("elsewhere.ipynb", [ATTACH, DRY, TRAIN, "%targets"])
    (server.folder / "large.bin").write_bytes(bytes(17 << 20))
    lab.run_cell(0)
    lab.wait_until_done(0)
    lab.resize(1200)
    lab.run_cell(1)
    card = lab.cell(1).locator(".cellrun-needs")
    expect(card).to_contain_text("to box, Python")
    expect(card.locator(".cellrun-needs-refusal")).to_contain_text("large.bin (17.8 MB) is too large to be copied")
    expect(card.locator(".cellrun-needs-note").first).to_be_visible()
    assert grave_problems(lab.page, card) == []
    for width, theme in ((1200, "light"), (700, "dark")):
        lab.resize(width)
        lab.use_theme(theme)
        lab.screenshot(f"elsewhere-card-{width}")

    lab.run_cell(2)
    view = lab.view(2)
    view.expect_status("Running")
    expect(view.root.locator(".cellrun-chip:visible")).to_have_text("box · 1 cpu")
    view.wait_for_points("loss", 5)
    expect(view.log).to_contain_text("epoch 5 (1437, 64)")
    assert view.accessibility_problems() == []
    lab.screenshot("elsewhere-700")
    lab.resize(1200)
    lab.use_theme("light")
    view.wait_for_points("loss", 5)
    lab.screenshot("elsewhere-1200")

    panel = PanelPage(lab)
    panel.show()
    row = panel.root.locator(".cellrun-line", has_text="digits_there-1")
    expect(row.locator(".cellrun-state")).to_have_attribute("data-status", "Running")
    lab.screenshot("elsewhere-panel")

    cut = server.folder / "far side" / "unreachable"
    cut.touch()
    view.expect_status("NotResponding")
    expect(view.root.locator(".cellrun-alert")).to_contain_text("can't be reached")
    expect(row.locator(".cellrun-state")).to_have_attribute("data-status", "NotResponding")
    assert view.accessibility_problems() == []
    lab.screenshot("elsewhere-unreachable")
    lab.run_cell(3)
    lab.wait_until_done(3)
    expect(lab.cell(3).locator("table")).to_contain_text("✕")
    lab.screenshot("elsewhere-targets")
    cut.unlink()
    view.expect_status("Running")
    expect(view.root.locator(".cellrun-alert")).to_have_count(0)

    view.button("Cancel").click()
    view.expect_status("Canceled")
    expect(row.locator(".cellrun-state")).to_have_attribute("data-status", "Canceled")
    lab.screenshot("elsewhere-canceled")
    assert lab.problems == []
