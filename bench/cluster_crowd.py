"""Hundreds of runs that one notebook submits to a cluster at once: what becomes of each, and how quick the list is.

Each run notes that it ran: all have to be Completed, and none may have run twice. While they wait, a page of the list
is read again and again; its reference is the same page once all have ended.

    python -m bench.cluster_crowd --engine ray --runs 200
"""

from __future__ import annotations

import time
from collections import Counter

from bench import kit
from bench.cluster import cluster, parser
from bench.elsewhere import Elsewhere, values_of
from cellrun.core.layout import RunLayout
from cellrun.core.store.lists.index import Index
from cellrun.core.store.status import Status, StatusFile

JOB = """
from cellrun.core import Run
Run.get_context().log('ran', 1)
print('done')
"""
_LOOK_S = 0.5
_PAGE = 50


def page_s(place: Elsewhere) -> float:
    """Return how long a page of the list takes."""
    began = time.perf_counter()
    Index(place.workspace.layout).runs(limit=_PAGE)
    return time.perf_counter() - began


def report(layouts: list[RunLayout], **row: object) -> None:
    """Print how many are Completed, and how many ran not once."""
    ran = Counter(layout.run_id for layout in layouts for _ in values_of(layout, "ran"))
    kit.emit(
        what="crowd",
        **row,
        runs=len(layouts),
        completed=sum(StatusFile(layout).read().status is Status.COMPLETED for layout in layouts),
        ran_twice=sum(count > 1 for count in ran.values()),
        never_ran=sum(layout.run_id not in ran for layout in layouts),
        log_missing=sum(not layout.log.exists() or layout.log.read_text() != "done\n" for layout in layouts),
    )


def main() -> None:
    """Submit a crowd to each engine."""
    made_parser = parser(__doc__)
    made_parser.add_argument("--runs", type=int, default=100)
    asked = made_parser.parse_args()
    for kind in asked.engine:
        with kit.working_folder() as folder, cluster(kind, folder) as made:
            began, place = time.monotonic(), made.place
            layouts = [place.submit(JOB) for _ in range(asked.runs)]
            submitted_s = time.monotonic() - began
            waiting: list[float] = []
            while not all(one.status.is_terminal for one in place.status(*layouts)):
                waiting.append(page_s(place))
                time.sleep(_LOOK_S)
            took_s = time.monotonic() - began
            report(layouts, engine=kind, submitted_s=submitted_s, took_s=took_s)
            ended = [page_s(place) for _ in waiting]
            kit.emit_pairs(waiting, ended, what=f"a page of {_PAGE} while runs wait, s", engine=kind)


if __name__ == "__main__":
    kit.start(main)
