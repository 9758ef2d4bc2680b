"""Uploads what one run writes, by a transport, until the run has ended and all of it was taken.

The run's folder is the spool: nothing is kept elsewhere, and nothing that goes wrong here ever reaches the job.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple, Protocol

from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.errors import CellrunError
from cellrun.core.identity import host_name
from cellrun.core.layout import RunLayout
from cellrun.core.mirror.frame import Frame, FrameKind
from cellrun.core.mirror.remote_statuses import RemoteStatuses
from cellrun.core.mirror.sender import ALL_BYTES, Sender, deliver
from cellrun.core.resources import size_text
from cellrun.core.store.liveness import checked_status

LOOK_S = 0.25
"""Between two looks at what is new."""
END_S = 30.0
"""So long after the run's end, or after something was taken last, it is tried again."""
MOST_WAIT_S = 60.0
_FIRST_WAIT_S = 0.5
_SETTLE_S = 15.0


class NotTakenError(CellrunError):
    """What was sent wasn't taken, or nobody knows. `retry_s`: when to try again, if that was said."""

    def __init__(self, why: str, retry_s: float | None = None) -> None:
        self.retry_s = retry_s
        super().__init__(why)


class NothingTakenError(CellrunError):
    """Nothing of this run is taken any more: it has ended there, or its token is none."""


class Answer(NamedTuple):
    """What whoever takes frames says."""

    expected: Mapping[str, int] = {}
    """By file, from where on to send."""
    cancel: bytes | None = None
    """What asks the run to stop."""
    is_home: bool = False
    """Whether the run has ended at the other end, too: all is there."""


class Transport(Protocol):
    """How frames leave."""

    block_bytes: int
    """The most data that one frame may have."""
    pass_bytes: int
    """The most data that is sent at once."""
    idle_s: float
    """So often something is sent though nothing is new."""
    largest_bytes: int | None
    """Larger files aren't sent this way; None: there is no such limit."""

    def have(self) -> Mapping[str, tuple[int, int]]:
        """Return what the other end has. Raises NotTakenError, NothingTakenError."""

    def send(self, frames: Sequence[Frame]) -> Answer:
        """Send some frames. Raises NotTakenError, NothingTakenError."""

    def close(self) -> None:
        """Let go of what is open."""


class Uploader:
    """Uploads what one run writes by one transport."""

    def __init__(self, layout: RunLayout, transport: Transport) -> None:
        self._layout = layout
        self._transport = transport
        self._sender: Sender | None = None
        self._sent_at = 0.0
        self._taken_at = time.monotonic()
        self._ended_at: float | None = None
        self._failed = 0
        self._taken_bytes = 0
        self._settled_at = time.monotonic()

    def to_the_end(self) -> str:
        """Carry until the run has ended and all was taken; return in words what is left, empty if nothing."""
        try:
            return self._to_the_end()
        finally:
            self._transport.close()

    def _to_the_end(self) -> str:
        while True:
            try:
                if self._pass():
                    return ""
                self._failed = 0
            except NothingTakenError as error:
                return "" if self._sender and self._sender.has_ended else self._left(str(error))
            except NotTakenError as error:
                self._sender = None  # nobody knows what was taken: it is asked first
                self._failed += 1
                if self._failed == 1:
                    self._say(f"{error}; the run goes on, and what it writes is kept in {self._layout.folder}")
                if self._is_too_late():
                    return self._left(str(error))
                time.sleep(self._wait_s(error))
                continue
            time.sleep(0.0 if self._sender and self._sender.has_more else LOOK_S)

    def _pass(self) -> bool:
        """Send what is new; return whether all was taken of a run that has ended."""
        if self._sender is None:
            transport, have = self._transport, self._transport.have()
            self._sender = Sender(
                self._layout, have, block_bytes=transport.block_bytes, largest_bytes=transport.largest_bytes
            )
            self._taken_bytes = sum(size for size, _ in have.values() if size < ALL_BYTES)
        sender = self._sender
        frames = list(sender.frames(is_final=False, most_bytes=self._transport.pass_bytes))
        now = time.monotonic()
        if any(frame.kind is not FrameKind.BEAT for frame in frames) or now - self._sent_at >= self._transport.idle_s:
            answer = self._transport.send(frames)
            self._sent_at = time.monotonic()
            if any(frame.data for frame in frames):
                self._taken_at = self._sent_at
            self._taken_bytes += sum(len(frame.data) for frame in frames)
            if answer.cancel is not None:
                with suppress(OSError):  # asked again with the next answer
                    deliver(self._layout, answer.cancel)
            if answer.is_home:
                return True
            sender.rewind(answer.expected)
            if sender.has_ended and not answer.expected:
                raise NotTakenError("all was sent, and something is missing there")
        self._settle(now)
        return False

    def _settle(self, now: float) -> None:
        """Look whether anybody is left to end the run: its supervisor may have been killed."""
        if now - self._settled_at >= _SETTLE_S:
            self._settled_at = now
            with suppress(*UNREADABLE, CellrunError):
                checked_status(self._layout)

    def _is_too_late(self) -> bool:
        now = time.monotonic()
        if self._ended_at is None and RemoteStatuses(self._layout).is_over:
            self._ended_at = now
        return self._ended_at is not None and now - max(self._ended_at, self._taken_at) >= END_S

    def _wait_s(self, error: NotTakenError) -> float:
        if error.retry_s is not None:
            return min(max(error.retry_s, 0.0), MOST_WAIT_S)
        most = min(MOST_WAIT_S, _FIRST_WAIT_S * 2 ** min(self._failed, 10))
        if self._ended_at is not None:
            most = min(most, END_S / 6)
        return random.uniform(most / 2, most)  # noqa: S311  # so that many runs don't come all at once

    def _left(self, why: str) -> str:
        left = max(0, Sender(self._layout).size_bytes() - self._taken_bytes)
        return f"{why}; some {size_text(left)} that weren't taken are kept in {self._layout.folder} on {host_name()}"

    def _say(self, text: str) -> None:
        print(f"cellrun: {text}", file=sys.stderr, flush=True)  # noqa: T201  # the engine's log has it
