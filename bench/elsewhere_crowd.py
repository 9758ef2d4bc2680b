"""A hundred runs on one machine elsewhere, submitted by two processes (as two notebooks do) at the same time.

Reference: the same hundred on `local`, by the same rules of its queue. Each run notes that it ran: all have to be
Completed, and none may have run twice.

    python -m bench.elsewhere_crowd --runs 100
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench import kit
from bench.elsewhere import Elsewhere, elsewhere
from cellrun.core import Workspace
from cellrun.core.layout import RunLayout
from cellrun.core.store.status import Status, StatusFile
from tests.engines.box import HOME, NAME

JOB = """
import os, sys
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
os.write(fd, os.environ['CELLRUN_RUN_ID'].encode() + b'\\n')
print('done')
"""
NOTEBOOKS = 2
_LOOK_S = 0.5


def notebook(folder: str, target: str, count: str, ran: str) -> dict[str, Any]:
    """Submit some, as one notebook does; return their ids and how long that took."""
    workspace = Workspace.get("bench")
    source = Path(folder) / f"source-{os.getpid()}"
    source.mkdir()
    place = Elsewhere(None, workspace, source)  # type: ignore[arg-type]  # submits alone
    began = time.monotonic()
    runs = [place.submit(JOB, ran, target=target).run_id for _ in range(int(count))]
    return {"runs": runs, "took_s": time.monotonic() - began}


def crowd(place: Elsewhere, folder: Path, target: str, count: int) -> float:
    """Submit all, wait for all; print what became of them; return the seconds."""
    is_local = target == "local"
    ran = folder / "ran" if is_local else place.box.home / "ran"
    arguments = (folder, target, count // NOTEBOOKS, ran if is_local else f"{HOME}/ran")
    command = kit.child_command(__file__, *arguments)
    began = time.monotonic()
    children = [
        subprocess.Popen(command, env=kit.child_environment(), cwd=kit.ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(NOTEBOOKS)
    ]
    told = [json.loads(child.communicate()[0].splitlines()[-1]) for child in children]
    submitted_s = time.monotonic() - began
    layouts = [place.workspace.layout.run(name) for one in told for name in one["runs"]]
    while not all(one.status.is_terminal for one in place.status(*layouts, target=target)):
        time.sleep(_LOOK_S)
    took_s = time.monotonic() - began
    report(layouts, ran, what=target, submitted_s=submitted_s, took_s=took_s)
    return took_s


def report(layouts: list[RunLayout], ran: Path, **row: object) -> None:
    """Print how many are Completed, and how many ran not once."""
    times = Counter(ran.read_text().splitlines())
    kit.emit(
        **row,
        runs=len(layouts),
        completed=sum(StatusFile(layout).read().status is Status.COMPLETED for layout in layouts),
        ran_twice=sum(count > 1 for count in times.values()),
        never_ran=sum(layout.run_id not in times for layout in layouts),
        log_missing=sum(not layout.log.exists() or layout.log.read_text() != "done\n" for layout in layouts),
    )


def main() -> None:
    """Submit the same crowd here and there."""
    parser = kit.parser(__doc__)
    parser.add_argument("--runs", type=int, default=100)
    options = parser.parse_args()
    with kit.working_folder() as folder, elsewhere(folder) as place:
        place.end(place.submit("print('warm')"))
        local_s = crowd(place, folder, "local", options.runs)
        there_s = crowd(place, folder, NAME, options.runs)
        kit.emit(what="wall time, s", cellrun=there_s, reference=local_s, ratio=there_s / local_s, runs=options.runs)


if __name__ == "__main__":
    kit.start(main, notebook)
