"""Which process runs which tests, where they run in several."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

BROWSER = "tests/browser/"


class ByFile(LoadFileScheduling):
    """Gives a process the tests of a file together, and all browser tests: these share a JupyterLab and a Chromium."""

    def _split_scope(self, nodeid: str) -> str:
        return BROWSER if nodeid.startswith(BROWSER) else str(super()._split_scope(nodeid))
