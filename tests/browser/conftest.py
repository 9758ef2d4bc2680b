"""A real JupyterLab and a real Chromium; one of each for all browser tests, a fresh page for each.

They end with the last browser test: until then Playwright has an event loop on the main thread, where others start one.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import chromium
from tests.browser.lab_page import LabPage
from tests.browser.lab_server import LabServer, lab_server

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
    context = browser.new_context(viewport={"width": 1360, "height": 900}, locale="en-US")
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


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
