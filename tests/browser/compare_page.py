"""The tab that compares runs, as a page object."""

from __future__ import annotations

from collections.abc import Sequence

from playwright.sync_api import Locator, expect

from tests.browser.lab_page import LabPage
from tests.browser.run_view_page import RunViewPage


class ComparePage(RunViewPage):
    """The comparison in the main area: its charts are those of a run's view."""

    def __init__(self, lab: LabPage) -> None:
        self.lab = lab
        super().__init__(lab.page, lab.page.locator(".cellrun-compare:visible"))

    def open(self, workspace: str, runs: Sequence[str]) -> None:
        """Compare these runs, and wait until their values are there."""
        self.lab.command("cellrun:compare", workspace=workspace, runs=list(runs))
        expect(self.heads).to_have_count(len(runs))

    @property
    def heads(self) -> Locator:
        """The heads of the runs' columns."""
        return self.root.locator("thead th")

    def names(self) -> list[str]:
        """Return the runs' names, in the order of the columns."""
        return self.root.locator(".cellrun-compare-name").all_inner_texts()

    def row(self, name: str) -> Locator:
        """Return a row of the table by its name."""
        named = self.page.locator("th span:nth-child(2)").get_by_text(name, exact=True)
        return self.root.locator("tbody tr").filter(has=named)

    def values(self, name: str) -> list[str]:
        """Return the values of a row."""
        return self.row(name).locator("td").all_inner_texts()

    def differs(self, name: str) -> bool:
        """Whether a row is marked."""
        return self.row(name).get_attribute("data-differs") is not None

    def best(self, name: str) -> list[str]:
        """Return the values of a row that are marked as the best."""
        return self.row(name).locator("[data-best]").all_inner_texts()

    def lines(self, name: str) -> int:
        """Return how many curves a metric's chart has."""
        return self.card(name).locator(".js-line").count()

    def choose_x(self, x: str) -> None:
        """Draw all charts over something else."""
        self.root.get_by_label("x:").select_option(x)
