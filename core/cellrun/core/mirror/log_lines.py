"""A run's frames between the other lines of its engine's log, read on this side."""

from __future__ import annotations

from contextlib import suppress

from cellrun.core.errors import RunClosedError
from cellrun.core.layout import RunLayout
from cellrun.core.mirror.frame import LINE_BYTES, Frame, from_line
from cellrun.core.mirror.frame_errors import ConflictError, GapError
from cellrun.core.mirror.receiver import Receiver
from cellrun.core.mirror.run_key import key_of


class LogLines:
    """Takes one run's frames out of its engine's log.

    `ahead_s` is by how much the clock there is ahead of this one. Beats don't tell that here: a log may be read late.
    """

    def __init__(self, layout: RunLayout, ahead_s: float = 0.0) -> None:
        self._layout = layout
        self._receiver = Receiver(layout, ahead_s)
        self._rest = b""
        self.have_frames = False
        """Whether there was one."""

    def feed(self, text: bytes) -> None:
        """Take a piece of the log, of any size, from where the last one has ended.

        What is here already changes nothing: another object, or this one after `begin_again`, may read the log from its
        beginning. Raises FrameError for a frame that isn't to come of a run, OSError where the disk doesn't take it.
        """
        *lines, rest = (self._rest + text).split(b"\n")
        self._rest = rest[-LINE_BYTES:]  # a frame's line is no longer, and a job may never end one
        frames = [frame for line in lines if (frame := self._frame(line))]
        if not frames:
            return
        self.have_frames = True
        with suppress(GapError, ConflictError, RunClosedError):  # short: `end` names it; closed: it has come home
            self._receiver.take(frames)

    def begin_again(self) -> None:
        """Expect the log's beginning next, as of a connection that was made anew."""
        self._rest = b""

    def end(self, why: str) -> None:
        """Wait no longer for what is missing: the log has ended. Raises OSError where the disk doesn't take that."""
        self._receiver.give_up(why)

    def _frame(self, line: bytes) -> Frame | None:
        return from_line(line[-LINE_BYTES:], lambda _: key_of(self._layout))
