"""The view below a cell where the Jupyter server has the run: with any kernel, another or none."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.cells import BUSY
from tests.wheels import packages  # noqa: F401  # a fixture

pytestmark = pytest.mark.timeout(600)  # a page, a kernel and a job share what cores there are
LOAD = "%load_ext cellrun.magics"
TRAIN = """%%submit training
import time
for epoch in range(1000):
    run.log('loss', 1 / (epoch + 1))
    print('epoch', epoch)
    time.sleep(0.3)
"""
BUILD = """%%submit build --with-package slowthing
print('it runs')"""
SECOND_BYTES = 60_000  # of a second RunDetails, at most
MARK = "view => { view.dataset.marked = ''; }"
OTHER = """from cellrun.core import Experiment, Workspace
from cellrun.widgets import RunDetails
other = Experiment(Workspace.from_config(), 'other').start_logging()
other.log('loss', 1)
RunDetails(other).show()
"""
NEWEST = "next(iter(Experiment(Workspace.from_config(), 'training').get_runs()))"


@pytest.fixture
def lab(shared_lab):
    return shared_lab


def test_after_a_reload_views_are_there_and_live_with_a_busy_kernel_and_without_theirs(lab, packages, tmp_path):  # noqa: F811
    go = packages.slow("slowthing")
    told = {"UV_NO_INDEX": 1, "UV_FIND_LINKS": packages.folder, "UV_CACHE_DIR": tmp_path / "uv-cache"}
    index = "\n".join(f"%env {name}={value}" for name, value in told.items())
    lab.open("busy.ipynb", [LOAD, BUSY])
    lab.run_all()
    busy = lab.view(1)
    busy.wait_for_points("step_time", 3)
    lab.save()
    lab.open("reload.ipynb", [LOAD, f"{index}\n", BUILD, TRAIN])
    lab.run_all()
    built, training = lab.view(2), lab.view(3)
    expect_build(built, lab, go)
    training.wait_for_points("loss", 3)
    lab.save()
    lab.shut_down("reload.ipynb")
    lab.reload()
    training.wait_for_points("loss", training.wait_for_points("loss", 5) + 3)
    training.expect_status("Running")
    expect(training.log).to_contain_text("epoch 0")
    lab.screenshot("server-view-reloaded")
    lab.use_theme("dark")
    lab.screenshot("server-view-reloaded")
    assert training.accessibility_problems() == []
    training.button("Cancel").click()
    training.expect_status("Canceled")
    built.expect_status("Completed")
    expect(built.log).to_contain_text("Building environment of slowthing")  # the beginning of the log
    lab.open("busy.ipynb")  # its cell goes on, and the new page's kernel connection gets no answer from it
    busy.wait_for_points("step_time", busy.wait_for_points("step_time", 5) + 3)
    busy.button("Cancel").click()
    busy.expect_status("Canceled")
    assert lab.problems == []


def expect_build(view, lab, go):
    """Expect that a build is shown while its run is preparing, and as the beginning of its log."""
    view.expect_status("Preparing")
    expect(view.log).to_contain_text("Building slowthing")
    lab.screenshot("server-view-preparing")
    go.touch()
    view.expect_status("Completed")
    expect(view.log).to_contain_text("it runs")
    expect(view.log).to_contain_text("+ slowthing==1.0")


def test_it_is_the_same_after_a_restart_in_a_linked_output_a_console_and_without_trust(lab, server):
    wire = lab.kernel_wire()
    lab.open("places.ipynb", [LOAD, TRAIN, OTHER])
    lab.run_cell(0)
    lab.run_cell(1)
    view = lab.view(1)
    view.wait_for_points("loss", 3)
    before = wire.bytes
    lab.run_cell(2)
    lab.view(2).expect_status("Running")
    view.wait_for_points("loss", view.points("loss") + 10)  # some seconds, in which a kernel would have begun to feed
    assert wire.bytes - before < SECOND_BYTES
    assert wire.bytes_of("frame") == 0  # they come from the server

    view.root.evaluate(MARK)
    lab.restart_kernel()
    view.wait_for_points("loss", view.points("loss") + 5)
    expect(view.root.get_by_role("note")).to_have_count(0)
    expect(view.root).to_have_attribute("data-marked", "")  # nothing was drawn anew
    lab.save()
    lab.linked_output(1).wait_for_points("loss", 3)
    lab.run_in_console(f"{'; '.join(OTHER.splitlines()[:2])}; RunDetails({NEWEST}).show()").wait_for_points("loss", 3)
    lab.screenshot("server-view-places")

    saved = json.loads((server.folder / "places.ipynb").read_text())
    saved["metadata"]["changed"] = "by somebody else"
    (server.folder / "untrusted.ipynb").write_text(json.dumps(saved))
    lab.open("untrusted.ipynb")
    view = lab.view(1)
    view.wait_for_points("loss", view.wait_for_points("loss", 3) + 3)
    view.button("Cancel").click()
    view.expect_status("Canceled")
    assert lab.problems == []


def test_a_server_that_was_gone_goes_on_without_a_gap(lab, server):
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
    view.wait_for_points("loss", points + 5)
    curve = view.curve("loss")
    assert curve["x"] == list(range(len(curve["x"])))
    view.button("Cancel").click()
    view.expect_status("Canceled")
