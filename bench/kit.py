"""What the benches of the store share: fresh child processes that take turns, medians, JSON lines."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path


def emit(**row):
    """Print one result as one JSON line; numbers as long as they are read."""
    shown = {key: float(f"{value:.4g}") if isinstance(value, float) else value for key, value in row.items()}
    print(json.dumps(shown), flush=True)


def ask_child(script, *arguments, timeout_s=900):
    """Run a script in a fresh process and return the JSON object that it prints last."""
    command = [sys.executable, script, "--child", *map(str, arguments)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=timeout_s)
    if done.returncode:
        raise SystemExit(f"{command} ended with {done.returncode}:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def percentile(values, share):
    """Return the value below which a share (0..1) of the values lies."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def pair_ratio(ours, floors):
    """Return the median of the ratios of each round's pair."""
    return statistics.median(mine / its for mine, its in zip(ours, floors, strict=True))


def load():
    """How busy the machine is."""
    return round(os.getloadavg()[0], 1)


@contextmanager
def working_folder():
    """Make a temporary folder with a home of its own."""
    with tempfile.TemporaryDirectory(prefix="cellrun-bench-") as folder:
        os.environ["CELLRUN_HOME"] = f"{folder}/home"
        os.environ["CELLRUN_RUNTIME_DIR"] = f"{folder}/runtime"
        yield Path(folder)


def new_run(folder):
    """Open an interactive run of the folder's home, as a user does."""
    from cellrun.core import Experiment, Workspace

    os.chdir(folder)
    return Experiment(Workspace.from_config(), "bench").start_logging(snapshot_directory=None)
