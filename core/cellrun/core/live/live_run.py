"""The thread that keeps the views of one run up to date."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.errors import RunNotFoundError, told
from cellrun.core.live.feed import Feed
from cellrun.core.live.pace import LOOK_S
from cellrun.core.live.source import RunSource

Send = Callable[[dict[str, Any], Sequence[bytes]], None]


class LiveRun:
    """Looks at a run and sends what its views lack, until the run has ended.

    Responsibilities: one daemon thread, which ends with the run; one look or answer at a time. `send(content, buffers)`
    is called from that thread, or from the one that asks.
    """

    def __init__(self, source: RunSource, send: Send) -> None:
        self._source = source
        self._feed = Feed(source.read_log, source.read_image)
        self._send = send
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._is_over = False
        self._is_stopped = False
        self._thread = threading.Thread(
            target=self._follow, name=f"cellrun view of {source.layout.run_id}", daemon=True
        )

    def start(self) -> None:
        """Begin to look and send. Returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End before the run does: nobody is there to be told."""
        self._is_stopped = True
        self._wake.set()

    def hello(self, frame: int) -> None:
        """Send what a view lacks that has all frames up to this one: soon by the thread, at once when it is done."""
        with self._lock:
            if self._feed.hello(frame) and self._is_over:
                self._tell_all()
        self._wake.set()

    def _follow(self) -> None:
        try:
            while not (self._is_stopped or self._step()):
                self._wake.wait(LOOK_S)
                self._wake.clear()
        except (RunNotFoundError, *UNREADABLE) as error:
            with self._lock:
                self._is_over = True
            self._send({"type": "error", "message": f"the run's folder can't be read any more: {told(error)}"}, [])

    def _step(self) -> bool:
        """Look once and send what may be sent; return whether that was the last time."""
        with self._lock:
            self._feed.take(self._source.look())
            self._is_over = self._source.has_ended
            if self._is_over:
                self._tell_all()
                return True
            frame = self._feed.frame(time.monotonic())
            if frame:
                self._send(*frame.message())
            return False

    def _tell_all(self) -> None:
        self._send(*self._feed.whole(time.monotonic()).message())
