"""Scripts of steps, and a workspace with nothing left of its runs."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cellrun.core import Experiment
from cellrun.core.store.lists.index import Index
from tests.core.submitted_runs import Runs

WRITE = """
import argparse, os
parser = argparse.ArgumentParser()
parser.add_argument("--out")
parser.add_argument("--text", default="written")
args = parser.parse_args()
os.makedirs(args.out, exist_ok=True)
with open(os.path.join(args.out, "data.csv"), "w") as file:
    file.write("word,n\\n" + args.text + ",1\\n")
print("wrote", args.text)
"""
READ = """
import sys, os
path = os.path.join(sys.argv[1], "data.csv")
print("read", open(path).read().split("\\n")[1])
"""


@pytest.fixture
def step_runs(runs: Runs) -> Iterator[Runs]:
    """End all runs, those that a pipeline has started too."""
    for name, text in (("write.py", WRITE), ("read.py", READ)):
        (runs.source / name).write_text(text)
    yield runs
    runs.submitted += [runs.workspace.layout.run(row.id) for row in Index(runs.workspace.layout).runs()]


@pytest.fixture
def experiment(step_runs: Runs) -> Experiment:
    """Where pipelines are submitted to."""
    return Experiment(step_runs.workspace, "tests")


@pytest.fixture
def script(runs: Runs) -> Callable[[str, str], str]:
    """`script(name, text)` writes a step's script, and returns its name."""

    def write(name: str, text: str) -> str:
        Path(runs.source, name).write_text(text)
        return name

    return write
