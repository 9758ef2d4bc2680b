"""A real JupyterLab and a real Chromium; one of each for all browser tests, and pages, fresh ones or one that stays.

They end with the last browser test: until then Playwright has an event loop on the main thread, where others start one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.browser.chromium import chromium
from tests.browser.lab_page import LabPage
from tests.browser.lab_server import LabServer, lab_server

SIZE: ViewportSize = {"width": 1360, "height": 900}

expect.set_options(timeout=60_000)  # all that a page waits for may have to wait for a core


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    with lab_server(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="package")
def comm_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """Run a JupyterLab whose server extension is disabled: what its views show comes from kernels."""
    with lab_server(tmp_path_factory.mktemp("comm-lab"), has_extension=False) as server:
        yield server


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return an empty page with a profile of its own."""
    context = _context(browser)
    yield context.new_page()
    context.close()


def _context(browser: Browser) -> BrowserContext:
    context = browser.new_context(viewport=SIZE, locale="en-US")
    context.set_default_timeout(60_000)
    return context


class SharedLabs:
    """A page for each server, which stays open from test to test: to load JupyterLab takes four seconds of a core."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._pages: dict[LabServer, Page] = {}

    @contextmanager
    def of(self, server: LabServer, session: pytest.Session) -> Iterator[LabPage]:
        """Return a server's page for a test; if that fails or leaves a question open, the next one has another page."""
        page = self._pages.pop(server, None) or _context(self._browser).new_page()
        page.set_viewport_size(SIZE)
        failed = session.testsfailed
        lab = LabPage(page, server)
        yield lab
        lab.leave()
        if session.testsfailed == failed and not page.locator(".jp-Dialog").count():
            self._pages[server] = page
        else:
            page.context.close()


@pytest.fixture(scope="package")
def shared_labs(browser: Browser) -> SharedLabs:
    """The pages that stay open."""
    return SharedLabs(browser)


@pytest.fixture
def shared_lab(server: LabServer, shared_labs: SharedLabs, request: pytest.FixtureRequest) -> Iterator[LabPage]:
    """Return the page that stays open: for tests that look at notebooks of their own, and change nothing else."""
    with shared_labs.of(server, request.session) as lab:
        yield lab


@pytest.fixture
def shared_comm_lab(
    comm_server: LabServer, shared_labs: SharedLabs, request: pytest.FixtureRequest
) -> Iterator[LabPage]:
    """Return the page that stays open in a JupyterLab without the server extension."""
    with shared_labs.of(comm_server, request.session) as lab:
        yield lab


@pytest.fixture
def lab(server: LabServer, page: Page) -> Iterator[LabPage]:
    """Return a page that opens notebooks in JupyterLab; its kernels end with it."""
    lab_page = LabPage(page, server)
    yield lab_page
    lab_page.shut_down()


@pytest.fixture
def comm_lab(comm_server: LabServer, page: Page) -> Iterator[LabPage]:
    """Return a page in a JupyterLab without the server extension."""
    lab_page = LabPage(page, comm_server)
    yield lab_page
    lab_page.shut_down()
