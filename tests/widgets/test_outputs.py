"""What becomes of the outputs of runs: stills, in place of views that nothing feeds any more."""

import base64
import json
import re

import nbformat
import pytest

from tests.widgets.kernel_page import KernelPage
from tests.widgets.test_run_details import BEGIN, HELLO, SHOW

WIDGET = "application/vnd.jupyter.widget-view+json"
LASTING = {"application/vnd.cellrun.run.v1+json", "text/html", "image/png", "text/plain"}
LOG = """
for x in range(30): run.log('loss', 1 / (x + 1))
run.layout.log.write_text('epoch 29')
run.log('accuracy', 0.9639)
"""


@pytest.fixture
def page(kernels, tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    kernel = KernelPage(tmp_path, kernels)
    kernel.run("from cellrun.widgets import outputs\noutputs.LAST_DRAW_S = 60")  # the machine may be busy
    yield kernel
    kernel.close()


@pytest.fixture
def headless(kernels, tmp_path, monkeypatch):
    """A front end that tells no cell's id: it listens while a cell runs, and saves what it heard."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    kernel = KernelPage(tmp_path, kernels, tells_cells=False)
    yield kernel
    kernel.close()


def is_update(message):
    return message["msg_type"] == "update_display_data"


def place(message):
    return message["content"]["transient"]["display_id"]


def test_the_view_of_a_run_that_ends_gives_way_to_a_still(page):
    shown = next(m for m in page.run(SHOW + LOG) if m["msg_type"] == "display_data")
    assert WIDGET in shown["content"]["data"]
    assert "pip install cellrun" in shown["content"]["data"]["text/html"]
    page.run("run.complete()")
    update = page.wait_for(is_update)
    data = update["content"]["data"]
    assert place(update) == place(shown)
    assert set(data) == LASTING
    assert (
        data["application/vnd.cellrun.run.v1+json"] == shown["content"]["data"]["application/vnd.cellrun.run.v1+json"]
    )
    assert "✓ Completed" in data["text/html"]
    assert "epoch 29" in data["text/html"]
    assert "0.9639" in data["text/html"]
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert data["text/plain"].startswith("✓ Completed  example-1")
    assert len(json.dumps(data)) < 100_000


def test_a_kernel_that_ends_leaves_stills_of_what_it_showed(page):
    shown = [m for m in page.run(SHOW + LOG + "\nRunDetails(run).show()") if m["msg_type"] == "display_data"]
    page.start("import atexit\natexit.register(print, 'gone')")
    updates = [message for message in page.shut_down() if is_update(message)]
    assert len(shown) == 2
    assert {place(update) for update in updates} == {place(message) for message in shown}
    assert all(set(update["content"]["data"]) == LASTING for update in updates)


def test_a_view_of_a_run_that_had_ended_stays_until_the_kernel_goes(page):
    page.run(BEGIN + LOG + "\nrun.complete()\nRunDetails(run).show()")
    assert set(page.wait_for(is_update)["content"]["data"]) == {WIDGET, *LASTING}
    (last,) = [message for message in page.shut_down() if is_update(message)]
    assert set(last["content"]["data"]) == LASTING


def test_an_output_that_is_captured_is_left_alone(page):
    captured = "with capture_output() as kept: RunDetails(run).show()\n"
    shown = page.run(f"{BEGIN}from IPython.utils.capture import capture_output\n{captured}RunDetails(run).show()")
    (seen,) = [message for message in shown if message["msg_type"] == "display_data"]
    begin = len(page.messages)
    page.start("run.complete()")
    page.wait_for(is_update)  # the captured one was shown first: its update would have come before
    assert [place(message) for message in page.messages[begin:] if is_update(message)] == [place(seen)]
    page.run("assert len(kept.outputs) == 1")


def test_a_module_of_the_notebooks_folder_is_in_nobodys_way(page, tmp_path):
    page.run(SHOW)  # what the kernel itself imports comes first
    (tmp_path / "random.py").write_text("raise SystemExit('imported by mistake')")
    page.run("run.complete()")
    assert set(page.wait_for(is_update)["content"]["data"]) == LASTING


def test_documents_of_a_saved_notebook_show_the_still(page):
    import nbconvert  # noqa: PLC0415  # each process of the tests reads this file

    page.run(SHOW + LOG + "\nrun.complete()")
    data = page.wait_for(is_update)["content"]["data"]
    cell = nbformat.v4.new_code_cell("RunDetails(run).show()", outputs=[nbformat.v4.new_output("display_data", data)])
    notebook = nbformat.v4.new_notebook(cells=[cell])
    html = nbconvert.HTMLExporter().from_notebook_node(notebook)[0]
    assert "epoch 29" in html
    assert "widget-view" not in html
    latex, resources = nbconvert.LatexExporter().from_notebook_node(notebook)
    (name,) = resources["outputs"]
    assert name.endswith(".png")
    assert resources["outputs"][name] == base64.b64decode(data["image/png"])
    assert name in latex
    with pytest.MonkeyPatch.context() as patch:  # as it is saved while the run goes on: no picture yet, but no blank
        patch.setitem(cell.outputs[0], "data", {WIDGET: {"model_id": "gone"}, **data})
        assert "epoch 29" in nbconvert.HTMLExporter().from_notebook_node(notebook)[0]


def test_a_damaged_run_leaves_the_stills_of_others_alone(page):
    """Its status can't be read any more: the thread that looks for ends goes on."""
    page.run(SHOW)
    page.run(
        "damaged = run\n"
        "for file in [run.layout.record, *run.layout.statuses.iterdir()]:\n"
        "    file.chmod(0o600); file.write_text('{')"
    )
    page.run(SHOW + "\nrun.complete()")
    assert set(page.wait_for(is_update)["content"]["data"]) == LASTING


def updates(messages):
    return [message["content"]["data"] for message in messages if is_update(message)]


def test_without_a_front_end_stills_are_there_before_their_cells_end(headless):
    headless.run("from cellrun.widgets import outputs\noutputs.DRAWING_S = 600")  # however slow the machine is
    (shown,) = updates(headless.run(SHOW + LOG))
    assert set(shown) == LASTING
    assert re.search(r"● Running .* taken [\d-]+ [\d:]+, before its end", shown["text/html"])
    assert "before its end" in shown["text/plain"]
    assert "0.9639" in shown["text/html"]
    assert updates(headless.run("'nothing that the run would log'")) == []
    (later,) = updates(headless.run("run.log('accuracy', 0.9999)"))
    assert "0.9999" in later["text/html"]
    (last,) = updates(headless.run("run.complete()"))
    assert set(last) == LASTING
    assert "✓ Completed" in last["text/html"]
    assert "before its end" not in last["text/html"] + last["text/plain"]
    assert updates(headless.run("run.get_metrics()")) == []


def test_without_a_front_end_a_cell_that_waits_leaves_a_finished_still(headless):
    headless.run("%load_ext cellrun.magics")
    (waited,) = updates(headless.run("%%submit --wait\nrun.log('accuracy', 0.9639)"))
    headless.run("%%submit\nrun.log('accuracy', 0.5)")
    later = updates(headless.run("run.wait_for_completion()"))[-1]
    for still, value in ((waited, "0.9639"), (later, "0.5")):
        assert set(still) == LASTING
        assert "✓ Completed" in still["text/html"]
        assert value in still["text/html"]


def test_without_a_front_end_a_cell_that_fails_leaves_its_still(headless):
    headless.may_fail = True
    last = updates(headless.run(SHOW + "\nwith run: 1 / 0"))[-1]
    assert set(last) == LASTING
    assert "division by zero" in last["text/html"]


def test_without_a_front_end_runs_that_go_on_take_a_small_share_of_the_time(headless):
    headless.run("from cellrun.widgets import outputs\noutputs.DRAWING_S = outputs.DRAWING_SHARE = 0")
    (first,) = updates(headless.run(SHOW + LOG))  # nobody hears of it later
    assert "before its end" in first["text/plain"]
    assert updates(headless.run("run.log('accuracy', 0.97)")) == []
    (last,) = updates(headless.run("run.complete()"))
    assert "✓ Completed" in last["text/html"]


def test_a_page_that_asks_has_its_live_view_back(headless):
    (shown,) = updates(headless.run(SHOW))
    assert WIDGET not in shown
    headless.ask(HELLO)
    back = headless.wait_for(is_update)["content"]["data"]
    assert set(back) == {WIDGET, *LASTING}
    assert updates(headless.run("run.log('accuracy', 1)")) == []
    headless.start("run.complete()")
    assert set(headless.wait_for(is_update)["content"]["data"]) == LASTING


def test_without_a_front_end_a_run_that_had_ended_is_a_still_too(headless):
    (shown,) = updates(headless.run(BEGIN + LOG + "\nrun.complete()\nRunDetails(run).show()"))
    assert set(shown) == LASTING
    assert updates(headless.run("1")) == []
