"""A figure of an experiment's latest runs."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from cellrun.core.comparison.comparison import MOST_RUNS
from cellrun.core.comparison.figure import plot_runs
from cellrun.core.errors import UserErrorException, shown
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.store.lists.index import Index

if TYPE_CHECKING:
    from plotly.graph_objects import Figure  # type: ignore[import-untyped]


def plot_experiment(
    workspace: WorkspaceLayout, experiment: str, name: str | Sequence[str] | None, *, x: str, log: bool
) -> Figure:
    """Return a figure of the latest runs that have what is asked for (see `Experiment.plot`)."""
    rows = [row for row in Index(workspace).runs(experiment=experiment) if row.metrics or not row.status.is_terminal]
    if not rows:
        raise UserErrorException(
            f"experiment {shown(experiment)} has no run that logged a metric yet: run.log('loss', value) logs one"
        )
    names = [name] if isinstance(name, str) else name or ()
    # what a row tells of a run that goes on may be a second old
    having = [row for row in rows if not names or not row.status.is_terminal or any(n in row.metrics for n in names)]
    drawn = (having or rows)[:MOST_RUNS]  # where none has it, the refusal says what there is
    latest = f"<b>{escape(experiment)}</b>: the {len(drawn)} latest of {len(having)} runs"
    title = latest if len(having) > len(drawn) else ""
    return plot_runs([workspace.run(row.id) for row in drawn], name, x=x, log=log, title=title)
