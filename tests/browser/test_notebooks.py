"""Notebooks of the project in a real JupyterLab."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.timeout(600)  # a page, a kernel and a job share what cores there are
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
PAUSE = "time.sleep(0.1)"
"""Between two points of the sine curve."""
STOPS = {2.0: 11, 4.0: 21, 6.0: 31, 8.0: 41}
"""How many points the sine curve has just after an x."""
SINE_CELL = 2
PLOT_CELL = 6
LOAD = "%load_ext cellrun.magics"


@pytest.fixture
def lab(shared_lab):
    return shared_lab


def test_the_sine_curve_grows_while_its_cell_runs(lab, tmp_path):
    stop, source = tmp_path / "stop", tmp_path / "sine.ipynb"
    cells = (NOTEBOOKS / "sine.ipynb").read_text()
    assert cells.count(PAUSE) == 1
    source.write_text(cells.replace(PAUSE, f"while x > float(open('{stop}').read()): {PAUSE}"))

    def go_on_to(x):
        (tmp_path / "next").write_text(str(x))
        (tmp_path / "next").replace(stop)

    go_on_to(0.0)
    lab.open("sine.ipynb", source=source)
    lab.run_all()
    view = lab.view(SINE_CELL)
    for x, points in STOPS.items():
        go_on_to(x)
        assert view.wait_for_points("sine", points) == points
        assert lab.is_running(SINE_CELL)
    lab.screenshot("sine-running")
    go_on_to(10.0)
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


DIGITS = """%%submit digits --cpus 1
import time
run.log('n_train', 1437)
for epoch in range(60):
    run.log('loss', 1 / (epoch + 1))
    run.log('accuracy', 1 - 1 / (epoch + 2))
    print(f'epoch {epoch:3d}')
    time.sleep(0.1)
"""
LOOK = """from cellrun.core import Experiment, Run, Workspace
from cellrun.widgets import RunDetails
ws = Workspace.from_config()
latest = next(iter(Experiment(ws, 'digits').get_runs()))
RunDetails(Run.get(ws, latest.id)).show()
"""
WAIT = "latest.wait_for_completion(show_output=True)['status']"


def test_a_kernel_restart_in_the_middle_of_a_run_like_that_of_digits_loses_nothing(lab):
    """The notebook itself, whose model takes seconds to train, is run without a browser in tests/notebooks."""
    lab.open("digits.ipynb", [LOAD, DIGITS, LOOK, WAIT])
    lab.run_cell(0)
    lab.run_cell(1)
    lab.view(1).wait_for_points("loss", 5)
    lab.view(1).expect_status("Running")
    lab.screenshot("digits-running")
    lab.restart_kernel()
    lab.run_cell(2)
    lab.run_cell(3)
    lab.view(1).expect_status("Completed")  # told by the server, it outlived its kernel
    view = lab.view(2)
    view.expect_status("Completed")
    assert view.wait_for_points("loss", 60) == view.wait_for_points("accuracy", 60) == 60
    assert view.curve("loss") == {"x": list(range(60)), "y": pytest.approx([1 / (epoch + 1) for epoch in range(60)])}
    assert view.tile("n_train") == "1,437"
    assert view.tiles_are_stacked()
    for text in ("epoch   0", "epoch  59"):
        expect(view.log).to_contain_text(text)
    lab.wait_until_done(3)  # what was printed by wait_for_completion
    printed = lab.cell(3).locator(".jp-OutputArea-output").all_inner_texts()
    assert any("epoch   0" in text and "epoch  59" in text for text in printed)
    for width, theme in ((1360, "light"), (720, "dark")):
        lab.resize(width)
        lab.use_theme(theme)
        view.wait_until(lambda narrow=width < 800: view.log_is_below() == narrow, lambda: "the log is misplaced")
        expect(view.button("ended")).to_be_visible()
        lab.screenshot(f"digits-completed-{width}")
        assert view.accessibility_problems() == []
    assert lab.problems == []


PIPELINE = """%load_ext cellrun.azureml
from pathlib import Path
from azureml.core import Experiment, Workspace
from azureml.core.runconfig import RunConfiguration
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import PythonScriptStep
from azureml.widgets import RunDetails
Path('steps').mkdir(exist_ok=True)
Path('steps/step.py').write_text('from azureml.core import Run; Run.get_context().log("rows", 3)')
ws = Workspace.from_config()
prepared = PipelineData('prepared', datastore=ws.get_default_datastore())
common = {'script_name': 'step.py', 'arguments': ['--prepared', prepared], 'compute_target': 'local',
          'runconfig': RunConfiguration(), 'source_directory': 'steps'}
steps = [PythonScriptStep(name='prepare', outputs=[prepared], **common),
         PythonScriptStep(name='train', inputs=[prepared], **common)]
run = Experiment(ws, 'diabetes-pipeline').submit(Pipeline(workspace=ws, steps=steps))
RunDetails(run).show()
"""


def test_old_code_shows_the_steps_of_its_pipeline(lab):
    """All else of the notebook of old code is in tests/notebooks."""
    lab.open("pipeline.ipynb", [PIPELINE])
    lab.run_all()
    view = lab.view(0)
    view.expect_status("Completed")
    steps = view.button("Child runs: 2 Completed")
    expect(steps).to_be_visible()
    for width, theme in ((1200, "light"), (700, "dark")):
        lab.resize(width)
        lab.use_theme(theme)
        view.place.scroll_into_view_if_needed()
        lab.screenshot(f"pipeline-{width}")
        assert view.accessibility_problems() == []
    steps.click()
    expect(lab.page.locator(".cellrun-child")).to_have_text(["prepare", "train"])
    lab.screenshot("pipeline-steps")
    assert lab.problems == []
