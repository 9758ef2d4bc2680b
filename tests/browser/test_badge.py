"""The badge at a cell's upper right: how its run goes, whether the cell is still what ran, where the run is."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import grave_problems
from tests.browser.badge_page import BadgePage
from tests.browser.run_page import RunPage

pytestmark = pytest.mark.timeout(600)  # a page, a kernel and a job share what cores there are
LOAD = "%load_ext cellrun.magics"
TRAIN = """%%submit badges
import time
for epoch in range(5):
    run.log('loss', 1 / (epoch + 1))
time.sleep(300)"""


@pytest.fixture
def lab(shared_lab):
    return shared_lab


@pytest.fixture
def badges(lab):
    return BadgePage(lab)


def test_a_cell_tells_of_its_run(lab, badges):
    lab.open("badge.ipynb", [LOAD, TRAIN, "1 + 1"])
    height = badges.cell_height(1)
    lab.run_all()
    badges.expect_status(1, "Running")
    first = badges.name(1)
    assert re.fullmatch(r"badges-\d+", first)
    expect(badges.badge(1)).to_contain_text(re.compile(r"\d\d:\d\d"))
    expect(badges.badge(2)).to_have_count(0)
    assert badges.cell_height(1) == height
    lab.view(1).wait_for_points("loss", 3)
    lab.screenshot("badge")
    assert grave_problems(lab.page, badges.badge(1)) == []

    badges.edit(1, "\n# slower")
    badges.expect_changed(1)
    lab.use_theme("dark")
    lab.screenshot("badge-changed")
    assert grave_problems(lab.page, badges.badge(1)) == []
    lab.use_theme("light")
    badges.undo()
    badges.expect_changed(1, changed=False)

    lab.command("notebook:duplicate-below")
    expect(badges.badge(2).locator(".cellrun-badge-name")).to_have_text(first)
    badges.edit(2, "\n# another one")
    badges.expect_changed(2)
    badges.expect_changed(1, changed=False)
    lab.command("notebook:clear-cell-output")  # a copy without an output is nobody's
    expect(badges.badge(2)).to_have_count(0)

    lab.reload()  # nothing was saved: the file has neither the outputs nor the copy
    expect(lab.cell(1).locator(".jp-OutputArea-output")).to_have_count(0)
    badges.expect_status(1, "Running")
    assert badges.name(1) == first
    badges.badge(1).focus()
    lab.page.keyboard.press("Enter")
    expect(lab.page.get_by_role("tab", name=first)).to_be_visible()
    RunPage(lab.page).button("Cancel").click()
    badges.expect_status(1, "Canceled")
    assert lab.problems == []


def test_the_newest_run_replaces_the_one_before(lab, badges):
    lab.open("again.ipynb", [LOAD, "%%submit again\nprint('hello')"])
    lab.run_all()
    badges.expect_status(1, "Completed")
    first = badges.name(1)
    badges.save()
    lab.restart_kernel()
    expect(badges.badge(1)).to_contain_text(first)
    lab.run_all()
    expect(badges.badge(1).locator(".cellrun-badge-name")).not_to_have_text(first)
    badges.expect_status(1, "Completed")


def test_after_run_again_badge_view_and_notice_show_one_run(lab, badges):
    lab.open("repeat.ipynb", [LOAD, "%%submit repeat\nprint('hello')"])
    lab.run_all()
    badges.expect_status(1, "Completed")
    first, view = badges.name(1), lab.view(1)
    view.button("Run again").click()
    notice = lab.page.locator(".Toastify")
    expect(notice).to_contain_text("is submitted.")
    expect(badges.badge(1).locator(".cellrun-badge-name")).not_to_have_text(first)
    again = badges.name(1)
    expect(view.root.locator(".cellrun-name")).to_have_text(again)
    expect(notice).to_contain_text(f"{again} is submitted.")
    badges.expect_status(1, "Completed")
    view.expect_status("Completed")
    notice.get_by_role("button", name="Open").click()
    expect(lab.page.get_by_role("tab", name=again)).to_be_visible()
    assert lab.problems == []


def test_after_run_again_the_notebook_that_is_saved_names_the_run_that_is_shown(lab, badges, server):
    lab.open("repeated.ipynb", [LOAD, "%%submit repeated\nprint('hello')"])
    lab.run_all()
    badges.expect_status(1, "Completed")
    lab.save()
    first, before = badges.name(1), badges.run_of(1)
    lab.view(1).button("Run again").click()
    expect(badges.badge(1).locator(".cellrun-badge-name")).not_to_have_text(first)
    again = badges.name(1)
    badges.expect_dirty()
    badges.expect_status(1, "Completed")
    lab.view(1).expect_status("Completed")
    run = badges.run_of(1)
    assert run["run"] != before["run"]
    lab.save()

    [output] = json.loads((server.folder / "repeated.ipynb").read_text())["cells"][1]["outputs"]
    reference = output["data"].pop("application/vnd.cellrun.run.v1+json")
    assert (reference["workspace_id"], reference["run_id"]) == (run["workspace"], run["run"])
    assert set(output["data"]) == {"text/plain"}  # no picture of the run before
    assert "".join(output["data"]["text/plain"]) == f"{again}  repeated"
    lab.open("repeated.ipynb")  # as its file is
    expect(lab.view(1).root.locator(".cellrun-name")).to_have_text(again)
    assert badges.name(1) == again
    assert not badges.is_dirty()


def test_the_cell_of_a_run_is_found_or_said_to_be_gone(lab, badges, server):
    many = [f"# {number}" for number in range(60)]
    lab.open("jump.ipynb", [LOAD, *many[:40], "%%submit jumping\nprint('here')", *many[40:]])
    lab.run_cell(0)
    lab.run_cell(41)
    badges.expect_status(41, "Completed")
    run = badges.run_of(41)
    lab.run_cell(0)
    lab.wait_until_done(0)
    lab.command("cellrun:jump-to-cell", **run)
    expect(badges.badge(41)).to_be_in_viewport()
    assert badges.active_cell() == 41

    notebook = server.folder / "jump.ipynb"
    badges.save()
    lab.command("application:close-all")
    expect(lab.page.locator(".jp-Notebook")).to_have_count(0)
    content = json.loads(notebook.read_text())
    content["cells"][41]["id"] = "another-id"
    notebook.write_text(json.dumps(content))
    lab.command("cellrun:jump-to-cell", **run)  # the notebook is opened; by its text the cell is found
    expect(badges.badge(41)).to_be_in_viewport()
    assert badges.active_cell() == 41

    lab.command("notebook:delete-cell")
    lab.command("cellrun:jump-to-cell", **run)
    dialog = lab.page.get_by_role("dialog")
    expect(dialog).to_contain_text("is no longer in jump.ipynb. This ran:")
    expect(dialog).to_contain_text("print('here')")
    lab.screenshot("jump-gone")


def test_a_kernel_without_cellrun_is_told_what_to_install(lab):
    # An environment without it: what an editable install put on the path is taken away.
    hide = "import os, sys\nsys.path[:] = [path for path in sys.path if not os.path.isdir(f'{path}/cellrun')]"
    lab.open("missing.ipynb", [hide, LOAD])
    lab.run_all()
    expect(lab.cell(1)).to_contain_text("No module named 'cellrun'")
    expect(lab.cell(1)).to_contain_text("%pip install cellrun")
    lab.screenshot("missing")
    lab.open("mistyped.ipynb", ["%load_ext cellrun.magic"])
    lab.run_all()
    expect(lab.cell(0)).to_contain_text("No module named 'cellrun.magic'")
    # An advice comes with the frame after the error.
    lab.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    expect(lab.cell(0)).not_to_contain_text("%pip install")
