"""What the first page of a list of runs costs, and making the index again, with 10 to 100,000 runs.

Reference of a page: one SELECT of 50 rows and one of their number, from a table of the rows alone. Reference of making
the index again: one status file of each run read, one INSERT. A warm page is asked for again and again in one process,
a cold one is the first in a fresh process. Each answer is counted. Last, the same page over HTTP as the panel asks for
it, from a Jupyter Server that was started for it; there the reference is the server's shortest answer (who it is).

    python -m bench.list_runs --runs 10 1000 10000
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import statistics
import time
from collections.abc import Callable
from typing import Any

from bench import kit
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.places import cache_of
from cellrun.core.store.lists.index import Index
from cellrun.core.store.lists.index_file import INDEX
from tests.server.jupyter_process import Client, jupyter_process

PAGE = 50
EXPERIMENTS = 5
BEGUN_AT = 1_700_000_000
_FLOOR = """
CREATE TABLE run (id TEXT PRIMARY KEY, at REAL, status TEXT, row TEXT);
CREATE INDEX newest ON run (at DESC);
"""


def fill(name: str, runs_text: str) -> dict[str, Any]:
    """Write run folders as runs that have ended leave them, and the floor's table of them."""
    workspace = WorkspaceLayout(name)
    for experiment in range(EXPERIMENTS):
        workspace.experiment(f"e{experiment}").mkdir(parents=True)
    workspace.runs.mkdir(mode=0o700)
    workspace.changes.touch()
    for number in range(int(runs_text)):
        _write_run(workspace, number)
    return {}


def _write_run(workspace: WorkspaceLayout, number: int) -> None:
    experiment, at = f"e{number % EXPERIMENTS}", BEGUN_AT + number
    layout = workspace.run(f"{experiment}_{at}_{number:08x}")
    for folder in (layout.statuses, layout.events, layout.summaries):
        folder.mkdir(parents=True)
    record = {
        "experiment": experiment, "kind": "script", "id": layout.run_id, "name": f"{experiment}-{number}",
        "number": number, "created_at": float(at), "target": "local", "argv": ["python", "train.py", "--lr", "0.1"],
        "parameters": {"lr": "0.1", "momentum": "0.9", "epochs": "10"}, "tags": {"team": "red"}, "script": "train.py",
    }  # fmt: skip
    layout.record.write_text(json.dumps(record))
    for n, status in enumerate(("NotStarted", "Running", "Completed")):
        about = {"status": status, "at": at + 10.0 * n, "reason": None, "fields": {}, "started_at": at + 10.0}
        (layout.statuses / f"{n}.json").write_text(json.dumps(about))
    line = b"x" * 200
    (layout.events / "0a0a0a0a.jsonl").write_bytes(line)
    spark = [1 / (step + 1 + number % 7) for step in range(60)]
    metric = {"kind": "log", "count": 60, "at": at + 19.0, "spark": spark, "stride": 1}
    metrics = {each: {**metric, "last": {each: spark[-1]}} for each in ("loss", "accuracy")}
    summary = {"version": 1, "offset": len(line), "metrics": metrics, "tags": {}, "display_name": None}
    (layout.summaries / "0a0a0a0a.json").write_text(json.dumps(summary))


class StoreList:
    """The index of the workspace."""

    def __init__(self, workspace: WorkspaceLayout) -> None:
        self._index = Index(workspace)

    def page(self) -> tuple[int, int]:
        """Return how many rows are on the first page and on all."""
        page = self._index.page(limit=PAGE)
        return len(page.rows), page.total

    def early_page(self) -> tuple[int, int]:
        """Return the same while the index is being made."""
        page = self._index.page(limit=PAGE, within_s=0.25)
        return len(page.rows), page.total

    def make(self) -> None:
        """Make the index."""
        self._index.refresh()

    def look(self) -> None:
        """Ask what changed: nothing."""
        self._index.changed(self._index.changed().point)


class FloorList:
    """One table in a file."""

    def __init__(self, workspace: WorkspaceLayout) -> None:
        self._workspace = workspace
        self._base = sqlite3.connect(workspace.folder / "floor.db", isolation_level=None)

    def page(self) -> tuple[int, int]:
        """Return how many rows are on the first page and on all."""
        rows = self._base.execute("SELECT row FROM run ORDER BY at DESC LIMIT ?", (PAGE,)).fetchall()
        return len([json.loads(text) for (text,) in rows]), self._base.execute("SELECT count(*) FROM run").fetchone()[0]

    def make(self) -> None:
        """Make the table."""
        self._base.executescript(_FLOOR)
        self._base.execute("PRAGMA synchronous = OFF")
        self._base.execute("BEGIN")
        for name in os.listdir(self._workspace.runs):  # noqa: PTH208  # names alone
            status = json.loads((RunLayout(self._workspace.runs / name).statuses / "2.json").read_bytes())
            row = (name, status["at"], status["status"], json.dumps(status))
            self._base.execute("INSERT INTO run VALUES (?, ?, ?, ?)", row)
        self._base.execute("COMMIT")


def _ms(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def job(subject: str, name: str, runs_text: str, repeats_text: str = "1") -> dict[str, Any]:
    """Make it again, with a first page meanwhile; or ask for pages, the first one cold."""
    if subject == "fill":
        return fill(name, runs_text)
    workspace, runs = WorkspaceLayout(name), int(runs_text)
    kind, _, what = subject.partition(" ")
    listed = StoreList(workspace) if kind == "cellrun" else FloorList(workspace)
    found = {}
    if what == "make":
        if isinstance(listed, StoreList):
            found["early_page_ms"] = _ms(lambda: _check(listed.early_page(), runs, is_early=True))
        return {**found, "make_ms": found.get("early_page_ms", 0.0) + _ms(listed.make)}
    found["cold_page_ms"] = _ms(lambda: _check(listed.page(), runs))
    repeats = range(int(repeats_text))
    found["warm_page_ms"] = statistics.median(_ms(lambda: _check(listed.page(), runs)) for _ in repeats)
    if isinstance(listed, StoreList):
        found["look_ms"] = statistics.median(_ms(listed.look) for _ in repeats) / 2
    return found


def _check(found: tuple[int, int], runs: int, *, is_early: bool = False) -> None:
    assert found[0] == min(PAGE, runs), f"{found[0]} rows on the first page"
    assert found[1] == runs or is_early, f"{found[1]} of {runs} runs"


def ask_server(workspace: WorkspaceLayout, runs: int, repeats: int) -> dict[str, float]:
    """Start a server that serves a workspace, and ask it for the first page: at first, and again and again."""
    folder = workspace.folder.with_name(f"{workspace.folder.name}-server")
    folder.mkdir()
    (folder / "home" / "workspaces").mkdir(parents=True)
    served = workspace.folder.rename(folder / "home" / "workspaces" / "default")
    (served / "workspace.json").write_text(json.dumps({"version": 1, "id": "bench", "name": "default"}))
    with jupyter_process(folder) as running:
        client = Client(running)

        def page() -> None:
            answer = client.get("workspaces/default/runs", limit=PAGE, spark="*")
            _check((len(answer["runs"]), answer["total"]), runs)

        client.get("")  # a server that has been asked something
        client.get("")
        found = {"http_cold_ms": _ms(page)}
        pairs = [(_ms(page), _ms(lambda: client.get(""))) for _ in range(repeats)]
    found["http_warm_ms"] = statistics.median(pair[0] for pair in pairs)
    found["http_least_ms"] = statistics.median(pair[1] for pair in pairs)
    served.rename(workspace.folder)
    shutil.rmtree(folder)
    return found


def main() -> None:
    """Measure one size after the other."""
    parser = kit.parser(__doc__, rounds=3)
    parser.add_argument("--runs", type=int, nargs="*", default=[10, 1_000, 10_000, 100_000])
    parser.add_argument("--repeats", type=int, default=101, help="times that a warm page is asked for")
    options = parser.parse_args()
    with kit.working_folder() as folder:
        for runs in options.runs:
            own = WorkspaceLayout(folder / str(runs))
            kit.ask_child(__file__, "fill", own.folder, runs)

            def make(subject: str, _: int, own: WorkspaceLayout = own, runs: int = runs) -> dict[str, float]:
                for file in (cache_of(own) / INDEX, own.folder / "floor.db"):
                    if (file.name == INDEX) == subject.startswith("cellrun"):
                        file.unlink(missing_ok=True)
                made: dict[str, float] = kit.ask_child(__file__, f"{subject} make", own.folder, runs)
                asked: dict[str, float] = kit.ask_child(__file__, f"{subject} ask", own.folder, runs, options.repeats)
                return made | asked

            rows = kit.take_turns(("floor", "cellrun"), options.rounds, make)
            for what in ("cold_page_ms", "warm_page_ms", "make_ms"):
                ours, floors = ([row[what] for row in rows[name]] for name in ("cellrun", "floor"))
                kit.emit_pairs(ours, floors, what="list", runs=runs, unit=what)
            for what in ("early_page_ms", "look_ms"):
                ours = [row[what] for row in rows["cellrun"]]
                kit.emit(what="list", runs=runs, unit=what, cellrun=statistics.median(ours), rounds=options.rounds)
            served = [ask_server(own, runs, options.repeats) for _ in range(options.rounds)]
            least = [row["http_least_ms"] for row in served]
            for what in ("http_cold_ms", "http_warm_ms"):
                kit.emit_pairs([row[what] for row in served], least, what="list", runs=runs, unit=what)


if __name__ == "__main__":
    kit.start(main, job)
