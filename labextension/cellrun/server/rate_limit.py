"""A rate limit by token buckets: so many requests at once, then so many a second."""

from __future__ import annotations

import time
from collections.abc import Callable

_MOST_KEPT = 10_000


class RateLimit:
    """A bucket for each who asks: holds `burst` requests, refilled with `per_second`."""

    def __init__(self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}  # by who asks: how many are left, and as of when

    def take(self, who: str) -> float:
        """Take one request; return 0, or else how many seconds to wait for the next."""
        now = self._clock()
        left, at = self._left.pop(who, (float(self._burst), now))
        left = min(self._burst, left + (now - at) * self._per_second)
        wait = 0.0 if left >= 1 else (1 - left) / self._per_second
        self._left[who] = (left - 1 if left >= 1 else left, now)
        if len(self._left) > _MOST_KEPT:  # those who asked last come last
            del self._left[next(iter(self._left))]
        return wait
