"""What axe-core finds in a part of a page."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Locator, Page

# Of what axe-core answers little is wanted; most of it would be what is well.
_GRAVE = """async root => {
    const { violations } = await axe.run(root, { resultTypes: ['violations'] });
    return violations
        .filter(violation => ['serious', 'critical'].includes(violation.impact))
        .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(node => node.html).join(', ')}`);
}"""


def grave_problems(page: Page, root: Locator) -> list[str]:
    """Return what axe-core finds serious or critical in `root`, one text each."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(f"{Axe().axe_script}; undefined")
    problems: list[str] = root.evaluate(_GRAVE)
    return problems
