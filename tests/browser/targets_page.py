"""The page of targets, as a page object: in a tab of JupyterLab, or in the portal."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.browser.accessibility import grave_problems


class TargetsPage:
    """What there is to see and to press on it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.root = page.locator(".cellrun-targets:visible")

    def card(self, name: str) -> Locator:
        """Return the card of a target."""
        named = self.page.get_by_role("heading", name=name, exact=True)
        return self.root.get_by_role("listitem").filter(has=named).first

    def expect_state(self, name: str, word: str) -> None:
        """Wait until a target is so."""
        expect(self.card(name).locator(".cellrun-target-head .cellrun-state")).to_have_text(word)

    def button(self, name: str) -> Locator:
        """Return a button by its name."""
        return self.root.get_by_role("button", name=name, exact=True)

    def open_form(self) -> Locator:
        """Open the form that attaches a target."""
        self.button("Attach a target").click()
        form = self.root.get_by_role("form")
        expect(form).to_be_visible()
        return form

    def accessibility_problems(self) -> list[str]:
        """Return what axe-core finds serious or critical in it."""
        return grave_problems(self.page, self.root)

    def overflows(self) -> bool:
        """Whether something is wider than the page."""
        body = self.root.locator(".cellrun-targets-body")
        return bool(body.evaluate("body => body.scrollWidth > body.clientWidth"))
