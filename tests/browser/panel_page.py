"""The list of runs in the side bar, as a page object."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, expect

from tests.browser.accessibility import grave_problems
from tests.browser.lab_page import LabPage

# Scrolls by a step a frame; before each next one, looks whether every place in sight shows a line.
_SCROLL = """async (lines, steps) => {
    const box = lines.getBoundingClientRect();
    const blanks = [];
    const times = [];
    let last = performance.now();
    for (let step = 0; step <= steps; step++) {
        lines.scrollTop = (lines.scrollHeight - lines.clientHeight) * step / steps;
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        times.push(now - last);
        last = now;
        for (let y = box.top + 14; y < box.bottom - 14; y += 28) {
            const line = document.elementFromPoint(box.left + 60, y)?.closest('.cellrun-line');
            const name = line?.querySelector('.cellrun-run-name, .cellrun-group-label')?.textContent;
            if (!name) blanks.push([step, y]);
        }
    }
    times.sort((a, b) => a - b);
    return { blanks, rows: lines.querySelectorAll('.cellrun-line').length,
             median: times[times.length >> 1], worst: times.at(-1) };
}"""


class PanelPage:
    """The panel of a JupyterLab."""

    def __init__(self, lab: LabPage) -> None:
        self.lab = lab
        self.page = lab.page
        self.root = lab.page.locator("#cellrun-panel")
        self.grid = self.root.get_by_role("treegrid")
        self.filter = self.root.get_by_role("searchbox")
        self.footer = self.root.locator(".cellrun-panel-footer")

    def show(self, workspace: str | None = None) -> None:
        """Show the panel, of a workspace if one is named."""
        self.lab.command("cellrun:show-panel")
        expect(self.footer).to_be_visible(timeout=60_000)
        if workspace is not None:
            self.page.mouse.move(0, 0)
            self.root.hover()  # when the pointer comes, it looks for workspaces that are new
            choice = self.root.get_by_label("Workspace")
            expect(choice.locator("option").get_by_text(workspace, exact=True)).to_be_attached()
            if choice.is_visible():  # else there is no other one
                choice.select_option(workspace)
            self.filter.fill("")

    def widen(self, pixels: int) -> None:
        """Make the side bar wider by its edge."""
        handle = self.page.locator("#jp-main-split-panel > .lm-SplitPanel-handle:not(.lm-mod-hidden)").first
        box = handle.bounding_box()
        assert box is not None
        self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 300)
        self.page.mouse.down()
        self.page.mouse.move(box["x"] + pixels, box["y"] + 300, steps=4)
        self.page.mouse.up()

    def expect_count(self, lines: int, most_s: int = 60) -> None:
        """Wait until the list has so many lines, runs and experiments."""
        grid = self.root.locator(f"[role=treegrid][aria-rowcount='{lines}']")
        expect(grid).to_have_count(1, timeout=most_s * 1000)  # as often as it is asked, this costs next to nothing

    def line(self, name: str) -> Locator:
        """Return the line of a run or an experiment, if it is in sight."""
        named = self.page.locator(".cellrun-run-name, .cellrun-group-label").get_by_text(name, exact=True)
        return self.grid.locator(".cellrun-line").filter(has=named)

    def runs(self) -> list[str]:
        """Return the names of the runs in sight, from top to bottom."""
        return [name.strip() for name in self.grid.locator(".cellrun-run-name").all_inner_texts()]

    def selected(self) -> list[str]:
        """Return the names of the selected runs in sight."""
        return self.grid.locator("[aria-selected=true] .cellrun-run-name").all_inner_texts()

    def active(self) -> str:
        """Return the name on the line where the keyboard is."""
        return self.grid.locator("[data-active]").locator(".cellrun-run-name, .cellrun-group-label").inner_text()

    def expect_status(self, name: str, status: str) -> None:
        """Wait until a run's line shows a status."""
        expect(self.line(name).locator(".cellrun-state")).to_have_attribute("data-status", status, timeout=60_000)

    def value(self, name: str) -> str:
        """Return the value that a run's line shows."""
        return self.line(name).locator(".cellrun-run-value").inner_text()

    def run_id(self, name: str) -> str:
        """Return the id of a run in sight."""
        return self.line(name).get_attribute("data-key") or ""

    def find(self, text: str) -> None:
        """Type into the filter."""
        self.filter.fill(text)

    def menu(self, name: str, item: str) -> None:
        """Choose from a run's menu."""
        self.line(name).click(button="right")
        self.root.get_by_role("menuitem", name=item).click()

    @property
    def dialog(self) -> Locator:
        """The dialog that is open."""
        return self.page.get_by_role("dialog")

    def answer(self, button: str) -> None:
        """Press a button of the dialog, and wait until it is closed."""
        self.dialog.get_by_role("button", name=button, exact=True).click()
        expect(self.dialog).to_have_count(0)

    def scroll_through(self, steps: int) -> dict[str, Any]:
        """Scroll to the last line, a step a frame; return the places that were blank and the times of frames, in ms."""
        found: dict[str, Any] = self.grid.evaluate(f"lines => ({_SCROLL})(lines, {steps})")
        return found

    def accessibility_problems(self) -> list[str]:
        """Return what axe-core finds serious or critical in the panel."""
        return grave_problems(self.page, self.root)
