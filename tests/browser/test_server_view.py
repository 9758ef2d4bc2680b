"""The view below a cell where the Jupyter server has the run: with any kernel, another or none."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.cells import BUSY
from tests.browser.lab_page import LabPage
from tests.browser.lab_server import lab_server
from tests.wheels import packages  # noqa: F401  # a fixture

pytestmark = pytest.mark.timeout(600)  # a page, a kernel and a job share what cores there are
LOAD = "%load_ext cellrun.magics"
TRAIN = """%%submit training
import time
for epoch in range(600):
    run.log('loss', 1 / (epoch + 1))
    print('epoch', epoch)
    time.sleep(0.1)
"""
SECOND_BYTES = 60_000  # of a second RunDetails, at most
MARK = "view => { view.dataset.marked = ''; }"


def test_a_run_is_there_and_live_after_a_reload_without_its_kernel(lab):
    lab.open("reload.ipynb", [LOAD, TRAIN])
    lab.run_all()
    lab.view(1).wait_for_points("loss", 3)
    lab.save()
    lab.shut_down()
    lab.reload()
    view = lab.view(1)
    points = view.wait_for_points("loss", 5)
    view.wait_for_points("loss", points + 5)
    view.expect_status("Running")
    expect(view.log).to_contain_text("epoch 0")
    lab.screenshot("server-view-reloaded")
    lab.use_theme("dark")
    lab.screenshot("server-view-reloaded")
    view.button("Cancel").click()
    view.expect_status("Canceled")
    assert view.accessibility_problems() == []
    assert lab.problems == []


def test_a_build_is_shown_while_the_run_is_preparing_and_is_the_beginning_of_its_log(lab, packages, tmp_path):  # noqa: F811
    go = packages.slow("slowthing")
    told = {"UV_NO_INDEX": 1, "UV_FIND_LINKS": packages.folder, "UV_CACHE_DIR": tmp_path / "uv-cache"}
    index = "\n".join(f"%env {name}={value}" for name, value in told.items())
    lab.open("build.ipynb", [LOAD, index, "%%submit build --with-package slowthing\nprint('it runs')"])
    lab.run_all()
    view = lab.view(2)
    view.expect_status("Preparing")
    expect(view.log).to_contain_text("Building slowthing")
    lab.screenshot("server-view-preparing")
    go.touch()
    view.expect_status("Completed")
    expect(view.log).to_contain_text("it runs")
    expect(view.log).to_contain_text("+ slowthing==1.0")
    lab.save()
    lab.reload()
    expect(lab.view(2).log).to_contain_text("Building environment of slowthing")
    assert lab.problems == []


def test_a_busy_kernel_hinders_neither_the_view_nor_cancel(lab):
    lab.open("busy-server.ipynb", [LOAD, BUSY])
    lab.run_all()
    view = lab.view(1)
    view.wait_for_points("step_time", 3)
    lab.save()
    lab.reload()  # the cell goes on, and the new page's kernel connection gets no answer from it
    view = lab.view(1)
    points = view.wait_for_points("step_time", 5)
    view.wait_for_points("step_time", points + 3)
    view.button("Cancel").click()
    view.expect_status("Canceled")
    assert lab.problems == []


def test_a_restarted_kernel_leaves_the_view_as_it_is_and_sends_no_frames_twice(lab):
    wire = lab.kernel_wire()
    other = "other = Experiment(Workspace.from_config(), 'other').start_logging()\nother.log('loss', 1)\n"
    show = "from cellrun.core import Experiment, Workspace\nfrom cellrun.widgets import RunDetails\n"
    lab.open("restart-server.ipynb", [LOAD, TRAIN, show + other + "RunDetails(other).show()"])
    lab.run_cell(0)
    lab.run_cell(1)
    view = lab.view(1)
    view.wait_for_points("loss", 30)
    before = wire.bytes
    lab.run_cell(2)
    lab.view(2).expect_status("Running")
    view.wait_for_points("loss", view.points("loss") + 30)  # some seconds, in which a kernel would have begun to feed
    assert wire.bytes - before < SECOND_BYTES
    assert wire.bytes_of("frame") == 0  # they come from the server
    view.root.evaluate(MARK)
    lab.restart_kernel()
    points = view.points("loss")
    view.wait_for_points("loss", points + 10)
    expect(view.root.get_by_role("note")).to_have_count(0)
    view.button("Cancel").click()
    view.expect_status("Canceled")
    expect(view.root).to_have_attribute("data-marked", "")  # nothing was drawn anew
    assert lab.problems == []


def test_a_server_that_was_gone_goes_on_without_a_gap(tmp_path, page):
    with lab_server(tmp_path / "lab") as server:
        lab = LabPage(page, server)
        lab.open("gone.ipynb", [LOAD, TRAIN])
        lab.run_all()
        view = lab.view(1)
        view.wait_for_points("loss", 5)
        lab.save()
        lab.dismiss_dialogs()  # Lab's own about its server
        server.kill()
        banner = view.root.get_by_role("status").filter(has_text="Disconnected from the Jupyter server, retrying")
        expect(banner).to_be_visible()
        points = view.points("loss")
        view.card("loss").hover()
        lab.screenshot("server-view-disconnected")
        assert view.points("loss") == points >= 5
        server.start()
        expect(banner).to_have_count(0, timeout=60_000)
        view.wait_for_points("loss", points + 20)
        curve = view.curve("loss")
        assert curve["x"] == list(range(len(curve["x"])))
        view.button("Cancel").click()
        view.expect_status("Canceled")


def test_it_is_the_same_in_a_linked_output_a_console_and_a_notebook_that_is_not_trusted(lab, server):
    lab.open("places.ipynb", [LOAD, TRAIN, "from cellrun.widgets import RunDetails"])
    lab.run_all()
    lab.view(1).wait_for_points("loss", 3)
    lab.wait_until_done(2)
    lab.save()
    lab.linked_output(1).wait_for_points("loss", 3)
    lab.run_in_console("RunDetails(run).show()").wait_for_points("loss", 3)
    lab.screenshot("server-view-places")
    saved = json.loads((server.folder / "places.ipynb").read_text())
    saved["metadata"]["changed"] = "by somebody else"
    (server.folder / "untrusted.ipynb").write_text(json.dumps(saved))
    lab.open("untrusted.ipynb")
    view = lab.view(1)
    view.wait_for_points("loss", 3)
    view.button("Cancel").click()
    view.expect_status("Canceled")
    assert lab.problems == []
