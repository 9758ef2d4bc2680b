"""Which process runs which tests, where they run in several."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

BROWSER = "tests/browser/"
VIEWS = tuple(
    f"{BROWSER}test_{name}.py"
    for name in (
        *("comm_view", "displayed", "distributed", "elsewhere", "figures", "live_view", "notebooks", "room"),
        "server_view",
    )
)
"""Those of what stands below a cell, about half of the browser's time; the others are of lists, tabs and the portal."""
REST = tuple(
    f"tests/server/test_{name}.py"
    for name in (
        *("any_request", "damaged", "files", "forged", "frames", "kept_targets", "log", "pages", "previews", "rest"),
        *("routes", "schema", "targets"),
    )
)
"""Those that ask one Jupyter Server, whose start takes two seconds of a core."""
ENGINES = "tests/engines/"
CONFORMANCE = "tests/core/targets/test_conformance.py"


class ByFile(LoadFileScheduling):
    """Gives a process the tests of a file together, those that ask one server, and half of the browser's.

    Had one process all of the browser's, it would be the last by minutes.
    What every target must do is tried over many kinds, each of which waits: several processes share that, and
    what is tried over real engines.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(CONFORMANCE):
            return f"{CONFORMANCE}[{nodeid.partition('[')[2]}"
        if nodeid.startswith(ENGINES):
            return nodeid
        if nodeid.startswith(BROWSER):
            return f"{BROWSER}[{'views' if nodeid.startswith(VIEWS) else 'lists'}]"
        if nodeid.startswith(REST):
            return "tests/server/"
        return str(super()._split_scope(nodeid))
