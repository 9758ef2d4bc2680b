"""The thread that reads one run, however many watch it."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.errors import CellrunError, RunNotFoundError
from cellrun.core.layout import RunLayout
from cellrun.core.live.pace import LOOK_S, Pace
from cellrun.server.stream.message import Message

if TYPE_CHECKING:
    from cellrun.core.live.feed import Feed
    from cellrun.core.live.source import RunSource

SLOWEST_LOOK_S = 0.2
QUIET_LOOKS = 50
"""After a time without news, so many looks are spread over as long again: a run that logs seldom costs little."""

EventsMark = tuple[tuple[str, int], ...]


class Look(NamedTuple):
    """What a look brought: the frame `number` if there is `news`, and all up to it if that was asked for.

    `mark` is there once the run has ended: while `events_mark` gives the same, nothing came after that look.
    """

    number: int
    news: Message | None = None
    present: Message | None = None
    mark: EventsMark | None = None
    status: int = 0  # of HTTP, with a problem
    problem: str = ""


def events_mark(layout: RunLayout) -> EventsMark:
    """Return what changes when a run that has ended is renamed or tagged. Raises FileNotFoundError if it is gone."""
    layout.record.stat()
    try:
        with os.scandir(layout.events) as entries:
            return tuple(sorted((entry.name, entry.stat().st_size) for entry in entries))
    except FileNotFoundError:  # a run that never logged anything
        return ()


def gone_text(layout: RunLayout) -> str:
    """Say that a run was deleted."""
    return f"run {layout.run_id}: the run folder {layout.folder} is gone; `%runs` lists what is there"


class RunReader:
    """Looks at a run every 40 ms while somebody watches, and posts what is new, until the run has ended.

    Responsibilities: one daemon thread. `post(look)` is called from it, and has to see to it that it gets to the event
    loop; its last look says that the run has ended, or what the problem is.
    """

    def __init__(self, layout: RunLayout, epoch: str, post: Callable[[Look], None]) -> None:
        self._layout = layout
        self._epoch = epoch
        self._post = post
        self._wake = threading.Event()
        self._is_watched = True
        self._is_stopped = False
        self._wants_present = True
        self._present: tuple[int, Message] | None = None
        self._news_at = time.monotonic()
        self._thread = threading.Thread(target=self._read, name=f"cellrun reader of {layout.run_id}", daemon=True)

    def start(self) -> None:
        """Begin to look. Returns at once."""
        self._thread.start()

    def want_present(self) -> None:
        """Let the next look, soon, bring all up to it."""
        self._wants_present = True
        self._wake.set()

    def watch(self, *, is_watched: bool) -> None:
        """Look only while somebody watches; what was read is kept until `stop`."""
        self._is_watched = is_watched
        self._wake.set()

    def stop(self) -> None:
        """End the thread soon, whatever the run does."""
        self._is_stopped = True
        self._wake.set()

    def _read(self) -> None:
        try:
            # They load numpy, which a server that starts doesn't need yet.
            from cellrun.core.live.feed import Feed  # noqa: PLC0415
            from cellrun.core.live.source import RunSource  # noqa: PLC0415

            source = RunSource(self._layout)
            feed = Feed(source.read_log, source.read_image, Pace(is_lossless=True))
            while not self._is_stopped:
                if self._is_watched and self._look(source, feed):
                    return
                self._wake.wait(self._pause() if self._is_watched else None)
                self._wake.clear()
        except (FileNotFoundError, RunNotFoundError):
            self._post(Look(-1, status=404, problem=gone_text(self._layout)))
        except (CellrunError, *UNREADABLE) as error:  # damaged, another user's
            text = f"run folder {self._layout.folder} can't be read: {error}; `%runs` lists the others"
            self._post(Look(-1, status=409, problem=text))
        except Exception:  # who watches would wait for ever for a thread that is no more
            logging.getLogger(__name__).exception("run %s can't be read any more", self._layout.run_id)
            self._post(Look(-1, status=500, problem="the server met an error; its log says more"))

    def _look(self, source: RunSource, feed: Feed) -> bool:
        """Look once and post what there is; return whether that was the last time."""
        now = time.monotonic()
        feed.take(source.look())
        mark = None
        if source.has_ended:
            mark = events_mark(self._layout)
            feed.take(source.look())  # whatever came before the mark
        frame = feed.rest(now) if source.has_ended else feed.frame(now)
        news = None
        if frame:
            self._news_at = now
            news = Message.of_frame(frame, self._epoch)
            self._present = (frame.number, news) if frame.reset else None
        wants_present = self._wants_present or source.has_ended
        if news or wants_present:
            self._wants_present = False
            number, present = self._whole(feed) if wants_present else (feed.last_number, None)
            self._post(Look(number, news, present, mark))
        return source.has_ended

    def _whole(self, feed: Feed) -> tuple[int, Message]:
        """Return all up to the last frame, made once for all who come before the next one."""
        if self._present is None:
            frame = feed.present()
            self._present = (frame.number, Message.of_frame(frame, self._epoch))
        return self._present

    def _pause(self) -> float:
        quiet_s = time.monotonic() - self._news_at
        return min(max(LOOK_S, quiet_s / QUIET_LOOKS), SLOWEST_LOOK_S)
