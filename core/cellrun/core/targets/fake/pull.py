"""The way home by asking: the far side is asked for what is new, and answers with frames."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress

from cellrun.core.errors import RunClosedError
from cellrun.core.layout import RunLayout
from cellrun.core.mirror.frame import Frame, FrameKind, FrameReader, encode
from cellrun.core.mirror.frame_errors import ConflictError, GapError
from cellrun.core.mirror.receiver import Receiver
from cellrun.core.mirror.run_key import key_of
from cellrun.core.mirror.sender import Sender, deliver
from cellrun.core.targets.fake.transport import Transport

_MOST_BYTES = 4_000_000
_TRIES = 5


class Pull(Transport):
    """Frames from a sender to a receiver, both in this process, through the link."""

    def bring(self, here: RunLayout, there: RunLayout, *, is_final: bool) -> bool:
        """Bring home what is new of a run: a part of it, if that is much or much of it is lost on the way.

        Raises ComputeTargetException while nothing gets through.
        """
        if not there.record.exists():
            return False
        ahead_s = self._engine.clock_ahead_s(there)
        receiver = Receiver(here, ahead_s)
        with suppress(RunClosedError):  # it has come home
            for _ in range(_TRIES):
                sender = Sender(there, receiver.have())
                frames = list(sender.frames(is_final=is_final, most_bytes=_MOST_BYTES))
                with suppress(GapError, ConflictError):  # the next try goes on from what is here
                    receiver.take(self._arriving(here, frames, ahead_s))
                    if not (is_final or sender.has_more):
                        return False
                if receiver.is_whole and not any(frame.kind is FrameKind.BYTES for frame in frames):
                    return False
            return True
        return False

    def bring_requests(self, here: RunLayout, there: RunLayout) -> None:
        """Take there what a run is asked. Raises ComputeTargetException while nothing gets through."""
        with suppress(FileNotFoundError):  # nobody asks
            content = here.cancel_request.read_bytes()
            for _ in self._link.carry([content]):
                if there.folder.exists():
                    deliver(there, content)

    def _arriving(self, here: RunLayout, frames: Iterable[Frame], ahead_s: float) -> Iterator[Frame]:
        reader, key = FrameReader(lambda _: key_of(here)), key_of(here) or b""
        for data in self._link.carry(encode(_by_clock(frame, ahead_s), key) for frame in frames):
            yield from reader.feed(data)


def _by_clock(frame: Frame, ahead_s: float) -> Frame:
    """Return a frame as it is made where the clock is ahead of this process's."""
    if frame.kind is not FrameKind.BEAT:
        return frame
    return frame._replace(facts={**frame.facts, "now": time.time() + ahead_s})
