"""`%runs`: the runs of the workspace, newest first."""

from __future__ import annotations

import time
from collections.abc import Sequence

from IPython.display import display

from cellrun.core.resources import elapsed_text
from cellrun.core.store.lists.asked_statuses import asked_statuses
from cellrun.core.store.lists.index import Index, RunRow
from cellrun.core.store.status import Status
from cellrun.core.targets.keeper.tending import tend
from cellrun.core.workspace import Workspace
from cellrun.magics.options import MagicParser
from cellrun.magics.shell import plain_errors
from cellrun.magics.table import Table
from cellrun.widgets.text import value_text

_MOST_SHOWN = 50
_SIGNS = {Status.COMPLETED: "✓", Status.FAILED: "✕", Status.CANCELED: "–", Status.RUNNING: "●", Status.DAMAGED: "!"}  # noqa: RUF001
_HEADER = ("Run", "Status", "Submitted", "Time", "Metrics")
_MOST_METRICS = 3
_STATUS = "status:"
"""As in the filter of the list of runs."""


_PARSER = MagicParser("runs", "%runs digits")
_PARSER.add_argument("experiment", nargs="?", help="only the runs of this experiment; left out, all; e.g. digits")
_PARSER.add_argument(
    "status",
    nargs="?",
    metavar="status:…",
    help="only runs in this status; e.g. status:failed",
)


@_PARSER.explains
def runs(line: str) -> None:
    """List the runs of the workspace, newest first, each with the number of its child runs; by status, these as well.

        %runs
        %runs digits
        %runs digits status:failed,canceled

    Run.get(Workspace.from_config(), 'digits-3') opens one.
    """
    given = _PARSER.parse_line(line)
    words = [word for word in (given.experiment, given.status) if word is not None]
    asked = [word.removeprefix(_STATUS) for word in words if word.startswith(_STATUS)]
    experiment, *others = [word for word in words if not word.startswith(_STATUS)] or [None]
    if others:
        _PARSER.error(f"unrecognized: {others[0]}")
    with plain_errors():
        statuses = asked_statuses(name for one in asked for name in one.split(","))
        workspace = Workspace.from_config().layout
        tend(workspace)
        index = Index(workspace)
        most = _MOST_SHOWN + 1
        rows = index.runs(experiment=experiment, status=statuses or None, include_children=bool(statuses), limit=most)
    display(RunTable(rows, experiment, statuses))  # type: ignore[no-untyped-call]


class RunTable(Table):
    """Runs as a table."""

    def __init__(self, rows: Sequence[RunRow], experiment: str | None, statuses: Sequence[str] = ()) -> None:
        where = f" of {experiment!r}" if experiment else ""
        below = []
        if not rows and statuses:
            below = [f"No run{where} is {' or '.join(statuses)}."]
        elif not rows:
            below = [f"No runs{where} yet. Put %%submit above a cell, or open one with %start_logging."]
        elif len(rows) > _MOST_SHOWN:
            below = [f"… the newest {_MOST_SHOWN}; Experiment(ws, name).get_runs() goes through all"]
        super().__init__(_HEADER, map(_cells, rows[:_MOST_SHOWN]), below)


def _cells(row: RunRow) -> tuple[str, ...]:
    name = row.name if row.display_name == row.name else f"{row.name} ({row.display_name})"
    if row.children:
        name += " + 1 child" if row.children == 1 else f" + {row.children} children"
    submitted = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(row.created_at))
    elapsed = (row.ended_at or time.time()) - row.started_at if row.started_at else None
    return name, f"{_SIGNS.get(row.status, '○')} {row.status.word}", submitted, elapsed_text(elapsed), _metrics(row)


def _metrics(row: RunRow) -> str:
    """Return the last values of some metrics; of one with columns, its last column's; a table has none."""
    shown: list[str] = []
    for name, metric in row.metrics.items():
        value = [None, *metric.last.values()][-1]
        if value is not None and not metric.is_table and len(shown) < _MOST_METRICS:
            shown.append(f"{name} {value_text(value)}")
    return "  ".join(shown)
