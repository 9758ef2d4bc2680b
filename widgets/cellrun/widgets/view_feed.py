"""The feed of a widget's views: starts when a page asks, rests while none does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from cellrun.core.errors import RunNotFoundError, problem_of
from cellrun.core.layout import RunLayout
from cellrun.core.live.feed import Feed
from cellrun.core.live.frame import Frame
from cellrun.core.live.live_run import EventsMark, LiveRun

GRACE_S = 1.5  # a page that has the run from the server says so in this time, if it can say anything while a cell runs

Send = Callable[[dict[str, Any], Sequence[bytes]], None]


class ViewFeed:
    """Feeds the views of one run over the comm, unless nobody looks there.

    A front end that can't be heard while the kernel is busy (no subshells: VS Code, Colab) is fed all the same.
    Responsibilities: when to feed; one `LiveRun` at a time.
    """

    def __init__(self, layout: RunLayout, send: Send) -> None:
        self._layout = layout
        self._send = send
        self._lock = threading.Lock()
        self._live: LiveRun | None = None
        self._grace = threading.Timer(GRACE_S, self._begin)
        self._grace.daemon = True

    def start(self) -> None:
        """Begin to feed in a moment, unless `rest` is called before. Returns at once."""
        self._grace.start()

    def hello(self, frame: int) -> None:
        """Feed a view that has all frames up to this one (-1: none)."""
        self._begin().hello(frame)

    def rest(self) -> None:
        """Feed nobody, until someone says hello."""
        self._grace.cancel()
        with self._lock:
            if self._live is not None:
                self._live.stop()
            self._live = None

    def polled(self, _feed: Feed, frame: Frame | None, _mark: EventsMark | None) -> None:
        """Send a frame."""
        if frame:
            self._send(*frame.message())

    def failed(self, error: Exception) -> None:
        """Say why nothing more comes."""
        is_gone = isinstance(error, (FileNotFoundError, RunNotFoundError)) and not self._layout.record.exists()
        why = "the run was deleted" if is_gone else f"the run's folder can't be read any more: {problem_of(error)}"
        self._send({"type": "error", "message": why}, [])

    def _begin(self) -> LiveRun:
        self._grace.cancel()
        with self._lock:
            if self._live is None:
                self._live = LiveRun(self._layout, self)
                self._live.start()
            return self._live
