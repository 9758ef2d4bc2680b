"""What a log call costs, and how many a second one process makes.

Reference: the floor of the same line (floor.py). Each round measures both, each in a fresh process; what was logged is
counted afterwards. `sustained` is a loop without clocks in it.

    python -m bench.log_cost --rounds 7
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import kit
from bench.floor import EVENTS, FloorLogger
from cellrun.core import Run

CALLS = {"log": 50_000, "log_row of 3": 30_000, "log_list of 1000": 1_500, "sustained": 400_000}
WARM_UP = 100  # the first calls open files


def calls(logger: Run | FloorLogger, kind: str) -> Callable[[int], None]:
    """Return what makes one call of a kind, given the step."""
    values = [step * 0.1 for step in range(1000)]
    makes: dict[str, Callable[[int], None]] = {
        "log": lambda step: logger.log("loss", step * 0.1),
        "log_row of 3": lambda step: logger.log_row("sine", x=step, y=step * 0.1, z=step * 0.3),
        "log_list of 1000": lambda _: logger.log_list("list", values),
    }
    return makes["log" if kind == "sustained" else kind]


def sustained(call: Callable[[int], None], count: int) -> dict[str, float]:
    """Return the calls a second."""
    started = time.perf_counter()
    for step in range(count):
        call(step)
    return {"per_second": count / (time.perf_counter() - started)}


def each(call: Callable[[int], None], count: int) -> dict[str, float]:
    """Return what one call takes."""
    took_us = []
    clock = time.perf_counter_ns
    for step in range(count):
        before = clock()
        call(step)
        took_us.append((clock() - before) / 1000)
    return {"p50_us": kit.percentile(took_us, 0.5), "p99_us": kit.percentile(took_us, 0.99)}


def job(subject: str, kind: str, folder: str) -> dict[str, Any]:
    """Make the calls of one kind and see that a reader finds them."""
    logger = kit.new_run(Path(folder)) if subject == "cellrun" else FloorLogger(Path(folder))
    call, count = calls(logger, kind), CALLS[kind]
    for step in range(WARM_UP):
        call(step)
    took = (sustained if kind == "sustained" else each)(call, count)
    logger.complete()
    files = [*Path(folder).glob("home/**/events/*.jsonl"), *Path(folder).glob(EVENTS)]
    found = sum(b'"n":' in line for path in files for line in path.read_bytes().splitlines())
    assert found == count + WARM_UP, f"{subject} {kind}: {found} of {count + WARM_UP} events are readable"
    return took


def main() -> None:
    """Measure one kind of call after the other."""
    rounds = kit.parser(__doc__, rounds=7).parse_args().rounds
    with kit.working_folder() as folder:
        for kind in CALLS:

            def measure(subject: str, number: int, kind: str = kind) -> dict[str, float]:
                own = folder / f"{subject}-{kind}-{number}".replace(" ", "-")
                own.mkdir()
                took: dict[str, float] = kit.ask_child(__file__, subject, kind, own)
                return took

            took = kit.take_turns(("floor", "cellrun"), rounds, measure)
            for unit in took["floor"][0]:
                ours, floors = ([row[unit] for row in took[name]] for name in ("cellrun", "floor"))
                kit.emit_pairs(ours, floors, what=kind, unit=unit)


if __name__ == "__main__":
    kit.start(main, job)
