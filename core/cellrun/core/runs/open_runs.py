"""The interactive runs that this process has opened and not ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cellrun.core.own_run import tell_children

if TYPE_CHECKING:
    from cellrun.core.runs.run import Run

_runs: dict[str, Run] = {}
"""By id, oldest first."""
_parents: dict[str, str] = {}
"""Of those that are children, by id, the ids of their parents."""


def add(run: Run, parent: str | None = None) -> None:
    """Take in a run that was opened: processes that are started from now on are part of it, unless it is a child."""
    _runs[run.id] = run
    if parent is not None:
        _parents[run.id] = parent
    _tell()


def remove(run_id: str) -> None:
    """Let go of a run that has ended."""
    _parents.pop(run_id, None)
    if _runs.pop(run_id, None) is not None:
        _tell()


def get(run_id: str) -> Run | None:
    """Return a run by its id; None if it isn't one of them."""
    return _runs.get(run_id)


def holds(run: Run) -> bool:
    """Return whether a run is one of them, also if it is deleted and nothing can be asked of it."""
    return any(run is each for each in _runs.values())


def children_of(run_id: str) -> list[Run]:
    """Return those that are children of a run, newest first."""
    return [run for own_id, run in reversed(_runs.items()) if _parents.get(own_id) == run_id]


def newest() -> Run | None:
    """Return the run that was opened last, a child only where there is nothing else; None if there is none."""
    newest_first = [*reversed(_runs.items())]
    return next((run for run_id, run in sorted(newest_first, key=lambda item: item[0] in _parents)), None)


def _tell() -> None:
    run = newest()
    tell_children(None if run is None else run.layout)
