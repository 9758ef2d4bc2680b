"""The list of runs in JupyterLab's side bar: of 200 runs, a live one, 10,000, in Japanese, without a server."""

from __future__ import annotations

import json
import re
import urllib.request

import pytest
from playwright.sync_api import expect

from cellrun.core import Experiment, ScriptRunConfig, resources
from tests.browser.lab_server import TOKEN
from tests.browser.listed_runs import workspace_with
from tests.browser.panel_page import PanelPage

pytestmark = pytest.mark.timeout(600)  # a page, a kernel and a job share what cores there are
TRAIN = """import time
from cellrun.core import Run
run = Run.get_context()
for step in range(300):
    run.log('loss', 1 / (1 + step))
    time.sleep(1)
"""


@pytest.fixture
def lab(shared_lab):
    return shared_lab


@pytest.fixture
def panel(lab, server_home):
    """Return the panel of a Lab whose workspaces this process uses too."""
    return PanelPage(lab)


def test_two_hundred_runs_are_found_edited_compared_and_deleted(lab, panel):
    workspace = workspace_with("two hundred", 200)
    lab.open_lab()
    panel.show("two hundred")
    panel.expect_count(205)
    panel.widen(90)
    assert panel.runs()[:2] == ["baseline-40", "baseline-39"]
    expect(panel.footer).to_contain_text(re.compile(r"0 running\D*\d+ completed\D*\d+ failed"))
    assert sum(map(int, re.findall(r"(\d+) \w+", panel.footer.inner_text()))) == 200
    expect(panel.footer).to_contain_text("live")
    for theme in ("dark", "light"):
        lab.use_theme(theme)
        expect(panel.root.locator(".cellrun-panel")).to_have_attribute("data-theme", theme)
        lab.screenshot("panel")
        assert panel.accessibility_problems() == []

    # By keyboard alone: filter, go, select, delete after a question.
    keyboard = lab.page.keyboard
    panel.grid.focus()
    keyboard.press("/")
    keyboard.type("status:failed lr>0.03")
    keyboard.press("Enter")
    expect(panel.footer).to_contain_text("of 200 shown")
    failed = panel.runs()
    assert len(failed) == 2
    panel.expect_status(failed[0], "Failed")
    keyboard.press("End")
    keyboard.press("Shift+Home")
    assert panel.selected() == failed
    keyboard.press("Delete")
    expect(panel.dialog).to_contain_text("Delete 2 runs?")
    expect(panel.dialog).to_contain_text(re.compile(r"Frees [\d.]+ kB"))
    lab.screenshot("panel-delete")
    keyboard.press("Enter")  # what destroys is no key away
    expect(panel.dialog).to_have_count(0)
    assert panel.runs() == failed
    keyboard.press("Delete")
    panel.answer("Delete 2 runs")
    expect(panel.root).to_contain_text("No run fits this filter.")
    panel.filter.press("Escape")
    panel.expect_count(203)
    assert all(not (workspace.folder / "runs" / name).exists() for name in failed)

    panel.find("digits-2")
    panel.menu("digits-2", "Edit name and tags")
    name, tags = panel.dialog.get_by_role("textbox").all()
    assert tags.input_value() == "best"
    name.fill("the best digits")
    tags.fill("best, seed=7")
    panel.answer("Save")
    panel.find("tag:seed=7")
    panel.expect_count(2)
    expect(panel.line("the best digits")).to_be_visible()
    assert workspace.get_run(panel.run_id("the best digits")).get_tags() == {"best": None, "seed": "7"}

    panel.find("stat:failed digits-2")
    expect(panel.root).to_contain_text("there is no stat: here")
    assert "the best digits" in panel.runs()
    panel.filter.press("Escape")
    panel.line("baseline-40").click()
    panel.line("baseline-38").click(modifiers=["Shift"])
    panel.root.get_by_role("button", name="Compare 3").click()
    expect(lab.page.locator("#jp-main-dock-panel")).to_contain_text("Compare 3 runs")
    panel.grid.focus()
    keyboard.press("Home")
    keyboard.press("ArrowDown")
    keyboard.press("Enter")
    expect(lab.page.get_by_role("tab", name="Metrics")).to_be_visible()
    lab.screenshot("panel-opened")
    assert lab.problems == []


def test_a_live_run_moves_and_is_canceled_run_again_and_kept_from_deletion(lab, panel, tmp_path):
    workspace = workspace_with("live", 20)
    lab.open_lab()
    panel.show("live")
    panel.expect_count(25)
    (tmp_path / "train.py").write_text(TRAIN)
    run = Experiment(workspace, "training").submit(ScriptRunConfig(tmp_path, "train.py"))
    panel.expect_status("training-1", "Running")
    expect(panel.line("training-1").locator(".cellrun-run-value")).not_to_be_empty()
    before = panel.value("training-1")
    expect(panel.line("training-1").locator(".cellrun-run-value")).not_to_have_text(before)
    expect(panel.footer).to_contain_text("1 running")
    panel.line("training-1").click()
    lab.page.keyboard.press("Delete")
    expect(lab.page.locator(".Toastify")).to_contain_text("training-1 stays:")
    lab.screenshot("panel-live")
    panel.menu("training-1", "Cancel")
    panel.expect_status("training-1", "Canceled")
    assert run.get_status() == "Canceled"
    panel.menu("training-1", "Run again")
    panel.expect_status("training-2", "Running")
    panel.menu("training-2", "Cancel")
    panel.expect_status("training-2", "Canceled")
    assert panel.runs()[:2] == ["training-2", "training-1"]
    root = {"version": "0.0.1", "protocol": 1, "root": None}
    lab.page.route(re.compile(r"/cellrun/api/(\?.*)?$"), lambda route: route.fulfill(json=root))
    lab.page.reload()  # what was chosen stays: the workspace, the side bar
    expect(panel.line("training-2")).to_be_visible(timeout=60_000)
    _see_another_version(panel)
    lab.screenshot("panel-version")
    assert lab.problems == []


def _see_another_version(panel):
    """It says so, and lists all the same."""
    expect(panel.root.get_by_role("alert")).to_contain_text("the Jupyter server 0.0.1: restart JupyterLab")
    box, whole = panel.footer.bounding_box(), panel.root.bounding_box()
    assert box["y"] + box["height"] <= whole["y"] + whole["height"] + 1
    assert panel.accessibility_problems() == []


def test_queued_runs_say_what_they_wait_for_as_the_queue_moves(lab, panel, tmp_path):
    experiment = Experiment(workspace_with("queue", 2), "line")
    (tmp_path / "train.py").write_text(TRAIN)
    cores = resources.cores()
    runs = [experiment.submit(ScriptRunConfig(tmp_path, "train.py", cpus=cores)) for _ in range(4)]
    lab.open_lab()
    panel.show("queue")

    def expect_wait(name, text):
        expect(panel.line(name).locator(".cellrun-state")).to_have_attribute("title", f"Queued · {text}")
        expect(panel.line(name).locator(".cellrun-run-time")).to_have_text(text.rpartition(" · ")[2])

    try:
        lacks = "waits for 1 core" if cores == 1 else f"waits for {cores} cores"
        for name, text in {"line-3": f"{lacks} · 1 before it", "line-4": f"{lacks} · 2 before it"}.items():
            expect_wait(name, text)
        lab.screenshot("panel-queued")
        runs[1].cancel()
        panel.expect_status("line-2", "Canceled")
        expect_wait("line-4", f"{lacks} · 1 before it")
        expect(panel.line("line-3").locator(".cellrun-state")).to_have_attribute("title", f"Queued · {lacks}")
        runs[0].cancel()
        panel.expect_status("line-3", "Running")
        expect(panel.line("line-4").locator(".cellrun-state")).to_have_attribute("title", f"Queued · {lacks}")
        assert lab.problems == []
    finally:
        for run in reversed(runs):
            run.cancel()


def test_ten_thousand_runs_scroll_without_blank_places(lab, panel):
    workspace_with("ten thousand", 10_000)
    lab.open_lab()
    panel.show("ten thousand")
    expect(panel.line("baseline-2000")).to_be_visible(timeout=60_000)
    panel.expect_count(10_005, most_s=300)
    scrolled = panel.scroll_through(100)
    print(f"10,000 runs, ms a frame: median {scrolled['median']:.1f}, worst {scrolled['worst']:.1f}")
    assert scrolled["blanks"] == []
    assert scrolled["rows"] < 60
    expect(panel.line("digits-1")).to_be_visible()
    panel.find("lr>0.049 epochs=10")
    expect(panel.footer).to_contain_text(re.compile(r"\d+ of 10,000 shown"))


def test_speaks_the_language_of_jupyterlab(lab, panel, server):
    workspace_with("two in Japanese", 2)
    _set_language(server, "ja_JP")
    lab.forget()
    try:
        lab.open_lab()
        lab.command("cellrun:show-panel")
        expect(panel.root.get_by_role("heading", name="実行")).to_be_visible()
        expect(panel.footer).to_contain_text("実行中 0")
        panel.root.get_by_label("ワークスペース").select_option("two in Japanese")
        panel.line("sine-1").click(button="right")
        expect(panel.root.get_by_role("menuitem", name="削除…")).to_be_visible()
        lab.screenshot("panel-japanese")
        catalogue = lab.page.evaluate(
            "async () => (await fetch('/lab/api/translations/ja_JP')).json().then(answer => answer.data.cellrun)"
        )
        assert catalogue["Clear the filter"] == ["絞り込みを解除"]
    finally:
        _set_language(server, "default")
        lab.forget()


def test_without_the_server_extension_it_says_what_to_do(shared_comm_lab):
    lab = shared_comm_lab
    lab.open_lab()
    lab.command("cellrun:show-panel")
    panel = PanelPage(lab)
    expect(panel.root.get_by_role("alert")).to_contain_text("jupyter server extension enable cellrun.server")
    lab.screenshot("panel-no-server")


def _set_language(server, locale: str) -> None:
    """Change JupyterLab's language as its settings do."""
    address = f"{server.url}/lab/api/settings/@jupyterlab/translation-extension:plugin"
    body = json.dumps({"raw": json.dumps({"locale": locale})}).encode()
    headers = {"Authorization": f"token {TOKEN}", "Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(address, body, headers, method="PUT")).close()
