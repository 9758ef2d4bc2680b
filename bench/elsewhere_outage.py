"""What is lost and what is doubled when the wire to a machine elsewhere is cut for minutes while two runs log.

Reference: what each job says it had logged, written after each call returned. The wire is cut for `--minutes` (all
connections end, new ones are refused), and mended; then the jobs end, and all is to be home, each event once and in
order: metrics and lines of the log. `--hang` lets the wire hang instead, as a laptop that sleeps sees it.

    python -m bench.elsewhere_outage --minutes 10
"""

from __future__ import annotations

import time

from bench import kit
from bench.elsewhere import Elsewhere, elsewhere, values_of, wait_for
from cellrun.core.layout import RunLayout
from cellrun.core.store.status import StatusFile

JOB = """
import os, sys, time
from pathlib import Path
from cellrun.core import Run
run, rate, enough = Run.get_context(), float(sys.argv[1]), Path.home() / 'enough'
returned = os.open(Path.home() / f'returned-{sys.argv[2]}', os.O_WRONLY | os.O_CREAT)
number, began = 0, time.monotonic()
while number % 50 or not enough.exists():
    run.log('number', number)
    number += 1
    os.pwrite(returned, b'%20d' % number, 0)
    if not number % 10:
        print('line', number, flush=True)
    if (early_s := began + number / rate - time.monotonic()) > 0:
        time.sleep(early_s)
"""
RUNS = 2
AROUND_S = 10


def returned(place: Elsewhere, number: int) -> int:
    """Return how many calls of a job have returned."""
    path = place.box.home / f"returned-{number}"
    return int(path.read_bytes() or b"0") if path.exists() else 0


def at_home(layouts: list[RunLayout]) -> int:
    """Return how many events are here."""
    return sum(len(values_of(layout, "number")) for layout in layouts)


def account(place: Elsewhere, layouts: list[RunLayout]) -> None:
    """Print what is here against what returned there."""
    for number, layout in enumerate(layouts):
        values, count = values_of(layout, "number"), returned(place, number)
        lines = [int(line.split()[1]) for line in layout.log.read_text().splitlines() if line.startswith("line")]
        kit.emit(
            what="outage",
            run=number,
            returned=count,
            here=len(values),
            lost=len(set(range(count)) - set(map(int, values))),
            doubled=len(values) - len(set(values)),
            in_order=values == sorted(values),
            lines=len(lines),
            lines_lost=len(set(range(10, count + 1, 10)) - set(lines)),
            lines_doubled=len(lines) - len(set(lines)),
            said=[one.status.word for one in StatusFile(layout).history()],
        )


def main() -> None:
    """Log, cut, mend, end, count."""
    parser = kit.parser(__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=float, default=500, help="events a second of each run")
    parser.add_argument("--hang", action="store_true")
    options = parser.parse_args()
    with kit.working_folder() as folder, elsewhere(folder) as place:
        layouts = [place.submit(JOB, str(options.rate), str(number)) for number in range(RUNS)]
        with place.watched(*layouts):
            wait_for(lambda: all(values_of(layout, "number") for layout in layouts), "events of each run")
            time.sleep(AROUND_S)
            wire = place.box.wire
            (wire.hang if options.hang else wire.cut)()
            time.sleep(options.minutes * 60)
            before = at_home(layouts)
            there = sum(returned(place, number) for number in range(RUNS))
            (wire.go_on if options.hang else wire.mend)()
            mended = time.monotonic()
            wait_for(lambda: at_home(layouts) > before, "the first event after the outage", 120)
            first_s = time.monotonic() - mended
            wait_for(lambda: at_home(layouts) >= there, "all that was logged meanwhile", 600)
            caught_up_s = time.monotonic() - mended
            time.sleep(AROUND_S)
            (place.box.home / "enough").touch()
            place.end(*layouts)
        kit.emit(what="after the outage", first_s=first_s, caught_up_s=caught_up_s, waited_for=there - before)
        account(place, layouts)


if __name__ == "__main__":
    kit.start(main)
