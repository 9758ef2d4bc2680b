"""Turns what a live run tells into messages for the event loop, made once for all viewers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.errors import CellrunError, RunNotFoundError
from cellrun.core.layout import RunLayout
from cellrun.core.live.frame import Frame
from cellrun.core.live.live_run import EventsMark, LiveRun
from cellrun.core.live.throttle import Throttle
from cellrun.server.stream.message import Message

if TYPE_CHECKING:  # it loads numpy, which a server that starts doesn't need yet
    from cellrun.core.live.feed import Feed


class PollResult(NamedTuple):
    """What a poll brought: the frame `number` if there is `news`, and all up to it if that was asked for.

    `mark` is there once the run has ended (`events_mark`).
    """

    number: int
    news: Message | None = None
    present: Message | None = None
    mark: EventsMark | None = None
    status: int = 0  # of HTTP, with a problem
    problem: str = ""


def gone_text(layout: RunLayout) -> str:
    """Say that a run was deleted."""
    return f"run {layout.run_id}: the run folder {layout.folder} is gone; `%runs` lists what is there"


class RunMessages:
    """Makes messages of what a live run tells, and posts them.

    `post(result)` is called from the run's thread, and has to see to it that it gets to the event loop; the last one
    says that the run has ended, or what the problem is.
    """

    def __init__(self, layout: RunLayout, epoch: str, post: Callable[[PollResult], None]) -> None:
        self.live = LiveRun(layout, self, Throttle(is_lossless=True))
        """The run that it listens to, to be started, watched and stopped."""
        self._layout = layout
        self._epoch = epoch
        self._post = post
        self._wants_present = True
        self._present: tuple[int, Message] | None = None

    def want_present(self) -> None:
        """Have a poll soon that brings all up to it."""
        self._wants_present = True
        self.live.poll_soon()

    def polled(self, feed: Feed, frame: Frame | None, mark: EventsMark | None) -> None:
        """Post what a poll brought, if there is anything."""
        news = None
        if frame:
            news = Message.of_frame(frame, self._epoch)
            self._present = (frame.number, news) if frame.reset else None
        wants_present = self._wants_present or mark is not None
        if news or wants_present:
            self._wants_present = False
            number, present = self._whole(feed) if wants_present else (feed.last_number, None)
            self._post(PollResult(number, news, present, mark))

    def failed(self, error: Exception) -> None:
        """Post what the problem is."""
        if isinstance(error, (FileNotFoundError, RunNotFoundError)):
            self._post(PollResult(-1, status=404, problem=gone_text(self._layout)))
        elif isinstance(error, (CellrunError, *UNREADABLE)):  # damaged, another user's
            text = f"run folder {self._layout.folder} can't be read: {error}; `%runs` lists the others"
            self._post(PollResult(-1, status=409, problem=text))
        else:
            logging.getLogger(__name__).error("run %s can't be read any more", self._layout.run_id, exc_info=error)
            self._post(PollResult(-1, status=500, problem="the server met an error; its log says more"))

    def _whole(self, feed: Feed) -> tuple[int, Message]:
        """Return all up to the last frame, made once for all who come before the next one."""
        if self._present is None:
            frame = feed.present()
            self._present = (frame.number, Message.of_frame(frame, self._epoch))
        return self._present
