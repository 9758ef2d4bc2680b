"""What a log call costs, and how many a second one process makes, beside the floor of the same line.

Each round measures the floor and `Run` in turns, each in a fresh process; ratios are medians over the rounds' pairs.
What was logged is counted afterwards by a reader. `sustained` is a loop without clocks in it.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

import kit
from floor import FloorLogger

KINDS = {"log": 50_000, "log_row of 3": 30_000, "log_list of 1000": 1_500, "sustained": 400_000}
MEASURES = ("p50_us", "p99_us", "per_second")


def calls(logger, kind):
    """Return a function of the step that makes one call of a kind."""
    values = [step * 0.1 for step in range(1000)]
    return {
        "log": lambda step: logger.log("loss", step * 0.1),
        "sustained": lambda step: logger.log("loss", step * 0.1),
        "log_row of 3": lambda step: logger.log_row("sine", x=step, y=step * 0.1, z=step * 0.3),
        "log_list of 1000": lambda _: logger.log_list("list", values),
    }[kind]


def job(subject, kind, folder):
    """Make the calls of one kind; return times and what a reader finds."""
    logger = FloorLogger(folder) if subject == "floor" else kit.new_run(folder)
    call, count = calls(logger, kind), KINDS[kind]
    for step in range(100):  # the first one opens files
        call(step)
    took_ns = []
    clock = time.perf_counter_ns
    started = clock()
    if kind == "sustained":
        for step in range(count):
            call(step)
    else:
        for step in range(count):
            before = clock()
            call(step)
            took_ns.append(clock() - before)
    seconds = (clock() - started) / 1e9
    (logger.close if subject == "floor" else logger.complete)()
    files = folder.glob("home/**/events/*.jsonl") if subject == "run" else [folder / "events.jsonl"]
    found = sum(b'"n":' in line for path in files for line in path.read_bytes().splitlines())
    assert found == count + 100, f"{subject} {kind}: {found} of {count + 100} events are readable"
    return {
        "p50_us": kit.percentile(took_ns, 0.5) / 1000 if took_ns else 0,
        "p99_us": kit.percentile(took_ns, 0.99) / 1000 if took_ns else 0,
        "per_second": count / seconds,
    }


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=7)
    rounds = options.parse_args().rounds
    with kit.working_folder() as folder:
        for kind in KINDS:
            took = {"floor": [], "run": []}
            for number in range(rounds):
                for subject, rows in took.items():
                    own = folder / f"{subject}-{kind}-{number}".replace(" ", "-")
                    own.mkdir()
                    rows.append(kit.ask_child(__file__, subject, kind, own))
            for measure in MEASURES[2:] if kind == "sustained" else MEASURES[:2]:
                ours, floors = ([row[measure] for row in took[subject]] for subject in ("run", "floor"))
                kit.emit(
                    what=kind,
                    measure=measure,
                    run=statistics.median(ours),
                    floor=statistics.median(floors),
                    ratio=kit.pair_ratio(ours, floors),
                    rounds=rounds,
                    load=kit.load(),
                )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        import os

        subject, kind, own = sys.argv[2:]
        os.environ["CELLRUN_HOME"] = f"{own}/home"
        print(json.dumps(job(subject, kind, Path(own))))
    else:
        main()
