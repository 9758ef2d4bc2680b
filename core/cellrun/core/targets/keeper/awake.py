"""A clock of the time that this process was awake: while a laptop slept it has missed no answer."""

from __future__ import annotations

import time


class AwakeClock:
    """Seconds that this process was awake. Somebody ticks it again and again; a long pause between ticks was sleep."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._ticked = time.monotonic()

    def tick(self, most_s: float) -> None:
        """Go on by the time since the last tick, by `most_s` at most."""
        now = time.monotonic()
        self.seconds += min(now - self._ticked, most_s)
        self._ticked = now
