"""How many log calls that had returned are lost when the process is killed.

Reference: the job's own count of its returned calls, in a memory map that outlives it; found_share 1 is no loss. The
job is SIGKILLed at a random moment; then the store's own reader counts what is there, each once and in order. Two
paces: flat out, and an ordinary training loop's. The floor (floor.py) has one turn in ten.

    python -m bench.kill_loss --kills 400 --slow-kills 100
"""

from __future__ import annotations

import mmap
import random
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

from bench import kit
from bench.floor import FloorLogger, FloorReader
from cellrun.core.store.events.metrics import Metrics
from cellrun.core.store.events.reader import EventReader


class Counter:
    """A number in a file that two processes map."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(8))
        with path.open("r+b") as file:
            self._map = memoryview(mmap.mmap(file.fileno(), 8)).cast("q")

    def set(self, value: int) -> None:
        """Change the number, in one store: struct would write zeros first, and a kill may come between."""
        self._map[0] = value

    def get(self) -> int:
        """Return the number."""
        return self._map[0]


def job(subject: str, name: str, rate_text: str) -> dict[str, Any]:
    """Log at a rate (0: as fast as possible), counting each call after it has returned, until killed."""
    folder, rate = Path(name), float(rate_text)
    counter = Counter(folder / "returned")
    logger = kit.new_run(folder) if subject == "cellrun" else FloorLogger(folder)
    started, step = time.perf_counter(), 0
    while True:
        if rate and (wait_s := started + step / rate - time.perf_counter()) > 0:
            time.sleep(wait_s)
        logger.log("loss", step)
        step += 1
        counter.set(step)


def found(subject: str, folder: Path) -> tuple[list[Any], int]:
    """Return the values that a reader finds, and how many torn or damaged records it tells of."""
    if subject == "floor":
        floor = FloorReader(folder)
        floor.read()
        return [value for _, value in floor.points], 0
    reader = EventReader(kit.the_run(folder))
    metrics = Metrics(reader)
    metrics.update()
    return metrics.metrics["loss"].columns["loss"].values(), len(reader.damage) + len(reader.torn())


def kill_one(subject: str, folder: Path, rate: int, after_s: float) -> dict[str, int]:
    """Kill one job; return what had returned, what is lost, and the damage told."""
    folder.mkdir()
    counter = Counter(folder / "returned")
    command = kit.child_command(__file__, subject, folder, rate)
    child = subprocess.Popen(command, env=kit.child_environment(), cwd=kit.ROOT)
    while not counter.get():
        assert child.poll() is None, f"the job in {folder} ended by itself"
        time.sleep(0.002)
    time.sleep(after_s)
    child.kill()
    child.wait()
    values, torn = found(subject, folder)
    assert values == list(range(len(values))), f"{folder}: not each once and in order"
    shutil.rmtree(folder, ignore_errors=True)  # what records its surroundings may be writing still
    return {"returned": counter.get(), "lost": max(0, counter.get() - len(values)), "torn": torn}


def report(subject: str, rate: int, kills: list[dict[str, int]]) -> None:
    """Print what became of one subject's calls at one rate."""
    returned, lost, torn = (sum(row[key] for row in kills) for key in ("returned", "lost", "torn"))
    kit.emit(
        what=subject,
        calls_per_s=rate or "flat out",
        kills=len(kills),
        returned=returned,
        lost=lost,
        found_share=1 - lost / returned,
        torn=torn,
        torn_most_in_one=max(row["torn"] for row in kills),
    )


def main() -> None:
    """Kill at one pace, then at the other."""
    parser = kit.parser(__doc__)
    parser.add_argument("--kills", type=int, default=400, help="flat out")
    parser.add_argument("--slow-kills", type=int, default=100, help="at 100 calls a second")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    dice = random.Random(options.seed)
    with kit.working_folder() as folder:
        for rate, kills in ((0, options.kills), (100, options.slow_kills)):
            rows: dict[str, list[dict[str, int]]] = {"cellrun": [], "floor": []}
            for number in range(kills):
                for subject in ("cellrun", "floor")[: 1 if number % 10 else 2]:
                    rows[subject].append(kill_one(subject, folder / f"{number}", rate, dice.uniform(0, 0.2)))
            for subject, results in rows.items() if kills else ():
                report(subject, rate, results)


if __name__ == "__main__":
    kit.start(main, job)
