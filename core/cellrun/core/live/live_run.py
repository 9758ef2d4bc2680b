"""A run as whoever shows it follows it: a thread that polls its folder until the run has ended."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Protocol

from cellrun.core.layout import RunLayout
from cellrun.core.live.throttle import POLL_S, Throttle

if TYPE_CHECKING:
    from cellrun.core.live.feed import Feed
    from cellrun.core.live.frame import Frame
    from cellrun.core.live.run_poller import RunPoller

EventsMark = tuple[tuple[str, int], ...]


def events_mark(layout: RunLayout) -> EventsMark:
    """Return what changes when a run that has ended is renamed or tagged. Raises FileNotFoundError if it is gone."""
    layout.record.stat()
    try:
        with os.scandir(layout.events) as entries:
            return tuple(sorted((entry.name, entry.stat().st_size) for entry in entries))
    except FileNotFoundError:  # a run that never logged anything
        return ()


class RunListener(Protocol):
    """Who is told of a run: one call at a time, from the run's thread or from one that says hello."""

    def polled(self, feed: Feed, frame: Frame | None, mark: EventsMark | None) -> None:
        """Take the result of a poll, with the next frame if one is due.

        `mark` is there at the last poll, when the run has ended: while `events_mark` gives the same, nothing came after
        it.
        """

    def failed(self, error: Exception) -> None:
        """Take note that nothing more will come, and why."""


class LiveRun:
    """Polls a run every 40 ms while somebody watches, and tells its listener what views lack, until the run has ended.

    `throttle` is that of views over a comm unless another is given.
    Responsibilities: one daemon thread, which ends with the run; one poll or answer at a time.
    """

    def __init__(self, layout: RunLayout, listener: RunListener, throttle: Throttle | None = None) -> None:
        self._layout = layout
        self._listener = listener
        self._throttle = throttle or Throttle()
        self._feed: Feed | None = None
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._is_watched = True
        self._is_stopped = False
        self._is_over = False
        self._thread = threading.Thread(target=self._follow, name=f"cellrun reader of {layout.run_id}", daemon=True)

    def start(self) -> None:
        """Begin to poll. Returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread soon, whatever the run does."""
        self._is_stopped = True
        self._wake.set()

    def watch(self, *, is_watched: bool) -> None:
        """Poll only while somebody watches; what was read is kept until `stop`."""
        self._is_watched = is_watched
        self._wake.set()

    def poll_soon(self) -> None:
        """Poll at once."""
        self._wake.set()

    def hello(self, frame: int) -> None:
        """Tell what a view lacks that has all frames up to this one: at the next poll, at once when there is none."""
        with self._lock:
            self._throttle.note_hello()
            if self._feed and self._feed.hello(frame) and self._is_over:
                self._listener.polled(self._feed, self._feed.whole(time.monotonic()), None)
        self._wake.set()

    def _follow(self) -> None:
        try:
            # They load numpy, which a server that starts doesn't need yet.
            from cellrun.core.live.feed import Feed  # noqa: PLC0415
            from cellrun.core.live.run_poller import RunPoller  # noqa: PLC0415

            poller = RunPoller(self._layout)
            feed = self._feed = Feed(poller.read_log, poller.read_image, self._throttle)
            while not self._is_stopped:
                if self._is_watched and self._poll(poller, feed):
                    return
                self._wake.wait(POLL_S if self._is_watched else None)
                self._wake.clear()
        except Exception as error:  # noqa: BLE001  # who watches would wait for ever for a thread that is no more
            self._is_over = True
            self._listener.failed(error)

    def _poll(self, poller: RunPoller, feed: Feed) -> bool:
        """Poll once and tell what there is; return whether that was the last time."""
        with self._lock:
            now = time.monotonic()
            feed.take(poller.poll())
            if not poller.has_ended:
                self._listener.polled(feed, feed.frame(now), None)
                return False
            mark = events_mark(self._layout)
            feed.take(poller.poll())  # whatever came before the mark
            self._is_over = True
            self._listener.polled(feed, feed.last(now), mark)
            return True
