"""The bounded queue of messages that a connection is still to be sent."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from typing import Protocol

QUEUED_BYTES = 1024 * 1024
QUEUED_MESSAGES = 64
"""Of one sender: at ten frames a second a viewer lags by six seconds then, and a whole frame serves it better."""


class Sender(Protocol):
    """A channel of the connection."""

    def catch_up(self) -> None:
        """Hear that the connection has room again, after messages of this sender were dropped."""


class Outbox:
    """Sends one message at a time; of those that wait it keeps only so many, whatever the other end does.

    `write(data, is_binary)` returns a future that is done once the data has left. Used from the event loop alone.
    """

    def __init__(self, write: Callable[[bytes, bool], asyncio.Future[None]]) -> None:
        self._write = write
        self._is_writing = False
        self._is_closed = False
        self._waiting: deque[tuple[Sender, bytes, bool]] = deque()
        self._waiting_bytes = 0
        self._counts: Counter[Sender] = Counter()
        self._lagging: dict[Sender, None] = {}

    def send(self, sender: Sender, data: bytes, *, is_binary: bool) -> bool:
        """Send soon, and return True; without room for it, drop all of this sender, which hears when to go on."""
        if self._is_closed:
            return True  # nobody misses it
        if not self._is_writing:
            self._start(data, is_binary)
            return True
        is_full = bool(self._waiting) and self._waiting_bytes + len(data) > QUEUED_BYTES
        if is_full or self._counts[sender] >= QUEUED_MESSAGES:
            self.drop(sender)
            self._lagging[sender] = None
            return False
        self._waiting.append((sender, data, is_binary))
        self._waiting_bytes += len(data)
        self._counts[sender] += 1
        return True

    def drop(self, sender: Sender) -> None:
        """Forget what waits of a sender."""
        self._lagging.pop(sender, None)
        if self._counts.pop(sender, 0):
            self._waiting = deque(item for item in self._waiting if item[0] is not sender)
            self._waiting_bytes = sum(len(data) for _, data, _ in self._waiting)

    def close(self) -> None:
        """Forget everything."""
        self._is_closed = True
        self._waiting.clear()
        self._counts.clear()
        self._lagging.clear()
        self._waiting_bytes = 0

    def _start(self, data: bytes, is_binary: bool) -> None:  # noqa: FBT001  # as `write` takes it
        self._is_writing = True
        self._write(data, is_binary).add_done_callback(self._written)

    def _written(self, written: asyncio.Future[None]) -> None:
        self._is_writing = False
        if written.cancelled() or written.exception():  # the other end went away; `close` comes by itself
            self.close()
        elif self._waiting:
            sender, data, is_binary = self._waiting.popleft()
            self._waiting_bytes -= len(data)
            self._counts[sender] -= 1
            self._start(data, is_binary)
        elif self._lagging:
            lagging, self._lagging = self._lagging, {}
            for one in lagging:
                one.catch_up()
