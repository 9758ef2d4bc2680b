"""`%runs`: the runs of the workspace, newest first."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from html import escape

from IPython.display import display

from cellrun.core.live.header import elapsed_text
from cellrun.core.status import Status
from cellrun.core.store.lists.index import Index, RunRow
from cellrun.core.workspace import Workspace
from cellrun.magics.options import MagicParser
from cellrun.magics.view import plain_errors

_MOST_SHOWN = 50
_SIGNS = {Status.COMPLETED: "✓", Status.FAILED: "✕", Status.CANCELED: "–", Status.RUNNING: "●"}  # noqa: RUF001
_HEADER = ("Run", "Status", "Submitted", "Time", "Metrics")
_MOST_METRICS = 3


def _parser() -> MagicParser:
    parser = MagicParser("runs", "%runs digits")
    parser.add_argument("experiment", nargs="?", help="only the runs of this experiment; left out, all; e.g. digits")
    return parser


_PARSER = _parser()


@_PARSER.explains
def runs(line: str) -> None:
    """List the runs of the workspace, newest first.

        %runs
        %runs digits

    Run.get(Workspace.from_config(), 'digits-3') opens one.
    """
    given = _PARSER.parse_line(line)
    with plain_errors():
        rows = Index(Workspace.from_config().layout).runs(experiment=given.experiment, limit=_MOST_SHOWN + 1)
    display(RunTable(rows, given.experiment))  # type: ignore[no-untyped-call]


class RunTable:
    """Runs as a table: text where text is shown, HTML in a notebook."""

    def __init__(self, rows: Sequence[RunRow], experiment: str | None) -> None:
        self._rows = rows
        self._experiment = experiment

    def __repr__(self) -> str:
        if not self._rows:
            return self._nothing()
        lines = [_HEADER, *self._cells()]
        widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADER))]
        texts = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
        return "\n".join(text.rstrip() for text in (*texts, *self._more()))

    def _repr_html_(self) -> str:
        if not self._rows:
            return f"<p>{escape(self._nothing())}</p>"
        header = "".join(f'<th style="text-align: left">{escape(title)}</th>' for title in _HEADER)
        body = "".join(
            "<tr>" + "".join(f'<td style="text-align: left">{escape(cell)}</td>' for cell in line) + "</tr>"
            for line in self._cells()
        )
        more = "".join(f"<p>{escape(text)}</p>" for text in self._more())
        return f"<table><thead><tr>{header}</tr></thead><tbody>{body}</tbody></table>{more}"

    def _cells(self) -> Iterator[tuple[str, ...]]:
        now = time.time()
        for row in self._rows[:_MOST_SHOWN]:
            name = row.name if row.display_name == row.name else f"{row.name} ({row.display_name})"
            submitted = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(row.created_at))
            elapsed = (row.ended_at or now) - row.started_at if row.started_at else None
            status = f"{_SIGNS.get(row.status, '○')} {row.status}"
            yield name, status, submitted, elapsed_text(elapsed), _metrics(row)

    def _more(self) -> list[str]:
        hidden = len(self._rows) > _MOST_SHOWN
        return [f"… the newest {_MOST_SHOWN}; Experiment(ws, name).get_runs() goes through all"] if hidden else []

    def _nothing(self) -> str:
        where = f" of {self._experiment!r}" if self._experiment else ""
        return f"No runs{where} yet. Put %%submit above a cell, or open one with %start_logging."


def _metrics(row: RunRow) -> str:
    """Return the last values of some metrics; of one with columns, its last column's."""
    shown: list[str] = []
    for name, metric in row.metrics.items():
        value = [None, *metric.last.values()][-1]
        if value is not None and len(shown) < _MOST_METRICS:
            shown.append(f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}")
    return "  ".join(shown)
