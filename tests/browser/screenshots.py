"""Screenshots of what the browser tests show, for people to look at: `make screenshots`."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Locator, Page

FOLDER = Path(__file__).parents[1] / "screenshots"


def screenshot(shown: Page | Locator, name: str) -> None:
    """Save `tests/screenshots/<name>.png` where SCREENSHOTS is set: each takes a quarter of a second of a core."""
    if os.environ.get("SCREENSHOTS"):
        shown.screenshot(path=FOLDER / f"{name}.png")
