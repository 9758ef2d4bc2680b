"""A real JupyterLab and a real Chromium with one profile for a process's browser tests; pages, which mostly stay open.

They end with the last browser test: until then Playwright has an event loop on the main thread, where others start one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.chromium import SIZE, chromium_profile
from tests.browser.lab_page import LabPage
from tests.browser.lab_server import LabServer, lab_server
from tests.browser.portal_page import PortalPage
from tests.server.jupyter_process import JupyterProcess, jupyter_process

expect.set_options(timeout=60_000)  # all that a page waits for may have to wait for a core


@pytest.fixture(scope="package")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """The profile of all pages; what servers keep in it is each one's own, by its port."""
    with chromium_profile(tmp_path_factory.mktemp("profile")) as profile:
        profile.set_default_timeout(60_000)
        yield profile


@pytest.fixture(scope="package")
def browser(profile: BrowserContext) -> Browser:
    """The Chromium, for pages with another profile."""
    assert profile.browser
    return profile.browser


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    with lab_server(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="package")
def comm_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """Run a JupyterLab whose server extension is disabled: what its views show comes from kernels."""
    with lab_server(tmp_path_factory.mktemp("comm-lab"), has_extension=False) as server:
        yield server


@pytest.fixture(scope="package")
def portal_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterProcess]:
    """Run a `jupyter cellrun`."""
    with jupyter_process(tmp_path_factory.mktemp("portal"), "jupyter-cellrun") as server:
        yield server


@pytest.fixture
def server_home(server: LabServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process use the workspaces that the JupyterLab shows."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def portal_home(portal_server: JupyterProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process use the workspaces that the portal shows."""
    for name, value in portal_server.environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def portal(portal_server: JupyterProcess, portal_home: None, page: Page) -> PortalPage:
    """Return a page of the portal, whose workspaces this process uses too."""
    return PortalPage(page, portal_server)


@pytest.fixture
def page(profile: BrowserContext) -> Iterator[Page]:
    """Return an empty page."""
    page = profile.new_page()
    yield page
    page.close()


class Labs:
    """A page for each server, which goes from test to test: to load JupyterLab takes three seconds of a core."""

    def __init__(self, profile: BrowserContext) -> None:
        self._profile = profile
        self._pages: dict[LabServer, Page] = {}

    @contextmanager
    def of(self, server: LabServer, session: pytest.Session) -> Iterator[LabPage]:
        """Return a server's page for a test; if that fails or leaves a question open, the next one has another page."""
        page = self._pages.pop(server, None) or self._profile.new_page()
        page.set_viewport_size(SIZE)
        failed = session.testsfailed
        lab = LabPage(page, server)
        yield lab
        lab.leave()
        if session.testsfailed == failed and not page.locator(".jp-Dialog").count():
            self._pages[server] = page
        else:
            page.close()


@pytest.fixture(scope="package")
def labs(profile: BrowserContext) -> Labs:
    """The pages that stay open."""
    return Labs(profile)


@pytest.fixture
def shared_lab(server: LabServer, labs: Labs, request: pytest.FixtureRequest) -> Iterator[LabPage]:
    """Return the page that stays open: for tests that look at notebooks of their own, and change nothing else."""
    with labs.of(server, request.session) as lab:
        yield lab


@pytest.fixture
def shared_comm_lab(comm_server: LabServer, labs: Labs, request: pytest.FixtureRequest) -> Iterator[LabPage]:
    """Return the page that stays open in a JupyterLab without the server extension."""
    with labs.of(comm_server, request.session) as lab:
        yield lab


@pytest.fixture
def lab_without_extension(comm_server: LabServer, labs: Labs, request: pytest.FixtureRequest) -> Iterator[LabPage]:
    """Return a page that has still to load a JupyterLab without the extension: no other test may have that Lab."""
    with labs.of(comm_server, request.session) as lab:
        lab.forget()
        lab.page.route("**/lab/extensions/cellrun/**", lambda route: route.abort())
        yield lab
        lab.forget()
