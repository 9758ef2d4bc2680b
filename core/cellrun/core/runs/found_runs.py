"""Finds runs by what a list knows of them; no run's folder is read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from cellrun.core.errors import UserErrorException, shown
from cellrun.core.store.record import refuse_elsewhere

if TYPE_CHECKING:
    from cellrun.core.experiment import Experiment
    from cellrun.core.runs.run import Run
    from cellrun.core.workspace import Workspace

Wanted: TypeAlias = str | Mapping[str, str | None] | None
"""A name that has to be there, or names with the values that they have to have."""


def found_runs(
    workspace: Workspace,
    own: Experiment | None = None,
    *,
    status: str | Collection[str] | None = None,
    tags: Wanted = None,
    properties: Wanted = None,
    **choice: Any,
) -> Iterator[Run]:
    """Iterate over the runs of a workspace that fit, newest first; `choice` as `Index.runs` takes it.

    The runs of the experiment `own` are that very object's.
    What is wrong with a condition is said at once, by a UserErrorException, not when somebody iterates.
    """
    from cellrun.core.store.lists.asked_statuses import asked_statuses  # noqa: PLC0415  # as below
    from cellrun.core.store.lists.index import Index  # noqa: PLC0415  # it loads sqlite3, which a job doesn't need
    from cellrun.core.targets.keeper.tending import tend  # noqa: PLC0415  # as well

    refuse_elsewhere(workspace.layout, "runs")
    tend(workspace.layout)
    rows = Index(workspace.layout).runs(
        status=None if status is None else asked_statuses([status] if isinstance(status, str) else status),
        tags=_wanted("tags", tags),
        properties=_wanted("properties", properties),
        **choice,
    )
    return (own.run(row.id) if own and own.name == row.experiment else workspace.get_run(row.id) for row in rows)


def _wanted(what: str, given: Wanted) -> Mapping[str, str | None] | list[str]:
    """Return a condition as a list takes it. A value that is no text is compared as it is kept: as text."""
    if isinstance(given, Mapping):
        return {str(name): None if value is None else str(value) for name, value in given.items()}
    if given is None or isinstance(given, str):
        return [given] if given else []
    raise UserErrorException(f"{what} is a name, or a dict of names and values; got {shown(given)}")
