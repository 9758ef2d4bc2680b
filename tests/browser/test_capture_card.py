"""The capture card in a real JupyterLab, and what of it is seen of a run afterwards."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from cellrun.core.context.manifest import Need
from cellrun.magics.capture.card.card import Card
from cellrun.magics.capture.refusals import Refusal
from tests.browser.accessibility import grave_problems
from tests.browser.run_page import RunPage
from tests.browser.screenshots import screenshot

pytestmark = pytest.mark.timeout(600)  # a page, a kernel and a job share what cores there are
SETUP = """%load_ext cellrun.magics
from pathlib import Path
Path('features').mkdir(exist_ok=True)
Path('features/__init__.py').write_text('from features import scale')
Path('features/scale.py').write_text('K = 2')
Path('labels.csv').write_text('1,2' * 500)
import numpy as np
import features
X_train = np.zeros((1437, 64))
class Log: pass
log = Log()
log.stream = open('labels.csv')
cfg = {'io': [1, 2, log]}
def train(X, cfg):
    open('labels.csv').close()
    return np.mean(X) + features.scale.K"""
DRY = "%%submit digits --dry\ntrain(X_train, cfg)"
REAL = "%%submit digits --without cfg\nprint(features.scale.K, X_train.shape)\ndel cfg"


@pytest.fixture
def lab(shared_lab):
    return shared_lab


def test_the_card_in_both_themes_and_what_was_captured_afterwards(lab):
    lab.open("card.ipynb", [SETUP, DRY, REAL])
    lab.run_cell(0)
    lab.wait_until_done(0)
    lab.run_cell(1)
    card = lab.cell(1).locator(".cellrun-needs")
    expect(card).to_contain_text("What this cell needs")
    expect(card.locator(".cellrun-needs-refused")).to_have_text("1 refusal")
    expect(card.locator(".cellrun-needs-refusal code").first).to_have_text("cfg['io'][2].stream")
    names = card.locator("tbody tr td:first-child").all_inner_texts()
    assert names[:5] == ["train", "X_train", "np", "features", "labels.csv"]
    for theme, background, text in (
        ("light", "rgb(255, 255, 255)", "rgba(0, 0, 0, 0.87)"),
        ("dark", "rgb(33, 33, 33)", "rgba(255, 255, 255, 0.87)"),
    ):
        lab.use_theme(theme)
        expect(card).to_have_css("background-color", background)
        expect(card).to_have_css("color", text)
        expect(card.locator("td").first).to_have_css("text-align", "start")
        assert grave_problems(lab.page, card) == []
        lab.screenshot("capture-card")
    lab.resize(700)
    lab.screenshot("capture-card-narrow")
    lab.resize(1360)

    lab.run_cell(2)
    view = lab.view(2)
    view.expect_status("Failed")  # cfg stayed behind
    expect(view.root.locator(".cellrun-captured")).to_have_text(re.compile(r"^1 name, 7\d\d\.\d kB captured$"))
    expect(view.alert).to_contain_text("%load_run digits-1")
    lab.screenshot("captured")
    view.button("Code").click()
    page = RunPage(lab.page)
    page.panel("Code").get_by_role("option", name="What was captured").click()
    table = page.root.locator(".cellrun-captured-table")
    expect(table.locator("tbody tr").filter(has_text="X_train")).to_contain_text("ndarray 1437 × 64 float64")  # noqa: RUF001
    expect(table).to_contain_text("local module, 2 files")
    for theme in ("dark", "light"):
        lab.use_theme(theme)
        lab.screenshot("captured-table")
        assert page.accessibility_problems() == []
    assert lab.problems == []


@pytest.mark.parametrize(
    ("scheme", "variables", "background", "text"),
    [
        ("light", {}, "rgb(255, 255, 255)", "rgb(51, 51, 51)"),
        ("dark", {}, "rgb(33, 33, 33)", "rgb(228, 228, 228)"),
        # A light notebook on a machine that is dark otherwise, as nbconvert's pages are.
        (
            "dark",
            {"--jp-layout-color1": "white", "--jp-ui-font-color1": "#222"},
            "rgb(255, 255, 255)",
            "rgb(34, 34, 34)",
        ),
        (
            "light",
            {"--vscode-editor-background": "#1f1f1f", "--vscode-foreground": "#ccc"},
            "rgb(31, 31, 31)",
            "rgb(204, 204, 204)",
        ),
    ],
)
def test_the_card_elsewhere_is_as_light_or_dark_as_its_page(page, scheme, variables, background, text):
    needs = [Need("X_train", "value", "ndarray 1437", "line 1", 736_000, "value", "same as digits-2: not sent again")]
    refusal = Refusal("f", "f is an open file (TextIOWrapper)", "line 2", "Open it inside the cell: --without f")
    page.emulate_media(color_scheme=scheme)
    page.set_content(f"<title>card</title><main>{Card(needs, [refusal], ['`a` is linked'])._repr_html_()}</main>")
    page.evaluate(
        "all => Object.entries(all).forEach(([name, value]) => document.body.style.setProperty(name, value))", variables
    )
    card = page.locator(".cellrun-needs")
    expect(card).to_have_css("background-color", background)
    expect(card).to_have_css("color", text)
    if not variables:  # others' colours are theirs
        assert grave_problems(page, card) == []
        screenshot(card, f"capture-card-alone-{scheme}")
