"""Notebooks of the project in a real JupyterLab."""

from pathlib import Path

import nbformat
import numpy as np
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.timeout(600)  # a page, a kernel and a job share what cores there are
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SINE_CELL = 2
PLOT_CELL = 6
DIGITS_CELL = 4


@pytest.fixture
def lab(shared_lab):
    return shared_lab


def test_the_sine_curve_grows_while_its_cell_runs(lab):
    lab.open("sine.ipynb", source=NOTEBOOKS / "sine.ipynb")
    lab.run_all()
    view = lab.view(SINE_CELL)
    seen = [view.wait_for_points("sine", 2)]
    assert lab.is_running(SINE_CELL)
    while lab.is_running(SINE_CELL):
        seen.append(view.points("sine"))
        if len(seen) == 20:
            lab.screenshot("sine-running")
        lab.page.wait_for_timeout(100)
    assert seen == sorted(seen)
    assert len(set(seen)) > 10, f"the curve did not grow while the cell ran: {seen}"
    view.expect_status("Completed")
    view.wait_for_points("sine", 50)
    curve = view.curve("sine")
    assert curve["x"] == pytest.approx(np.linspace(0, 10))
    assert curve["y"] == pytest.approx(np.sin(np.linspace(0, 10)))
    assert "the curve is complete" in view.log.inner_text()
    figure = lab.cell(PLOT_CELL).locator(".js-plotly-plot")  # by plotly's own renderer
    expect(figure.locator("path.js-line")).to_have_count(1)
    lab.screenshot("sine-completed")
    assert view.accessibility_problems() == []
    assert lab.problems == []


def test_the_digits_run_finishes_with_its_charts(lab):
    lab.open("digits.ipynb", source=NOTEBOOKS / "digits.ipynb")
    lab.run_all()
    view = lab.view(DIGITS_CELL)
    view.wait_for_points("loss", 5)
    view.expect_status("Running")
    lab.screenshot("digits-running")
    view.expect_status("Completed")
    view.wait_for_points("loss", 60)
    view.wait_for_points("accuracy", 60)
    loss = view.curve("loss")["y"]
    assert loss[-1] < loss[0]
    assert view.tile("n_train") == "1,437"
    assert view.tiles_are_stacked()
    assert "epoch  59" in view.log.inner_text()
    lab.wait_until_done(6)  # what was printed by wait_for_completion
    printed = lab.cell(6).locator(".jp-OutputArea-output").all_inner_texts()
    assert any("epoch   0" in text and "epoch  59" in text for text in printed)
    for width in (1360, 720):
        lab.resize(width)
        for theme in ("dark", "light"):
            lab.use_theme(theme)
            view.wait_until(lambda narrow=width < 800: view.log_is_below() == narrow, lambda: "the log is misplaced")
            expect(view.button("ended")).to_be_visible()
            lab.screenshot(f"digits-completed-{width}")
            assert view.accessibility_problems() == []
    assert lab.problems == []


def test_old_code_shows_its_runs_and_the_steps_of_its_pipeline(lab):
    ids = [cell.id for cell in nbformat.read(NOTEBOOKS / "migrating.ipynb", as_version=4).cells]
    lab.open("migrating.ipynb", source=NOTEBOOKS / "migrating.ipynb")
    lab.run_all()
    lab.wait_until_done(ids.index("output"), timeout_s=240)
    script = lab.view(ids.index("submit"))
    script.expect_status("Completed")
    script.wait_for_points("mse", 5)
    pipeline = lab.view(ids.index("steps"))
    pipeline.expect_status("Completed")
    steps = pipeline.button("Child runs: 2 Completed")
    expect(steps).to_be_visible()
    for width in (700, 1200):
        lab.resize(width)
        for theme in ("dark", "light"):
            lab.use_theme(theme)
            pipeline.place.scroll_into_view_if_needed()
            lab.screenshot(f"pipeline-{width}")
            assert pipeline.accessibility_problems() == []
    steps.click()
    expect(lab.page.locator(".cellrun-child")).to_have_text(["prepare", "train"])
    lab.screenshot("pipeline-steps")
    assert lab.problems == []


def test_a_kernel_restart_in_the_middle_of_the_digits_run_loses_nothing(lab):
    notebook = nbformat.read(NOTEBOOKS / "digits.ipynb", as_version=4)
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"][:4]
    look = """from cellrun.core import Experiment, Run, Workspace
from cellrun.widgets import RunDetails
ws = Workspace.from_config()
latest = next(iter(Experiment(ws, 'digits').get_runs()))
RunDetails(Run.get(ws, latest.id)).show()
"""
    lab.open("restart.ipynb", [*cells, look])
    for index in range(4):
        lab.run_cell(index)
    lab.view(3).wait_for_points("loss", 5)
    lab.restart_kernel()
    lab.run_cell(4)
    view = lab.view(4)
    view.expect_status("Completed")
    lab.view(3).expect_status("Completed")  # told by the server, it outlived its kernel
    assert view.wait_for_points("loss", 60) == view.wait_for_points("accuracy", 60) == 60
    assert view.curve("loss")["x"] == list(range(60))
    expect(view.log).to_contain_text("epoch   0")
    expect(view.log).to_contain_text("epoch  59")
    assert lab.problems == []
