"""What a run costs its machine: the processor time of all processes that it takes, and of the one that submits it.

The reference is the least that a job with a supervisor of its own takes: two interpreters (`submit_latency`). The two
take turns. A run is over when nobody of it is left: supervisor, job, the recorder of what it was run by, and its git.

    python -m bench.run_cost --rounds 20
"""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

from bench import kit
from bench.submit_latency import supervised
from cellrun.core import Experiment, ScriptRunConfig, Workspace
from cellrun.core.processes import orphans

LINE = "pass"


class Runs:
    """A workspace and a source folder to submit from."""

    def __init__(self, folder: Path) -> None:
        self._experiment = Experiment(Workspace.create("bench"), "cost")
        self._source = folder / "source"
        self._source.mkdir()
        (self._source / "train.py").write_text(LINE)

    def measure(self, way: str, _: int) -> float:
        """Return the milliseconds of processor time that one start takes, to the end of its last process."""
        before_s = used_s()
        if way == "cellrun":
            self._experiment.submit(ScriptRunConfig(self._source, "train.py")).wait_for_completion()
        else:
            supervised(LINE).wait()
        wait_for_all()
        return (used_s() - before_s) * 1000


def used_s() -> float:
    """Return the processor time of this process and of all that have descended from it and ended."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def wait_for_all() -> None:
    """Wait until nobody is left that this process has started, or that is an orphan of those."""
    while True:
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        time.sleep(0.005)


def main() -> None:
    """Start in turns; the first round, which imports the libraries here, isn't counted."""
    rounds = kit.parser(__doc__, rounds=20).parse_args().rounds
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # users have byte code
    orphans.become_subreaper()
    with kit.working_folder() as folder:
        took = kit.take_turns(("cellrun", "supervised"), rounds + 1, Runs(folder).measure)
    ours, least = took["cellrun"][1:], took["supervised"][1:]
    kit.emit_pairs(ours, least, what="processor time of a run, ms")


if __name__ == "__main__":
    kit.start(main)
