"""What a list costs of which hundreds of runs wait for an engine elsewhere.

Reference: the same list, of runs that have ended. All is processor time of one process. `page` is the list's first page
as the panel asks for it, the index included; `look` is what a server that shows it asks twice a second, nothing having
changed; `places` is when each run that waits has another number of runs before it, as where one of a queue has begun:
all rows are told again, every five seconds at most.

    python -m bench.many_waiting --runs 200
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from bench import kit
from bench.list_runs import fill
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.store.lists.index import Index
from cellrun.core.store.record import RunTarget
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.targets.keeper.kept_state import KeptState
from cellrun.core.targets.keeper.waiting_elsewhere import WAITING_ELSEWHERE
from cellrun.server.rows import row_json

PAGE = 50


def workspace(folder: Path, runs: int, *, wait: bool) -> WorkspaceLayout:
    """Make a workspace of so many runs that have ended, or that wait elsewhere."""
    made = WorkspaceLayout(folder)
    fill(str(folder), str(runs))
    (folder / "workspace.json").write_text('{"version": 1, "id": "bench", "name": "bench"}')
    for name in os.listdir(made.runs) if wait else ():  # noqa: PTH208  # names alone
        layout = made.run(name)
        record = json.loads(layout.record.read_bytes())
        layout.record.write_text(json.dumps({**record, "target": "cluster"}))
        RunTarget("cluster", "bench", shares_processes=False).write(layout)
        for n in (1, 2):
            (layout.statuses / f"{n}.json").unlink()
        StatusFile(layout).change(Status.QUEUED, there=1)
    return made


class Shown:
    """The list of a workspace as a server holds it."""

    def __init__(self, made: WorkspaceLayout) -> None:
        self._workspace = made
        self._index = Index(made)
        self._index.refresh()
        self._point = self._index.changed().point
        self._round = 0

    def page(self) -> None:
        """Answer with the first page."""
        json.dumps([row_json(row, ["*"]) for row in self._index.page(limit=PAGE).rows])

    def look(self) -> None:
        """Ask what has changed."""
        self._index.changed(self._point)

    def places(self) -> None:
        """Tell all that wait again, each with another place."""
        self._round += 1
        ids = [row.id for row in self._index.runs(status=[Status.QUEUED.value])]
        waiting = {run_id: f"{place + self._round} before it" for place, run_id in enumerate(ids)}
        WAITING_ELSEWHERE.take(self._workspace.folder, {"cluster": KeptState(waiting=waiting)})
        json.dumps([row_json(row, ["*"]) for row in self._index.runs(status=[Status.QUEUED.value])])


def main() -> None:
    """Measure both lists in turns."""
    parser = kit.parser(__doc__, rounds=51)
    parser.add_argument("--runs", type=int, default=200)
    options = parser.parse_args()
    with kit.working_folder() as folder:
        shown = {
            name: Shown(workspace(folder / name, options.runs, wait=name == "waiting")) for name in ("waiting", "ended")
        }
        shown["waiting"].places()
        for what in ("page", "look"):
            took = kit.take_turns(shown, options.rounds, lambda name, _, what=what: _ms(getattr(shown[name], what)))  # type: ignore[misc]
            kit.emit_pairs(took["waiting"], took["ended"], what=f"{what}, ms", runs=options.runs)
        places = [_ms(shown["waiting"].places) for _ in range(options.rounds)]
        kit.emit(what="places, ms", cellrun=statistics.median(places), runs=options.runs, rounds=options.rounds)


def _ms(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1000


if __name__ == "__main__":
    kit.start(main)
