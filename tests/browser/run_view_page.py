"""The live view of a run, as a page object."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page

from tests.browser.accessibility import grave_problems

_POINTS = """view => [...view.querySelectorAll('.cellrun-card')].map(card => {
    const plot = card.querySelector('.js-plotly-plot');
    return [card.querySelector('b').textContent, plot?.data?.[0].x.length ?? 0];
})"""


class RunViewPage:
    """One live view in the page."""

    def __init__(self, page: Page, root: Locator, place: Locator | None = None) -> None:
        self.page = page
        self.root = root
        self.place = place or root  # where it comes once that is in sight

    def wait_until(self, condition: Callable[[], bool], what: Callable[[], str], timeout_s: float = 240) -> None:
        """Wait for a condition, and keep the view in sight meanwhile: what isn't seen isn't drawn, and Lab scrolls."""
        waited_ms = 0
        self.place.scroll_into_view_if_needed(timeout=1000 * timeout_s)
        while not condition():
            assert waited_ms < 1000 * timeout_s, f"{what()} after {timeout_s} s"
            self.page.wait_for_timeout(100)
            self.place.scroll_into_view_if_needed()
            waited_ms += 100

    def status(self) -> str | None:
        """Return the status that the view shows."""
        return self.root.locator(".cellrun-state").get_attribute("data-status")

    def expect_status(self, status: str) -> None:
        """Wait until the view says that the run has this status."""
        self.wait_until(lambda: self.status() == status, lambda: f"still {self.status()}, not {status},")

    def card(self, name: str) -> Locator:
        """Return a metric's chart or table."""
        title = self.page.locator(".cellrun-card-title b").get_by_text(name, exact=True)
        return self.root.locator(".cellrun-card").filter(has=title)

    def tile(self, name: str) -> str:
        """Return the value that a metric's tile shows."""
        title = self.page.locator("dt").get_by_text(name, exact=True)
        return self.root.locator(".cellrun-tiles > div").filter(has=title).locator("dd").inner_text()

    def tiles_are_stacked(self) -> bool:
        """Whether each tile's value stands below its name (the page's own styles for lists would have it otherwise)."""
        return bool(
            self.root.locator(".cellrun-tiles > div").evaluate_all(
                "tiles => tiles.every(t => t.querySelector('dd').offsetTop > t.querySelector('dt').offsetTop + 5)"
            )
        )

    def points(self, name: str) -> int:
        """Return how many points a metric's curve has on the screen; 0 without a chart."""
        return int(dict(self.root.evaluate(_POINTS)).get(name, 0))

    def curve(self, name: str) -> dict[str, Any]:
        """Return what plotly drew last for a metric: x and y of its first line."""
        plot = self.card(name).locator(".js-plotly-plot")
        curve: dict[str, Any] = plot.evaluate("plot => ({ x: [...plot.data[0].x], y: [...plot.data[0].y] })")
        return curve

    def wait_for_points(self, name: str, least: int) -> int:
        """Wait until a metric's curve has so many points; return how many it has."""
        self.wait_until(lambda: self.points(name) >= least, lambda: f"{self.points(name)} of {least} points of {name}")
        return self.points(name)

    @property
    def log(self) -> Locator:
        """The log's lines, as far as they are in the page."""
        return self.root.get_by_role("log")

    def log_is_below(self) -> bool:
        """Whether the log is below the charts, not beside them."""
        log, charts = (self.root.locator(f".cellrun-{part}").bounding_box() for part in ("log", "metrics"))
        return log is not None and charts is not None and log["y"] >= charts["y"] + charts["height"]

    def new_lines(self) -> int:
        """Return how many lines came since the reader scrolled up; 0 while the log follows its end."""
        found = re.search(r"paused · ([\d,]+) new", self.root.locator(".cellrun-log-footer").inner_text())
        return int(found[1].replace(",", "")) if found else 0

    @property
    def alert(self) -> Locator:
        """What says why the run failed."""
        return self.root.get_by_role("alert")

    def button(self, name: str | re.Pattern[str]) -> Locator:
        """Return a button of the view by its name."""
        return self.root.get_by_role("button", name=name)

    def accessibility_problems(self) -> list[str]:
        """Return what axe-core finds serious or critical in the view."""
        return grave_problems(self.page, self.root)
