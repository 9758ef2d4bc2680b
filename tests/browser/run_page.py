"""A run as a page of its own, in a tab of JupyterLab or in the portal, as a page object."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.run_view_page import RunViewPage

TABS = ("Metrics", "Log", "Details", "Outputs", "Code")


class RunPage(RunViewPage):
    """The one run page that is in sight; what it shares with the view below a cell is found as there."""

    def __init__(self, page: Page) -> None:
        super().__init__(page, page.locator(".cellrun-page:visible"))

    def tab(self, name: str) -> Locator:
        """Return a tab by the beginning of its name."""
        return self.root.locator("[role=tab]").filter(has_text=name)

    def open(self, name: str) -> Locator:
        """Show a tab; return its panel, once it is loaded."""
        self.tab(name).click()
        return self.panel(name)

    def panel(self, name: str) -> Locator:
        """Return the panel of a tab that is shown, once it is loaded."""
        expect(self.tab(name)).to_have_attribute("aria-selected", "true")
        panel = self.root.locator("[role=tabpanel]:visible")
        expect(panel.locator("text=Loading …")).to_have_count(0)
        return panel

    def choose(self, file: str) -> Locator:
        """Look at a file of the tab that is shown; return where it is shown."""
        panel = self.root.locator("[role=tabpanel]:visible")
        panel.get_by_role("option", name=file).click()
        return panel.locator(".cellrun-preview-body")

    def download(self, link: Locator) -> bytes:
        """Return what a link downloads."""
        with self.page.expect_download() as downloading:
            link.click()
        return Path(downloading.value.path()).read_bytes()

    def choose_x(self, name: str) -> None:
        """Draw the charts over something else."""
        self.root.get_by_label("x:").select_option(name)

    def smooth(self, weight: str) -> None:
        """Smooth the charts."""
        self.root.get_by_label("smoothing").select_option(weight)

    def drag_over(self, name: str, begin: float, end: float) -> None:
        """Drag over a share of a chart's width, which zooms in."""
        box = self.card(name).locator(".cellrun-plot-area").bounding_box()
        assert box is not None
        middle = box["y"] + box["height"] / 2
        self.page.mouse.move(box["x"] + begin * box["width"], middle)
        self.page.mouse.down()
        self.page.mouse.move(box["x"] + end * box["width"], middle, steps=5)
        self.page.mouse.up()

    def ticks(self, name: str, axis: str) -> list[str]:
        """Return what stands beside a chart's `x` or `y` axis."""
        return self.card(name).locator(f".{axis}tick text").all_text_contents()
