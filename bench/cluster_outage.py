"""What runs on a cluster lose, and what comes twice, while its engine can't be reached for minutes; and how late it is.

Reference: how many values each job logs, which is known beforehand as it has to be Completed. `live` is how old a value
is when it is here, before the outage, while somebody watches. Then nobody reaches the engine for `--minutes`.

    python -m bench.cluster_outage --engine slurm --minutes 10
"""

from __future__ import annotations

import time

from bench import kit
from bench.cluster import cluster, parser
from bench.elsewhere import values_of, wait_for
from cellrun.core.layout import RunLayout

JOB = """
import sys, time
from cellrun.core import Run
run, rate, count = Run.get_context(), float(sys.argv[1]), int(sys.argv[2])
began = time.monotonic()
for number in range(count):
    run.log('number', number)
    run.log('at', time.time())
    if (early_s := began + number / rate - time.monotonic()) > 0:
        time.sleep(early_s)
"""
RUNS = 2
_AROUND_S = 20
_LOOK_S = 0.02


def ages_s(layout: RunLayout, seconds: float) -> list[float]:
    """Return how old each value of a run was when it was here."""
    seen, found = len(values_of(layout, "at")), []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        values = values_of(layout, "at")
        found += [time.time() - at for at in values[seen:]]
        seen = len(values)
        time.sleep(_LOOK_S)
    return found


def account(layout: RunLayout, count: int, engine: str) -> None:
    """Print what is here against what was logged there."""
    values = values_of(layout, "number")
    kit.emit(
        what="outage",
        engine=engine,
        logged=count,
        here=len(values),
        lost=len(set(range(count)) - set(map(int, values))),
        doubled=len(values) - len(set(values)),
        in_order=values == sorted(values),
    )


def main() -> None:
    """Log, cut, mend, end, count, on each engine."""
    made_parser = parser(__doc__)
    made_parser.add_argument("--minutes", type=float, default=10)
    made_parser.add_argument("--rate", type=float, default=100, help="values a second of each run")
    asked = made_parser.parse_args()
    count = int(asked.rate * (60 * asked.minutes + 3 * _AROUND_S))
    for kind in asked.engine:
        with kit.working_folder() as folder, cluster(kind, folder) as made:
            layouts = [made.place.submit(JOB, str(asked.rate), str(count)) for _ in range(RUNS)]
            with made.place.watched(*layouts):
                wait_for(lambda layouts=layouts: all(values_of(one, "at") for one in layouts), "values")  # type: ignore[misc]
                ages = ages_s(layouts[0], _AROUND_S)
                kit.emit(what="live, s", engine=kind, p50=kit.percentile(ages, 0.5), p95=kit.percentile(ages, 0.95))
                made.cut()
                time.sleep(asked.minutes * 60)
                made.mend()
                made.place.end(*layouts, seconds=900)
            for layout in layouts:
                account(layout, count, kind)


if __name__ == "__main__":
    kit.start(main)
