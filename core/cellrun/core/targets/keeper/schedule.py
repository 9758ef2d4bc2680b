"""When the keeper asks a target next."""

from __future__ import annotations

import random
from collections.abc import Callable

WATCHED_PAUSE_S = 0.25
UNWATCHED_PAUSE_S = 15.0
STARTED_S, _STARTED_SHARE, _SHORTEST_S = 1.0, 0.25, 0.01
"""So long after a start a pause is that share of the time since: its first lines are what its submitter waits for.

While runs wait for their turn in a queue of this side's it is that for as long as it is less than the usual pause:
where one could start there may be more.
"""
WATCHED_S = 3.0
"""So long after somebody looked a target counts as watched: views look every second."""
FIRST_RETRY_S, LAST_RETRY_S = 1.0, 60.0
WATCHED_RETRY_S = 10.0
"""Somebody who watches is about to have the network put right."""
REFUSED_RETRY_S = 30.0
"""While somebody watches: the key may be put right over there. Oftener, an account may be locked for it."""


class PassSchedule:
    """The pauses between passes: short while somebody watches, growing while none goes well, without end if paused.

    Times are those of a monotonic clock, in seconds.
    """

    def __init__(self, jitter: Callable[[float, float], float] = random.uniform) -> None:
        self._jitter = jitter
        self._watched_until = 0.0
        self._started_at, self._started_s = float("-inf"), STARTED_S
        self._failures = 0
        self._retry_s = 0.0
        self.is_paused = False

    def watch(self, now: float) -> None:
        """Note that somebody has just looked."""
        self._watched_until = now + WATCHED_S

    def started(self, now: float, *, others_wait: bool = False) -> None:
        """Note that a run has just been started, and whether others wait in a queue of this side's."""
        self._started_at = now
        self._started_s = UNWATCHED_PAUSE_S / _STARTED_SHARE if others_wait else STARTED_S

    def is_watched(self, now: float) -> bool:
        """Whether somebody has looked of late."""
        return now < self._watched_until

    def well(self) -> None:
        """Note that a pass went well."""
        self._failures, self.is_paused = 0, False

    def failed(self, *, is_refused: bool) -> None:
        """Note that a pass failed; `is_refused` if it is of no use to try again by itself."""
        self._failures += 1
        most = min(FIRST_RETRY_S * 2 ** min(self._failures - 1, 10), LAST_RETRY_S)
        # Many targets, and many keepers of one engine, aren't to come back all at once.
        self._retry_s = max(self._jitter(most / 2, most), FIRST_RETRY_S)
        self.is_paused = is_refused

    @property
    def is_failing(self) -> bool:
        """Whether the last pass failed."""
        return self._failures > 0

    def pause_s(self, now: float, *, is_more_left: bool) -> float | None:
        """Return how long to wait after a pass; None for as long as nobody says otherwise."""
        is_watched = self.is_watched(now)
        if self.is_paused:
            return REFUSED_RETRY_S if is_watched else None
        if self.is_failing:
            return min(self._retry_s, WATCHED_RETRY_S) if is_watched else self._retry_s
        pause_s = WATCHED_PAUSE_S if is_more_left or is_watched else UNWATCHED_PAUSE_S
        if (since_s := now - self._started_at) < self._started_s:
            return min(pause_s, max(since_s * _STARTED_SHARE, _SHORTEST_S))
        return pause_s
