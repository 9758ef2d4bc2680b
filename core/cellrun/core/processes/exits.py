"""How a process has ended.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

from typing import NamedTuple


class JobExit(NamedTuple):
    """How a job ended: by an exit code or by a signal; neither if only its end was seen, not how."""

    code: int | None
    signal: int | None


UNKNOWN_EXIT = JobExit(None, None)
