"""One target that is asked how full it is, by a thread of its own."""

from __future__ import annotations

import threading
import time

from cellrun.core.errors import told
from cellrun.core.targets.contract import ComputeTarget, TargetDescription

_AGAIN_S = 10.0
_AFTER_FAILURE_S = 30.0
"""So seldom one is asked by itself that didn't answer the last time: that may have taken long, and cost a log-in."""


class TargetPoll:
    """What a target has said when it was asked last. Threads may share it; times are epoch seconds."""

    def __init__(self, target: ComputeTarget) -> None:
        self.target = target
        self.described: TargetDescription | None = None
        self.heard_at: float | None = None
        self.why_not = ""
        self.since: float | None = None
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._due = 0.0  # monotonic

    @property
    def is_asked(self) -> bool:
        """Whether its answer is waited for."""
        return self._thread is not None

    def ask(self, *, now: bool = False) -> None:
        """Have it asked if that is due, or `now`; returns at once."""
        with self._lock:
            if self._thread is None and (now or time.monotonic() >= self._due):
                name = f"cellrun asks {self.target.name}"
                self._thread = threading.Thread(target=self._ask, name=name, daemon=True)
                self._thread.start()

    def wait(self, timeout_s: float) -> None:
        """Wait for the answer that is on its way, at most so long."""
        if thread := self._thread:
            thread.join(timeout_s)

    def _ask(self) -> None:
        try:
            self.described = self.target.describe()
            self.heard_at, self.why_not, self.since = time.time(), "", None
        except Exception as error:  # noqa: BLE001  # a stranger's class may raise anything; the others are listed
            self.why_not, self.since = told(error), self.since or time.time()
        finally:
            self._due = time.monotonic() + (_AFTER_FAILURE_S if self.why_not else _AGAIN_S)
            self._thread = None
