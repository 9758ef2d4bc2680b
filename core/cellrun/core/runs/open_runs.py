"""The interactive runs that this process has opened and not ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cellrun.core.own_run import tell_children

if TYPE_CHECKING:
    from cellrun.core.runs.run import Run

_runs: dict[str, Run] = {}
"""By id, oldest first."""


def add(run: Run) -> None:
    """Take in a run that was opened: processes that are started from now on are part of it."""
    _runs[run.id] = run
    tell_children(run.layout)


def remove(run_id: str) -> None:
    """Let go of a run that has ended."""
    if _runs.pop(run_id, None) is not None:
        run = newest()
        tell_children(None if run is None else run.layout)


def get(run_id: str) -> Run | None:
    """Return a run by its id; None if it isn't one of them."""
    return _runs.get(run_id)


def holds(run: Run) -> bool:
    """Return whether a run is one of them, also if it is deleted and nothing can be asked of it."""
    return any(run is each for each in _runs.values())


def newest() -> Run | None:
    """Return the run that was opened last; None if there is none."""
    return next(reversed(_runs.values()), None)
