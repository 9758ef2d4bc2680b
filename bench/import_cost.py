"""What importing cellrun adds to a fresh Python process.

Reference: `python -c pass`; beside it other imports. Whole processes take turns. The first round counts modules and
compiles byte code.

    python -m bench.import_cost --rounds 15
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

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


def run(statement: str, folder: Path) -> str:
    """Run a statement in a fresh process; return what it prints."""
    command = [sys.executable, "-c", statement]
    environment = kit.child_environment()
    return subprocess.run(command, env=environment, cwd=folder, check=True, capture_output=True, text=True).stdout


def main() -> None:
    """Measure all statements in turns."""
    rounds = kit.parser(__doc__, rounds=15).parse_args().rounds
    with kit.working_folder() as folder:
        modules = {name: int(run(text + COUNT, folder).split()[-1]) for name, text in STATEMENTS.items()}

        def measure(name: str, _: int) -> float:
            began = time.perf_counter()
            run(STATEMENTS[name], folder)
            return (time.perf_counter() - began) * 1000

        took_ms = kit.take_turns(STATEMENTS, rounds, measure)
    for name, ours in took_ms.items():
        over_ms = [mine - bare for mine, bare in zip(ours, took_ms["bare"], strict=True)]
        kit.emit(
            what=name,
            ms=statistics.median(ours),
            over_bare_ms=statistics.median(over_ms),
            ratio_to_bare=kit.pair_ratio(ours, took_ms["bare"]),
            modules_more=modules[name] - modules["bare"],
            rounds=rounds,
        )


if __name__ == "__main__":
    kit.start(main)
