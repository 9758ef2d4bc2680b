"""The browser of the browser tests: the system's Chromium, or playwright's own where there is none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, ViewportSize, sync_playwright

SWITCHES = [
    "--no-sandbox",  # which a container's root can't have
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


SIZE: ViewportSize = {"width": 1360, "height": 900}


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a headless Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_program(), args=SWITCHES)
        yield browser
        browser.close()


@contextmanager
def chromium_profile(folder: Path) -> Iterator[BrowserContext]:
    """Run a headless Chromium with a profile on disk: what a page consists of is fetched and compiled once."""
    with sync_playwright() as playwright:
        profile = playwright.chromium.launch_persistent_context(
            folder, executable_path=_program(), args=SWITCHES, viewport=SIZE, locale="en-US"
        )
        yield profile
        profile.close()


def _program() -> str | None:
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)
