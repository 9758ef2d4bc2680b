"""The portal in a real `jupyter cellrun`, below a base URL: runs, live and failed, their files; the list; comparing."""

from __future__ import annotations

import io
import itertools
import math
import re
import time
import zipfile

import pytest
from playwright.sync_api import expect

from cellrun.core import Experiment, Run, ScriptRunConfig, Workspace
from tests.browser.portal_page import PortalPage
from tests.browser.run_page import TABS, RunPage
from tests.core.submitted_runs import wait_for
from tests.server.jupyter_process import jupyter_process

pytestmark = [  # a page, a server and a job share what cores there are
    pytest.mark.timeout(600),
    pytest.mark.usefixtures("without_recorder"),
]
TRAIN = """import os
from pathlib import Path
from cellrun.core import Run
run = Run.get_context()
for step in range(60):
    run.log('loss', 2.0 ** -step)
    run.log('accuracy', 1 - 1 / (step + 2))
    print('epoch', step)
outputs = Path('outputs')
outputs.mkdir(exist_ok=True)
(outputs / 'report.csv').write_text('epoch,loss\\n0,1.0\\n')
(outputs / 'model.bin').write_bytes(bytes(100))
os.symlink('/etc/hostname', outputs / 'link')
run.tag('best')
def train(value):
    return float(value)
train('n/a')
"""


@pytest.fixture
def workspace(portal):
    return Workspace.from_config()


def submit(workspace: Workspace, folder, experiment: str, script: str) -> Run:
    folder.mkdir(exist_ok=True)
    (folder / "train.py").write_text(script)
    config = ScriptRunConfig(source_directory=folder, script="train.py", arguments=["--lr", 0.1])
    return Experiment(workspace, experiment).submit(config)


def test_the_sine_run_grows_live(portal, workspace):
    run = Experiment(workspace, "example").start_logging()
    for i in range(5):
        run.log_row("sine", x=i / 5, y=math.sin(i / 5))
    shown = portal.open_run(workspace.id, run.id)
    shown.wait_for_points("sine", 5)
    shown.expect_status("Running")
    expect(portal.page).to_have_title(re.compile("example-1 · Running"))
    waits = []
    for i in range(5, 20):
        logged = time.perf_counter()
        run.log_row("sine", x=i / 5, y=math.sin(i / 5))
        shown.wait_for_points("sine", i + 1)
        waits.append(time.perf_counter() - logged)
    median = sorted(waits)[len(waits) // 2]
    print(f"from a log call to its point in the portal: median {median:.3f} s, worst {max(waits):.3f} s")
    portal.screenshot("portal-sine")
    run.complete()
    shown.expect_status("Completed")
    expect(portal.page).to_have_title(re.compile("Completed"))
    curve = shown.curve("sine")
    assert curve["y"] == [math.sin(i / 5) for i in range(20)]
    assert "388e3c" in portal.page.locator("link[rel~=icon]").get_attribute("href")
    assert portal.problems == []


def test_a_failed_run_from_every_side(portal, workspace, tmp_path):
    run = submit(workspace, tmp_path / "src", "failing", TRAIN)
    run.wait_for_completion(raise_on_error=False)
    wait_for(run.layout.environment.exists, "what the run was run by", within_s=100)
    shown = portal.open_run(workspace.id, run.id)
    shown.expect_status("Failed")
    expect(shown.alert).to_contain_text("ValueError: could not convert string to float: 'n/a'")
    shown.wait_for_points("loss", 60)
    panels = {
        "Metrics": "accuracy",
        "Log": "Traceback (most recent call last):",
        "Details": "Get this run in Python",
        "Outputs": "outputs/report.csv",
        "Code": "run = Run.get_context()",
    }
    for theme in ("dark", "light"):
        portal.use_theme(theme)
        for name in TABS:
            expect(shown.open(name)).to_contain_text(panels[name])
            portal.screenshot(f"portal-{name.lower()}")
            assert portal.accessibility_problems() == []
    _see_files(shown)
    _see_details(shown, run)
    error = shown.open("Log").locator(".cellrun-error-line")
    expect(error).to_have_text("ValueError: could not convert string to float: 'n/a'")
    assert portal.page.url.endswith(f"{run.id}#log")
    portal.page.go_back()
    shown.panel("Details")
    portal.page.reload()
    shown.panel("Details")
    shown.button("Run again").click()
    expect(portal.page).not_to_have_url(re.compile(run.id))
    again = portal.page.url.rsplit("/", 1)[1]
    expect(shown.open("Details")).to_contain_text(run.id)  # what it repeats
    Run.get(workspace, again).wait_for_completion(raise_on_error=False)
    shown.expect_status("Failed")
    assert portal.problems == []


def _see_files(shown: RunPage) -> None:
    outputs = shown.open("Outputs")
    expect(shown.choose("outputs/report.csv")).to_have_text("1 rowepochloss01.0")
    expect(outputs.locator(".cellrun-skipped")).to_contain_text("outputs/link")
    expect(shown.choose("outputs/model.bin")).to_contain_text("no preview")
    assert shown.download(outputs.get_by_role("link", name="Download", exact=True)) == bytes(100)
    archive = zipfile.ZipFile(io.BytesIO(shown.download(outputs.get_by_role("link", name="Download all (zip)"))))
    assert "outputs/report.csv" in archive.namelist()
    assert "outputs/link" not in archive.namelist()
    code = shown.open("Code")
    assert shown.download(code.get_by_role("link", name="Download", exact=True)).decode() == TRAIN


def _see_details(shown: RunPage, run: Run) -> None:
    details = shown.open("Details")
    for fact in (run.id, "exit code 1", "--lr 0.1", "best", "Status history"):
        expect(details).to_contain_text(fact)
    details.get_by_label("Filter packages").fill("numpy")
    expect(details.locator(".cellrun-packages > span").first).to_have_text(re.compile(r"^numpy \d"))
    details.get_by_role("button", name="Edit name and tags").click()
    dialog = shown.page.get_by_role("dialog")
    dialog.get_by_label("Tags").fill("worst, dataset=digits")
    dialog.get_by_role("button", name="Save").click()
    expect(details).to_contain_text("dataset=digits")
    assert Run.get(run.experiment.workspace, run.id).get_tags() == {"worst": None, "dataset": "digits"}


def test_charts_are_zoomed_exactly_smoothed_and_drawn_over_time(portal, workspace):
    run = Experiment(workspace, "long").start_logging()
    for step in range(20_000):
        run.log("loss", math.exp(-step / 4000) + (0.5 if step == 10_007 else 0))
    for value in (1, 0, -1):
        run.log("mixed", value)
    run.complete()
    shown = portal.open_run(workspace.id, run.id)
    shown.expect_status("Completed")
    thinned = shown.wait_for_points("loss", 500)
    assert thinned < 5000
    shown.drag_over("loss", 0.5, 0.53)
    expect(shown.card("loss").get_by_role("button", name="Reset zoom")).to_be_visible()
    shown.wait_until(lambda: set(_steps(shown)) == {1}, lambda: f"steps of {set(_steps(shown))} in the zoom")
    shown.card("loss").locator(".cellrun-plot-area").dblclick()
    shown.wait_until(lambda: shown.points("loss") == thinned, lambda: f"{shown.points('loss')} points")
    shown.choose_x("time")
    expect(shown.card("loss")).to_contain_text("over time")
    shown.wait_until(lambda: shown.curve("loss")["x"][:1] != [0], lambda: "x is still the step")
    shown.choose_x("step")
    shown.smooth("0.9")
    shown.button("Log scale").click()
    expect(shown.card("mixed")).to_contain_text("2 not above 0 left out")
    for theme in ("dark", "light"):
        portal.use_theme(theme)
        portal.screenshot("portal-log-scale")
        assert shown.accessibility_problems() == []
    assert portal.problems == []


def _steps(shown: RunPage) -> list[int]:
    x = shown.curve("loss")["x"]
    return [int(after - before) for before, after in itertools.pairwise(x)]


def test_runs_are_found_in_the_list_opened_and_compared(portal, workspace):
    runs = []
    for lr in (0.1, 0.2, 0.3):
        run = Experiment(workspace, "listed").start_logging()
        for step in range(20):
            run.log("loss", lr / (step + 1))
        run.complete()
        runs.append(run)
    portal.open(f"?workspace={workspace.id}&experiment=listed")
    expect(portal.page).to_have_title("Runs")
    lines = portal.page.get_by_role("treegrid")
    for run in runs:
        expect(lines).to_contain_text(run.name)
    expect(lines).not_to_contain_text("example-1")
    for theme in ("dark", "light"):
        portal.use_theme(theme)
        portal.screenshot("portal-list")
        assert portal.accessibility_problems() == []
    lines.get_by_text(runs[0].name, exact=True).dblclick()
    shown = RunPage(portal.page)
    shown.wait_for_points("loss", 20)
    portal.page.get_by_role("link", name="All runs").click()
    expect(portal.page).to_have_title("Runs")
    portal.open(f"workspaces/{workspace.id}/compare?" + "&".join(f"run={run.id}" for run in runs))
    expect(portal.page.locator(".cellrun-compare .js-line")).to_have_count(3)
    expect(portal.page).to_have_title("Compare 3 runs")
    portal.screenshot("portal-compare")
    assert portal.accessibility_problems() == []
    assert portal.problems == []


def test_a_reader_of_japanese(portal, workspace, browser):
    run = Experiment(workspace, "nihongo").start_logging()
    run.log("loss", 1.0)
    run.complete()
    context = browser.new_context(viewport={"width": 1000, "height": 700}, locale="ja-JP")
    japanese = PortalPage(context.new_page(), portal._server)
    shown = japanese.open_run(workspace.id, run.id)
    shown.tab("詳細").click()
    expect(shown.root).to_contain_text("状態の履歴")
    expect(japanese.page).to_have_title(re.compile("完了"))
    japanese.screenshot("portal-japanese")
    context.close()


def test_a_server_that_goes_away_is_said_and_nothing_is_wiped(tmp_path, page, monkeypatch):
    (tmp_path / "server").mkdir()
    with jupyter_process(tmp_path / "server", "jupyter-cellrun") as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        workspace = Workspace.from_config()
        run = Experiment(workspace, "away").start_logging()
        for step in range(10):
            run.log("loss", step)
        portal = PortalPage(page, server)
        shown = portal.open_run(workspace.id, run.id)
        shown.wait_for_points("loss", 10)
    banner = shown.root.locator("[data-disconnected]")
    expect(banner).to_contain_text("retrying")
    assert shown.points("loss") == 10
    assert shown.accessibility_problems() == []
    portal.screenshot("portal-disconnected")
    run.complete()


def test_a_search_finds_what_stands_at_the_beginning_of_a_long_log(portal, workspace):
    run = Experiment(workspace, "chatty").start_logging()
    with run.layout.log.open("wb") as log:
        log.write(b"\x1b[32mthe Needle\x1b[0m\n")
        for i in range(200_000):
            log.write(b"line %d of many\n" % i)
    run.complete()
    shown = portal.open_run(workspace.id, run.id)
    panel = shown.open("Log")
    expect(panel).to_contain_text("line 199999 of many")
    shown.button("Search").click()
    portal.page.keyboard.type("needle")
    expect(panel.locator(".cellrun-log-search [role=status]")).to_have_text("1 of 1 lines")
    expect(panel.locator("mark")).to_have_text("Needle")
    expect(panel.locator("mark")).to_be_in_viewport()
    for theme in ("dark", "light"):
        portal.use_theme(theme)
        portal.screenshot("portal-log-search")
        assert portal.accessibility_problems() == []
    panel.get_by_role("button", name="to the end").click()
    expect(panel.get_by_text("line 199999 of many")).to_be_in_viewport()
    assert portal.problems == []
