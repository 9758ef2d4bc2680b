"""The status of a pipeline and its steps, as programs ask for it."""

from __future__ import annotations

from cellrun.core.store.status import Status


class _Completed(str):
    """Azure ML has two words for it: "Completed" in a run's details, "Finished" where a pipeline or a step is asked."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and str.__str__(other) in _WORDS

    def __ne__(self, other: object) -> bool:
        return not self == other


FINISHED = "Finished"
_WORDS = frozenset({Status.COMPLETED.value, FINISHED})


def azure_status(status: str) -> str:
    """Return a status that compares as programs of either word expect."""
    return _Completed(status) if status == Status.COMPLETED.value else status


def shown_status(status: str) -> str:
    """Return a status as it is printed."""
    return FINISHED if status == Status.COMPLETED.value else status
