"""Which process runs which tests, where they run in several."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

BROWSER = "tests/browser/"
ENGINES = "tests/engines/"
CONFORMANCE = "tests/core/targets/test_conformance.py"


class ByFile(LoadFileScheduling):
    """Gives a process the tests of a file together, and all browser tests: these share a JupyterLab and a Chromium.

    What every target must do is tried over many kinds, each of which waits: several processes share that, and
    what is tried over real engines.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(CONFORMANCE):
            return f"{CONFORMANCE}[{nodeid.partition('[')[2]}"
        if nodeid.startswith(ENGINES):
            return nodeid
        return BROWSER if nodeid.startswith(BROWSER) else str(super()._split_scope(nodeid))
