"""The view below a cell where only the kernel tells of the run, over the widget's comm: no server extension."""

import pytest
from playwright.sync_api import expect

from tests.browser.cells import BUSY

pytestmark = pytest.mark.timeout(600)  # a page, a kernel and a job share what cores there are
LOAD = "%load_ext cellrun.magics"
TRAIN = """%%submit training
import time
for epoch in range(100):
    run.log('loss', 1 / (epoch + 1))
    print('epoch', epoch)
    time.sleep(0.2)
"""


@pytest.fixture
def lab(shared_comm_lab):
    return shared_comm_lab


def test_cancel_stops_a_submitted_run(lab):
    lab.open("cancel.ipynb", [LOAD, TRAIN])
    lab.run_all()
    view = lab.view(1)
    view.wait_for_points("loss", 3)
    view.button("Cancel").click()
    view.expect_status("Canceled")
    expect(view.button("Cancel")).to_have_count(0)
    assert view.points("loss") < 100


def test_cancel_reaches_a_kernel_that_is_busy(lab):
    lab.open("busy.ipynb", [LOAD, BUSY])
    lab.run_all()
    view = lab.view(1)
    view.wait_for_points("step_time", 3)
    assert lab.is_running(1)
    view.button("Cancel").click()
    view.expect_status("Canceled")
    lab.wait_until_done(1)
    assert "closed: run" in lab.cell(1).inner_text()


def test_a_flood_of_prints_costs_no_point(lab):
    flood = """%start_logging flood
for step in range(300):
    run.log('value', step * step)
    print('x' * 40_000)
run.complete()
"""
    lab.open("flood.ipynb", [LOAD, flood])
    lab.run_all()
    view = lab.view(1)
    view.expect_status("Completed")
    expect(lab.cell(1)).to_contain_text("IOPub data rate exceeded")  # the server did drop messages
    view.wait_for_points("value", 300)
    assert view.curve("value")["y"] == [step * step for step in range(300)]


def test_where_the_extension_is_not_the_view_comes_from_a_busy_kernel(lab_without_extension):
    lab_without_extension.open("comm.ipynb", [LOAD, TRAIN.replace("%%submit", "%start_logging")])
    lab_without_extension.run_all()
    view = lab_without_extension.view(1)
    view.wait_for_points("loss", 5)
    assert lab_without_extension.is_running(1)
    assert lab_without_extension.page.evaluate("() => globalThis.cellrun === undefined")
    view.expect_status("Running")
    # JupyterLab's own complaint about what it couldn't load: seen only where it waits for another extension first.
    assert set(lab_without_extension.problems) <= {"Cannot read properties of undefined (reading 'get')"}


def test_a_second_view_shows_the_same_and_after_a_reload_a_sentence_says_what_is_missing(lab):
    again = "from cellrun.widgets import RunDetails\nRunDetails(run).show()"
    lab.open("second.ipynb", [LOAD, TRAIN.replace("100", "20"), again])
    lab.run_all()
    first, second = lab.view(1), lab.view(2)
    first.wait_for_points("loss", 3)
    first.root.evaluate("view => { view.dataset.marked = ''; }")
    second.wait_for_points("loss", 3)
    first.expect_status("Completed")
    second.expect_status("Completed")
    assert first.wait_for_points("loss", 20) == second.wait_for_points("loss", 20) == 20
    assert second.curve("loss") == first.curve("loss")
    expect(first.root).to_have_attribute("data-marked", "")  # a view outlives its run
    lab.save()
    lab.shut_down()
    lab.reload()
    note = lab.cell(1).get_by_role("note")
    expect(note).to_contain_text("jupyter server extension enable cellrun.server")
    assert "model not found" not in lab.cell(1).inner_text()
    lab.screenshot("server-view-no-extension")
    lab.use_theme("dark")
    lab.screenshot("server-view-no-extension")
    assert lab.problems == []
