"""The portal as a user meets it: a browser page without JupyterLab."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.browser.accessibility import grave_problems
from tests.browser.run_page import RunPage
from tests.browser.screenshots import screenshot
from tests.server.jupyter_process import TOKEN, JupyterProcess


class PortalPage:
    """One browser page with the portal of a `jupyter cellrun` in it; `problems` are its errors."""

    def __init__(self, page: Page, server: JupyterProcess) -> None:
        self.page = page
        self.problems: list[str] = []
        self._server = server
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda message: self.problems.append(message.text) if message.type == "error" else None)

    @property
    def root(self) -> Locator:
        """All of the page."""
        return self.page.locator("body")

    def open(self, path: str = "") -> None:
        """Open a page of the portal, with a log-in where one is needed."""
        address = f"{self._server.url}cellrun/{path}"
        self.page.goto(f"{address}{'&' if '?' in path else '?'}token={TOKEN}")
        expect(self.page.locator("main > .cellrun")).to_be_visible()

    def open_run(self, workspace: str, run: str) -> RunPage:
        """Open a run's page."""
        self.open(f"workspaces/{workspace}/runs/{run}")
        return RunPage(self.page)

    def use_theme(self, theme: str) -> None:
        """Let the reader wish for `light` or `dark`, and wait until the page is so."""
        self.page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        for part in self.page.locator(".cellrun[data-theme]").all():
            expect(part).to_have_attribute("data-theme", theme)

    def screenshot(self, name: str) -> None:
        """Save what the page shows as `<name>-<theme>.png`, if that is wanted."""
        dark = self.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        screenshot(self.page, f"{name}-{'dark' if dark else 'light'}")

    def accessibility_problems(self) -> list[str]:
        """Return what axe-core finds serious or critical in the page."""
        return grave_problems(self.page, self.root)
