"""What axe-core finds in a part of a page."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Locator, Page


def grave_problems(page: Page, root: Locator) -> list[str]:
    """Return what axe-core finds serious or critical in `root`, one text each."""
    root.evaluate("root => root.setAttribute('data-axe', '')")
    found = Axe().run(page, context="[data-axe]", options={"resultTypes": ["violations"]})
    root.evaluate("root => root.removeAttribute('data-axe')")
    return [
        f"{violation['id']}: {violation['help']}: {[node['html'] for node in violation['nodes']]}"
        for violation in found.response["violations"]
        if violation["impact"] in ("serious", "critical")
    ]
