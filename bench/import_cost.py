"""What importing cellrun adds to a fresh Python process, beside other imports: milliseconds over bare Python.

Whole processes, in turns with `python -c pass`; the round that counts modules comes first and compiles byte code.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

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


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=15)
    rounds = options.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "CELLRUN_HOME": f"{folder}/home", "CELLRUN_RUNTIME_DIR": f"{folder}/runtime"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)

        def run(statement):
            began = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-c", statement],
                env=environment,
                cwd=folder,
                check=True,
                capture_output=True,
                text=True,
            )
            return (time.perf_counter() - began) * 1000, done.stdout

        count = "\nimport sys; print(len(sys.modules))"
        modules = {name: int(run(text + count)[1].split()[-1]) for name, text in STATEMENTS.items()}
        took = {name: [] for name in STATEMENTS}
        for _ in range(rounds):
            for name, text in STATEMENTS.items():
                took[name].append(run(text)[0])
    bare = took["bare"]
    print(f"bare Python: {statistics.median(bare):.1f} ms, {rounds} rounds, load {os.getloadavg()[0]:.1f}")
    for name in list(STATEMENTS)[1:]:
        over = [mine - its for mine, its in zip(took[name], bare, strict=True)]
        added = modules[name] - modules["bare"]
        print(f"{name:16} +{statistics.median(over):6.1f} ms  (least {min(over):5.1f})  {added} modules more")


if __name__ == "__main__":
    main()
