"""How long it is from the call that submits to the first line of a user's script, here, on a cluster that is idle.

Reference: the engine's own command with the same file: `sbatch`, `ray job submit`. Ours has its keeper there already,
and somebody watches; the two take turns.

    python -m bench.cluster_start --engine slurm --rounds 10
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench import kit
from bench.cluster import Cluster, cluster, parser
from bench.elsewhere import wait_for

LINE = "print('line', flush=True)\n"


def by_cellrun(made: Cluster) -> float:
    """Submit, and read the run's log while somebody watches; return the seconds."""
    called = time.monotonic()
    layout = made.place.submit(LINE)
    with made.place.watched(layout):
        wait_for(lambda: layout.log.exists() and layout.log.read_bytes().startswith(b"line\n"), "the line")
        took_s = time.monotonic() - called
    made.place.end(layout)
    return took_s


def by_engine(made: Cluster, folder: Path) -> float:
    """Start the same file by the engine's own command; return the seconds."""
    script = folder / "bare.py"
    script.write_text(LINE)
    called = time.monotonic()
    return made.bare(script) - called


def measured(made: Cluster, folder: Path, rounds: int) -> dict[str, list[float]]:
    """Return how long each way takes, in seconds, by round."""
    ways: dict[str, Callable[[], float]] = {
        "bare": partial(by_engine, made, folder),
        "cellrun": partial(by_cellrun, made),
    }
    return kit.take_turns(ways, rounds, lambda way, _: ways[way]())


def main() -> None:
    """Measure each engine."""
    asked = parser(__doc__, rounds=10).parse_args()
    for kind in asked.engine:
        with kit.working_folder() as folder, cluster(kind, folder) as made:
            took = measured(made, folder, asked.rounds + 1)
            kit.emit_pairs(took["cellrun"][1:], took["bare"][1:], what="first line is here, s", engine=kind)


if __name__ == "__main__":
    kit.start(main)
