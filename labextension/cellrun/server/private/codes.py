"""Single-use codes: what a link may carry in place of a secret."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

VALID_S = 600.0
MOST = 1000
"""Codes that nobody used are forgotten beyond this number, the oldest first."""


class Codes:
    """Codes that were given and not used yet. `clock` gives monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ends: dict[str, float] = {}  # in the order of their ends

    def give(self) -> str:
        """Return a new code, valid once and for ten minutes."""
        self._forget_old()
        code = secrets.token_urlsafe(32)
        self._ends[code] = self._clock() + VALID_S
        return code

    def take(self, code: str) -> bool:
        """Return whether a code is valid; from now on it isn't."""
        self._forget_old()
        return self._ends.pop(code, None) is not None

    def _forget_old(self) -> None:
        now = self._clock()
        for code in list(self._ends):
            if self._ends[code] > now and len(self._ends) <= MOST:
                return
            del self._ends[code]
