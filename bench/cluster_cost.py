"""What a run on a cluster costs besides its own code: bytes on the wire home, and seconds of processor on either side.

The job logs a metric and prints a line, `--rate` of both a second, as in `elsewhere_live.py`; a job that logs nothing
is the idle one. On a disk that is shared nothing is brought home. Counted are `--seconds` in the middle of a run; the
reference for bytes is what the job logged. The engine's own processes aren't counted.

    python -m bench.cluster_cost --seconds 60
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path

from bench import kit
from bench.cluster import Cluster, cluster, parser
from bench.elsewhere import cpu_s, keepers, processes, wait_for
from bench.elsewhere_live import tell_bytes, tell_costs
from cellrun.core.layout import RunLayout

JOB = """
import sys, time
from cellrun.core import Run
run, rate, until = Run.get_context(), float(sys.argv[1]), time.monotonic() + float(sys.argv[2])
print('up', flush=True)
while time.monotonic() < until:
    if rate:
        run.log('sent', time.time())
        print('sent', time.time(), flush=True)
    time.sleep(1 / (rate or 5))
"""
_BEFORE_S = {True: 5.0, False: 18.0}
_AROUND_S = 40.0
"""So much longer than it is counted a job goes on."""


def measure(made: Cluster, home: Path, rate: float, seconds: float, *, is_watched: bool) -> None:
    """Run one job, and print what its middle took."""
    layout = made.place.submit(JOB, str(rate), str(seconds + _AROUND_S))
    row: dict[str, object] = {"engine": made.kind, "rate": rate, "watched": is_watched}
    with made.place.watched(layout) if is_watched else nullcontext():
        wait_for(lambda: made.place.status(layout) and _size_bytes(layout), "the job's first line")
        time.sleep(_BEFORE_S[is_watched])
        wire, spent, logged, began = made.carried(), _spent_s(home), rate * seconds, time.monotonic()
        size = _size_bytes(layout)
        time.sleep(seconds)
        row["seconds"] = took_s = time.monotonic() - began
        after = _spent_s(home)
        carried = {way: count - wire[way] for way, count in made.carried().items()}
        written = _size_bytes(layout) - size if is_watched else round(logged * _bytes_a_value(layout))
    if carried:
        tell_bytes(carried, written, row)
    tell_costs({what: after[what] - spent[what] for what in after}, {**row, "seconds": took_s})
    made.place.end(layout, seconds=seconds + 2 * _AROUND_S)


def _spent_s(home: Path) -> Mapping[str, float]:
    """Return the seconds of processor that what isn't the job has used until now."""
    kept, own = set(keepers(home)), os.getpid()
    found = {"keeper": sum(map(cpu_s, kept)), "beside the job": 0.0}
    for pid, command in processes():
        if "cellrun/core/" in command or "cellrun.core." in command:
            found["beside the job"] += 0.0 if pid in kept or pid == own else cpu_s(pid)
    return found


def _bytes_a_value(layout: RunLayout) -> float:
    events = sum(path.stat().st_size for path in layout.events.glob("*.jsonl"))
    lines = layout.log.read_bytes()
    return (events + len(lines)) / max(lines.count(b"\n"), 1)


def _size_bytes(layout: RunLayout) -> int:
    return sum(path.stat().st_size for path in (*layout.events.glob("*.jsonl"), layout.log) if path.exists())


def main() -> None:
    """Measure a job that is watched, one that isn't, and an idle one, on each engine."""
    made_parser = parser(__doc__)
    made_parser.add_argument("--seconds", type=float, default=60)
    made_parser.add_argument("--rate", type=float, default=10)
    asked = made_parser.parse_args()
    for kind in asked.engine:
        with kit.working_folder() as folder, cluster(kind, folder) as made:
            made.place.end(made.place.submit("print('warm')"))
            measure(made, folder / "home", asked.rate, asked.seconds, is_watched=True)
            measure(made, folder / "home", asked.rate, asked.seconds, is_watched=False)
            measure(made, folder / "home", 0, asked.seconds, is_watched=False)


if __name__ == "__main__":
    kit.start(main)
