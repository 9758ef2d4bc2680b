"""The way of a submission: through how many modules a cell passes until `%%submit` has returned."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from tests.imports import room

MOST_MODULES = 80
"""As many as there were when this was last measured: it may only sink."""

_PROGRAM = """
import sys, threading
from IPython.core.interactiveshell import InteractiveShell

def note(frame, event, _):
    name = frame.f_globals.get("__name__") or ""
    if event == "call" and name.startswith("cellrun.") and frame.f_code.co_name != "<module>":
        seen.add(name)

def submit(name):
    shell.run_cell_magic("submit", f"digits --as {name}", "print(total(values))")

seen = set()
shell = InteractiveShell.instance()
shell.run_cell("%load_ext cellrun.magics").raise_error()
shell.run_cell('''import numpy as np
values = np.arange(1000.0)
def total(numbers):
    return (numbers ** 2).sum()''').raise_error()
threading.setprofile(note)
submit("first")
shell.user_ns["first"].wait_for_completion()
seen.clear()
sys.setprofile(note)
submit("second")
sys.setprofile(None)
found = sorted(seen)
shell.user_ns["second"].wait_for_completion()
print("\\n", *found)
"""


def test_a_cell_passes_through_few_modules_on_its_way_to_a_run(tmp_path: Path) -> None:
    # A process of its own: a second submission in it, as the first one loads modules and makes what is kept.
    command = [sys.executable, "-c", _PROGRAM]
    environment = {**os.environ, "HOME": str(tmp_path), "IPYTHONDIR": str(tmp_path / "ipython")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    found = done.stdout.splitlines()[-1].split()
    assert "cellrun.magics.submit" in found, done.stdout
    by_room = defaultdict(list)
    for module in found:
        by_room[room(module)].append(module.rpartition(".")[2])
    listed = "\n".join(f"{len(names):3} {place}: {', '.join(names)}" for place, names in sorted(by_room.items()))
    assert len(found) <= MOST_MODULES, f"{len(found)} modules\n{listed}"
