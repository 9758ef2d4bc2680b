"""What importing cellrun adds to a fresh Python process.

Reference: `python -c pass`; beside it other imports. Whole processes take turns: their time, and the processor time in
it, which is steadier on a busy machine. A first round counts modules and compiles byte code.

    python -m bench.import_cost --rounds 15
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from bench import kit

STATEMENTS = {
    "bare": "pass",
    "cellrun.core": "import cellrun.core",
    "Run": "from cellrun.core import Run",
    "get_context": "from cellrun.core import Run; Run.get_context()",
    "first log call": "from cellrun.core import Experiment, Workspace\n"
    "run = Experiment(Workspace.from_config(), 'bench').start_logging()\nrun.log('x', 1.0); run.complete()",
    "json + sqlite3": "import json, sqlite3",
    "cloudpickle": "import cloudpickle",
    "numpy": "import numpy",
}
COUNT = "\nimport sys; print(len(sys.modules))"


class Took(NamedTuple):
    """What one process took, in milliseconds."""

    wall_ms: float
    cpu_ms: float


def run(statement: str, folder: Path) -> str:
    """Run a statement in a fresh process; return what it prints."""
    command = [sys.executable, "-c", statement]
    environment = kit.child_environment()
    return subprocess.run(command, env=environment, cwd=folder, check=True, capture_output=True, text=True).stdout


def children_cpu_s() -> float:
    """Return the processor time of all ended processes that were started from here."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure all statements in turns."""
    rounds = kit.parser(__doc__, rounds=15).parse_args().rounds
    with kit.working_folder() as folder:
        modules = {name: int(run(text + COUNT, folder).split()[-1]) for name, text in STATEMENTS.items()}

        def measure(name: str, _: int) -> Took:
            began, cpu_began_s = time.perf_counter(), children_cpu_s()
            run(STATEMENTS[name], folder)
            return Took((time.perf_counter() - began) * 1000, (children_cpu_s() - cpu_began_s) * 1000)

        took = kit.take_turns(STATEMENTS, rounds, measure)
    for name, ours in took.items():
        added = modules[name] - modules["bare"]
        for unit in Took._fields:
            ours_ms, bare_ms = ([getattr(one, unit) for one in rows] for rows in (ours, took["bare"]))
            over_ms = statistics.median(mine - bare for mine, bare in zip(ours_ms, bare_ms, strict=True))
            kit.emit_pairs(ours_ms, bare_ms, what=name, unit=unit, over_bare_ms=over_ms, modules_more=added)


if __name__ == "__main__":
    kit.start(main)
