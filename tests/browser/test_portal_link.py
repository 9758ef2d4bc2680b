"""The address that `run.get_portal_url()` gives where no server runs: it opens one browser, and the run in it, live."""

import os
import signal

import pytest
from playwright.sync_api import expect

from cellrun.core import Experiment, Workspace
from cellrun.core.portal import servers
from tests.browser.run_page import RunPage
from tests.browser.screenshots import screenshot

pytestmark = pytest.mark.timeout(600)  # a page, a server and this process share what cores there are


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return an open run in a home of its own; the server that was started for it ends with it."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("JPY_", "JUPYTER"))]:
        monkeypatch.delenv(name)
    run = Experiment(Workspace.from_config(), "sine").start_logging()
    yield run
    run.cancel()
    for server in servers.running():
        os.kill(server.process.pid, signal.SIGTERM)


def test_a_link_opens_the_run_once_and_no_server_need_run_before(run, page, browser):
    run.log("loss", 0.5)
    run.log("loss", 0.25)
    link = run.get_portal_url()
    page.goto(link)
    shown = RunPage(page)
    shown.wait_for_points("loss", 2)
    assert "code" not in page.url
    assert page.evaluate("document.referrer") == ""
    run.log("loss", 0.125)
    shown.wait_for_points("loss", 3)
    page.reload()
    shown.wait_for_points("loss", 3)
    other = browser.new_context(color_scheme="dark").new_page()
    refused = other.goto(link)
    assert refused.status == 403
    expect(other.get_by_role("heading")).to_have_text("This link is used up")
    screenshot(other, "portal-link-used-dark")
    other.goto(run.get_portal_url())
    RunPage(other).wait_for_points("loss", 3)
    other.context.close()
    run.complete()
    shown.expect_status("Completed")
