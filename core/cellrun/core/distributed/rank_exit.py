"""How the process of one rank has ended, and what a run's log says of it.

Standard library only: the Python of any environment starts it.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import NamedTuple

from cellrun.core.layout import RunLayout

_TAIL_BYTES = 16 * 1024


class RankExit(NamedTuple):
    """Its exit code, or minus the signal; on which node, if there are several."""

    rank: int
    code: int
    node: str = ""

    def tell(self, layout: RunLayout) -> None:
        """Say which one failed, and of another than the first what its log ends with, so that the run's log does."""
        how = f"exit code {self.code}" if self.code > 0 else f"signal {-self.code}"
        where = f" on node {self.node}" if self.node else ""
        say(f"cellrun: the process of rank {self.rank}{where} ended with {how}; the others were stopped")
        if self.rank == 0:
            return
        path = layout.rank_log(self.rank)
        with suppress(OSError), path.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - _TAIL_BYTES))
            text = log.read().decode("utf-8", "replace").rstrip()
            say(f"cellrun: the end of user_logs/{path.name}:\n{text}")


def say(text: str) -> None:
    """Write a line into the run's log."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
