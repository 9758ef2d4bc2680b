"""The statuses that a user asks for, by name."""

from __future__ import annotations

from collections.abc import Iterable

from cellrun.core.errors import UserErrorException, shown
from cellrun.core.store.status import Status

_NAMES = {name.casefold(): status for status in Status for name in (status.value, status.word)}


def asked_statuses(names: Iterable[object]) -> list[str]:
    """Return the statuses of these names: their values or the words that are shown, whatever the case.

    Raises UserErrorException for a name that no status has.
    """
    found = {name: _NAMES.get(name.casefold()) if isinstance(name, str) else None for name in names}
    known = ", ".join(status.word if status is Status.CANCEL_REQUESTED else status.value for status in Status)
    if unknown := [name for name, status in found.items() if status is None]:
        raise UserErrorException(f"status {shown(unknown[0])} is none of {known}")
    return [status.value for status in found.values() if status is not None]
