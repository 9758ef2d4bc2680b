"""What users log is text on every surface, whatever it looks like."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, expect

from tests.browser.compare_page import ComparePage
from tests.browser.lab_page import LabPage
from tests.browser.nasty_runs import OUTPUTS, make_runs
from tests.browser.panel_page import PanelPage
from tests.browser.run_page import RunPage

NASTY = (
    '<img src=x onerror="window.__pwned=1">',
    "<script>window.__pwned=2</script>",
    "</script></style></textarea><svg onload=window.__pwned=3>",
    "javascript:window.__pwned=4",
    '<a id="body" data-commandlinker-command="filebrowser:delete" data-commandlinker-args="{}">press</a>',
    "<form name=body><input name=attributes></form>",
    "__proto__",
    "{n} {name} %s ${window.__pwned=5}",
)
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
LEAVING = ("refresh.html", "location.html")
STAYING = ("", "about:blank", "about:srcdoc")
FORBIDDEN = "chrome-error://chromewebdata/"
"""Where a frame is that Chromium has kept from going elsewhere."""
TABS = ("metrics", "log", "details", "outputs", "code")


@pytest.fixture
def lab(shared_lab):
    return shared_lab


@pytest.fixture(scope="module")
def listener():
    """An address that nothing may reach, and what reached it."""
    reached = []

    class Heard(BaseHTTPRequestHandler):
        def do_GET(self):
            reached.append(self.path)
            self.send_error(404)

        def do_POST(self):
            self.do_GET()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Heard) as listening:
        threading.Thread(target=listening.serve_forever).start()
        yield f"http://127.0.0.1:{listening.server_port}", reached
        listening.shutdown()


@pytest.fixture(scope="module")
def made():
    """The runs that a test has made already."""
    return []


@pytest.fixture
def runs(server_home, without_recorder, made, tmp_path, listener):
    """Return the workspace and the ids of two nasty runs in the server's home."""
    if not made:
        made += make_runs(NASTY, listener[0], tmp_path)
    return made


def expect_harmless(lab: LabPage) -> None:
    """Nothing of the text has become code or an element."""
    lab.page.wait_for_timeout(500)
    assert lab.page.evaluate("window.__pwned") is None
    assert lab.page.locator("[onerror], [onload], [data-commandlinker-command], form[name=body], #body").count() == 0


def test_nasty_texts_are_text_everywhere(lab, runs):
    lab.open_lab()
    panel = PanelPage(lab)
    panel.show("default")
    panel.root.get_by_text(NASTY[0], exact=True).first.wait_for()
    expect_harmless(lab)
    for tab in TABS:
        lab.command("cellrun:open-run", **runs[0], tab=tab)
        lab.page.get_by_role("tab", name=tab.capitalize()).first.wait_for()
        expect_harmless(lab)
    lab.command("cellrun:compare", workspace=runs[0]["workspace"], runs=[run["run"] for run in runs])
    ComparePage(lab).root.locator("table").get_by_text(NASTY[1], exact=True).first.wait_for()
    expect_harmless(lab)
    lab.screenshot("safety")


def look_at_outputs(page: Page) -> None:
    """Look at every output, each until its page has tried all it can."""
    for output in OUTPUTS:
        body = RunPage(page).choose(f"outputs/{output}")
        if output.endswith((".html", ".md")):
            frame = body.locator("iframe")
            expect(frame).to_have_count(1)
            inner = frame.element_handle().content_frame().wait_for_selector("iframe").content_frame()
            if output in LEAVING:
                view = RunPage(page)
                view.wait_until(lambda at=inner: at.url not in STAYING, lambda: "the page hasn't tried to leave")
                assert inner.url == FORBIDDEN
            else:
                inner.wait_for_function("window.hasTriedAll")
            assert frame.bounding_box()["height"] < 900
        elif output.endswith(".svg"):
            expect(body.locator("img")).to_be_visible()
            assert body.locator("img").get_attribute("src").startswith("data:")
        else:
            expect(body).to_contain_text("javascript:window.__pwned=4")


def test_a_runs_files_run_nothing_here_and_reach_nobody(lab, server, runs, listener):
    """F9: HTML, SVG and Markdown are shown in a frame without origin or network, or as a picture."""
    lab.open_lab()
    lab.command("cellrun:open-run", **runs[0], tab="outputs")
    look_at_outputs(lab.page)
    expect_harmless(lab)
    assert lab.page.url.startswith(server.url)
    assert listener[1] == []


def test_nor_do_they_in_the_portal(portal, portal_server, without_recorder, tmp_path, listener):
    [run, _] = make_runs(NASTY, listener[0], tmp_path)
    portal.open_run(run["workspace"], run["run"]).open("Outputs")
    look_at_outputs(portal.page)
    assert portal.page.evaluate("window.__pwned") is None
    assert portal.page.url.startswith(portal_server.url)
    assert listener[1] == []


def test_a_notebook_of_somebody_else_shows_text_and_does_nothing(lab, server, runs):
    shown = {
        "application/vnd.cellrun.run.v1+json": {
            "version": 1,
            "workspace_id": NASTY[0],
            "run_id": "../../../etc/passwd",
        },
        "text/html": f"<p>a still</p>{''.join(NASTY)}",
        "text/plain": NASTY[0],
    }
    real = {"version": 1, "workspace_id": runs[0]["workspace"], "run_id": runs[0]["run"]}
    cells = [
        {"cell_type": "code", "id": f"c{number}", "source": "", "metadata": {}, "execution_count": 1, "outputs": [
            {"output_type": "display_data", "data": data, "metadata": {}}]}
        for number, data in enumerate([shown, {**shown, "application/vnd.cellrun.run.v1+json": real}])
    ]  # fmt: skip
    notebook = {"cells": cells, "metadata": {"kernelspec": KERNEL}, "nbformat": 4, "nbformat_minor": 5}
    source = server.folder / "theirs-source.ipynb"
    source.write_text(json.dumps(notebook))
    lab.open("theirs.ipynb", source=source)
    lab.page.get_by_text("a still").first.wait_for()
    lab.view(1).expect_status("Failed")
    expect_harmless(lab)
