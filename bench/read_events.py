"""What it takes to read a metric: all of it at first sight, then ten new points; and as a chart asks for it.

Reference: the floor's reader on the floor's lines (floor.py). Each round reads with both, each in a fresh process; what
is read is counted and compared. Memory is how far the process's peak grows while it reads everything. A chart's answer
is 2,000 points as JSON: the first one ever, which keeps columns of a long log; a fresh process's that finds them; and
the next ones of that process.

    python -m bench.read_events --rounds 3
"""

from __future__ import annotations

import resource
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from bench import kit
from bench.floor import FloorLogger, FloorReader
from cellrun.core.live.downsample import thin
from cellrun.core.live.metric_window import window
from cellrun.core.store.events.event_line import seal
from cellrun.core.store.events.metrics import Metrics
from cellrun.core.store.events.metrics_cache import MetricsCache
from cellrun.core.store.events.reader import EventReader

NEW = 10
CHART_POINTS = 2000


class StoreReader:
    """The run's metrics, read as the views do."""

    def __init__(self, folder: Path) -> None:
        self._layout = kit.the_run(folder)
        self._metrics = Metrics(EventReader(self._layout))

    def read(self) -> int:
        """Read what is new; return how many points are known."""
        self._metrics.update()
        return self._metrics.metrics["loss"].rows

    def total(self) -> float:
        """Return the sum of all values."""
        return sum(self._metrics.metrics["loss"].columns["loss"].numbers())

    def append(self, first: int) -> None:
        """Add points to the writer's own file, as the writer would."""
        (path,) = self._layout.events.iterdir()
        with path.open("ab") as file:
            for step in range(first, first + NEW):
                body = f'{{"w":"{path.stem}","s":{step},"t":{time.time()!r},"k":"log","n":"loss","v":{step * 0.1!r}}}'
                file.write(seal(body.encode()))


class FloorPoints(FloorReader):
    """The floor's reader, with the same questions."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._folder = folder

    def total(self) -> float:
        """Return the sum of all values."""
        return sum(value for _, value in self.points)

    def append(self, first: int) -> None:
        """Add points."""
        logger = FloorLogger(self._folder)
        for step in range(first, first + NEW):
            logger.log("loss", step * 0.1)
        logger.complete()


def fill(folder: Path, points: int) -> dict[str, Any]:
    """Write the same points as a run and as the floor does."""
    loggers = kit.new_run(folder), FloorLogger(folder)
    for logger in loggers:
        for step in range(points):
            logger.log("loss", step * 0.1)
        logger.complete()
    return {}


def chart(folder: Path, points: int, repeats: int) -> dict[str, Any]:
    """Answer a chart, and answer it again."""
    layout, cache = kit.the_run(folder), MetricsCache()
    thin([np.zeros(100)], 10)  # its libraries are loaded, as in a server

    def answer() -> float:
        started = time.perf_counter()
        with cache.open(layout) as metrics:
            part = window(metrics.metrics["loss"], points=CHART_POINTS)
        orjson.dumps(part)
        took_s = time.perf_counter() - started
        assert part["rows"] == points, f"{part['rows']} of {points} points"
        assert part["columns"][0]["values"][-1] == points - 1
        return took_s

    return {"first_s": answer(), "again_ms": statistics.median(answer() for _ in range(repeats)) * 1000}


def peak_mb() -> float:
    """Return the most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def job(subject: str, name: str, points_text: str, repeats: str) -> dict[str, Any]:
    """Read all, then what is new some times over."""
    folder, points = Path(name), int(points_text)
    if subject == "fill":
        return fill(folder, points)
    if subject == "chart":
        return chart(folder, points, int(repeats))
    reader = StoreReader(folder) if subject == "cellrun" else FloorPoints(folder)
    before_mb = peak_mb()
    started = time.perf_counter()
    rows = reader.read()
    found = {"whole_s": time.perf_counter() - started, "whole_mb": peak_mb() - before_mb}
    assert rows == points, f"{subject}: {rows} of {points} points"
    assert reader.total() == sum(step * 0.1 for step in range(points))
    new_ms = []
    for _ in range(int(repeats)):
        reader.append(rows)
        rows += NEW
        started = time.perf_counter()
        known = reader.read()
        new_ms.append((time.perf_counter() - started) * 1000)
        assert known == rows, f"{subject}: {known} of {rows} points"
    return {**found, "new_10_ms": statistics.median(new_ms)}


def main() -> None:
    """Measure one size after the other."""
    parser = kit.parser(__doc__, rounds=3)
    parser.add_argument("--points", type=int, nargs="*", default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--repeats", type=int, default=51, help="times that ten new points are read")
    options = parser.parse_args()
    with kit.working_folder() as folder:
        for points in options.points:

            def measure(subject: str, number: int, points: int = points) -> dict[str, float]:
                own = folder / f"{points}-{number}"
                if not own.exists():
                    own.mkdir()
                    kit.ask_child(__file__, "fill", own, points, 0)
                found: dict[str, float] = kit.ask_child(__file__, subject, own, points, options.repeats)
                if subject == "chart":
                    kept: dict[str, float] = kit.ask_child(__file__, subject, own, points, options.repeats)
                    return {
                        "chart_first_s": found["first_s"],
                        "chart_kept_s": kept["first_s"],
                        "chart_again_ms": kept["again_ms"],
                    }
                return found

            rows = kit.take_turns(("chart", "floor", "cellrun"), options.rounds, measure)
            for unit in ("chart_first_s", "chart_kept_s"):
                ours, floors = [row[unit] for row in rows["chart"]], [row["whole_s"] for row in rows["floor"]]
                kit.emit_pairs(ours, floors, what="read", points=points, unit=unit)
            again_ms = statistics.median(row["chart_again_ms"] for row in rows["chart"])
            kit.emit(what="read", points=points, unit="chart_again_ms", cellrun=again_ms, rounds=options.rounds)
            for unit in ("whole_s", "new_10_ms"):
                ours, floors = ([row[unit] for row in rows[name]] for name in ("cellrun", "floor"))
                kit.emit_pairs(ours, floors, what="read", points=points, unit=unit)
            ours, floors = ([row["whole_mb"] for row in rows[name]] for name in ("cellrun", "floor"))
            # small sizes grow nothing: no ratio of theirs says anything
            kit.emit(
                what="read",
                points=points,
                unit="whole_mb",
                cellrun=statistics.median(ours),
                reference=statistics.median(floors),
                rounds=options.rounds,
            )


if __name__ == "__main__":
    kit.start(main, job)
