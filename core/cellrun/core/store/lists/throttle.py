"""A throttle for work that every refresh would do: it takes a small share of the time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

_SHARE = 0.02
_FREE_S = 0.002


class CostThrottle:
    """Says when some work is due again: at once as long as it is cheap, else after fifty times what it took.

    What it took is the thread's own time: a busy machine doesn't make it rarer.
    """

    def __init__(self) -> None:
        self._next_at = 0.0

    @property
    def is_due(self) -> bool:
        """Whether the work may be done now."""
        return time.monotonic() >= self._next_at

    @contextmanager
    def work(self) -> Iterator[None]:
        """Do the work in this block."""
        started = time.thread_time()
        yield
        took_s = time.thread_time() - started
        self._next_at = time.monotonic() + took_s / _SHARE if took_s > _FREE_S else 0.0
