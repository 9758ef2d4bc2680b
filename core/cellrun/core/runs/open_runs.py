"""The interactive runs that this process has opened and not ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cellrun.core.runs.run import Run

_runs: dict[str, Run] = {}
"""By id, oldest first."""


def add(run: Run) -> None:
    """Take in a run that was opened."""
    _runs[run.id] = run


def remove(run_id: str) -> None:
    """Let go of a run that has ended."""
    _runs.pop(run_id, None)


def get(run_id: str) -> Run | None:
    """Return a run by its id; None if it isn't one of them."""
    return _runs.get(run_id)


def newest() -> Run | None:
    """Return the run that was opened last; None if there is none."""
    return next(reversed(_runs.values()), None)
