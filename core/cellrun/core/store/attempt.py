"""The attempt that a run is in, as its status tells: how often its engine has started it, and why again.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from cellrun.core.store.status import StatusRecord

_NUMBER, _WHY = "attempt", "attempt_reason"


class StatusAttempt(NamedTuple):
    """The attempt that a run is in, or ended in."""

    number: int = 1
    """From 1 on."""
    why: str = ""
    """Why it was started again, in its engine's words; empty in the first."""

    @classmethod
    def of(cls, status: StatusRecord) -> StatusAttempt:
        """Return what a run's status tells; the first attempt where it tells nothing that can be read."""
        number, why = status.fields.get(_NUMBER), status.fields.get(_WHY)
        if type(number) is not int or number <= 1:
            return cls()
        return cls(number, why if isinstance(why, str) else "")

    def fields(self) -> dict[str, Any]:
        """Return the fields of the status with which it begins."""
        return {_NUMBER: self.number, _WHY: self.why}

    def __str__(self) -> str:
        return f"attempt {self.number}: {self.why}" if self.why else f"attempt {self.number}"
