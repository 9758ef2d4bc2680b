"""Reading one metric: all of it at first sight, then ten new points, beside the floor's reader on the floor's lines.

For each size a fresh process per reader, in turns; what is read is counted and compared. Memory is the growth of the
process's peak while it reads everything.
"""

import argparse
import json
import resource
import statistics
import sys
import time
from pathlib import Path

import kit
from floor import FloorLogger, FloorReader

NEW = 10


def fill(folder, points):
    """Write the same points as a run and as the floor does."""
    run, floor = kit.new_run(folder), FloorLogger(folder)
    for step in range(points):
        run.log("loss", step * 0.1)
        floor.log("loss", step * 0.1)
    run.complete()
    floor.close()


class StoreReader:
    """The run's metrics, read as the views do."""

    def __init__(self, folder):
        from cellrun.core.store.layout import RunLayout
        from cellrun.core.store.metrics import Metrics
        from cellrun.core.store.reader import EventReader

        (run_folder,) = folder.glob("home/workspaces/default/runs/*")
        self.layout = RunLayout(run_folder)
        self.metrics = Metrics(EventReader(self.layout))

    def read(self):
        self.metrics.update()
        return self.metrics.metrics["loss"].rows

    def sum(self):
        return sum(self.metrics.metrics["loss"].columns["loss"].numbers())

    def append(self, first):
        """Add points to the writer's own file, as the writer would."""
        from cellrun.core.store.event_line import seal

        (path,) = self.layout.events.iterdir()
        with path.open("ab") as file:
            for step in range(first, first + NEW):
                body = f'{{"w":"{path.stem}","s":{step},"t":{time.time()!r},"k":"log","n":"loss","v":{step * 0.1!r}}}'
                file.write(seal(body.encode()))


class FloorPoints(FloorReader):
    """The floor's reader, with the same questions."""

    def sum(self):
        return sum(value for _, value in self.points)

    def append(self, first):
        logger = FloorLogger(self.path.parent)
        for step in range(first, first + NEW):
            logger.log("loss", step * 0.1)
        logger.close()


def job(subject, folder, points, repeats):
    """Read all, then what is new some times over."""
    reader = StoreReader(folder) if subject == "run" else FloorPoints(folder)
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    rows = reader.read()
    whole_s = time.perf_counter() - started
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb
    assert rows == points, f"{subject}: {rows} of {points} points"
    assert reader.sum() == sum(step * 0.1 for step in range(points))
    new_ms = []
    for _ in range(repeats):
        reader.append(rows)
        rows += NEW
        started = time.perf_counter()
        found = reader.read()
        new_ms.append((time.perf_counter() - started) * 1000)
        assert found == rows, f"{subject}: {found} of {rows} points"
    return {"whole_s": whole_s, "new_10_ms": statistics.median(new_ms), "whole_mb": grown_kb / 1024, "rows": rows}


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--points", type=int, nargs="*", default=[1_000, 10_000, 100_000, 1_000_000])
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--repeats", type=int, default=51)
    options = options.parse_args()
    with kit.working_folder() as folder:
        first_new_ms = None
        for points in options.points:
            took = {"floor": [], "run": []}
            for number in range(options.rounds):
                own = folder / f"{points}-{number}"
                own.mkdir()
                kit.ask_child(__file__, "fill", own, points, 0)
                for subject, rows in took.items():
                    rows.append(kit.ask_child(__file__, subject, own, points, options.repeats))
            for measure in ("whole_s", "new_10_ms", "whole_mb"):
                ours, floors = ([row[measure] for row in took[subject]] for subject in ("run", "floor"))
                row = {"run": statistics.median(ours), "floor": statistics.median(floors)}
                if measure != "whole_mb":
                    row["ratio"] = kit.pair_ratio(ours, floors)
                if measure == "new_10_ms":
                    first_new_ms = first_new_ms or row["run"]
                    row["ratio_to_first_size"] = row["run"] / first_new_ms
                kit.emit(what="read", points=points, measure=measure, **row, rounds=options.rounds, load=kit.load())


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        import os

        subject, own, points, repeats = sys.argv[2:]
        os.environ["CELLRUN_HOME"] = f"{own}/home"
        if subject == "fill":
            fill(Path(own), int(points))
            print("{}")
        else:
            print(json.dumps(job(subject, Path(own), int(points), int(repeats))))
    else:
        main()
