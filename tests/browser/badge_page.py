"""The badges of a notebook's cells, as a page object."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.browser.lab_page import LabPage

CHANGED = "cell changed since"


class BadgePage:
    """The badges in the notebook that is open."""

    def __init__(self, lab: LabPage) -> None:
        self.lab = lab
        self.page = lab.page

    def badge(self, index: int) -> Locator:
        """Return the badge of a cell."""
        return self.lab.cell(index).locator(".cellrun-badge")

    def name(self, index: int) -> str:
        """Return the run's name on a badge."""
        return self.badge(index).locator(".cellrun-badge-name").inner_text()

    def expect_status(self, index: int, status: str) -> None:
        """Wait until a badge shows that its run has this status."""
        expect(self.badge(index)).to_have_attribute("data-status", status, timeout=60_000)

    def expect_changed(self, index: int, *, changed: bool = True) -> None:
        """Wait until a badge says that its cell has changed, or doesn't."""
        expect(self.badge(index).locator(".cellrun-badge-changed")).to_have_text(CHANGED if changed else "")

    def edit(self, index: int, text: str) -> None:
        """Type at the end of a cell."""
        self.lab.cell(index).locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+End")
        self.page.keyboard.insert_text(text)  # at once, so that it is undone at once

    def undo(self) -> None:
        """Undo what was typed in the cell that is edited."""
        self.page.keyboard.press("ControlOrMeta+z")
        self.page.keyboard.press("Escape")

    def run_of(self, index: int) -> dict[str, str]:
        """Return the workspace and the id of the run that a cell's output names, once it is there."""
        expect(self.lab.cell(index).locator(".jp-OutputArea-output")).to_have_count(1)
        found: dict[str, str] = self.page.evaluate(
            """i => {
                const outputs = window.jupyterapp.shell.currentWidget.content.widgets[i].model.outputs;
                const data = outputs.get(0).data['application/vnd.cellrun.run.v1+json'];
                return { workspace: data.workspace_id, run: data.run_id };
            }""",
            index,
        )
        return found

    def is_dirty(self) -> bool:
        """Return whether the notebook has what its file doesn't have."""
        return bool(self.page.evaluate("window.jupyterapp.shell.currentWidget.context.model.dirty"))

    def expect_dirty(self) -> None:
        """Wait until the notebook has what its file doesn't have."""
        self.page.wait_for_function("window.jupyterapp.shell.currentWidget.context.model.dirty")

    def active_cell(self) -> int:
        """Return the index of the cell that keys go to."""
        return int(self.page.evaluate("window.jupyterapp.shell.currentWidget?.content.activeCellIndex ?? -1"))

    def save(self) -> None:
        """Save the notebook, and wait for it."""
        self.page.evaluate("window.jupyterapp.shell.currentWidget.context.save()")

    def cell_height(self, index: int) -> float:
        """Return how high a cell's input is."""
        box = self.lab.cell(index).locator(".jp-InputArea").bounding_box()
        assert box is not None
        return box["height"]
