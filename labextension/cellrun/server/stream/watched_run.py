"""A run that somebody watches: one reader, many viewers."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Protocol

from cellrun.core.layout import RunLayout
from cellrun.core.live.live_run import EventsMark, events_mark
from cellrun.server.stream.message import Message
from cellrun.server.stream.run_messages import PollResult, RunMessages, gone_text

ROUND_S = 2.0
"""How often it is seen whether anybody still watches, and whether a run that has ended was tagged or deleted."""

LINGER_S = 10.0
"""What was read is kept so long for viewers that come back: a reload, a moment without a network."""

KEPT_BYTES = 256 * 1024
KEPT_FRAMES = 64


class Viewer(Protocol):
    """Who watches a run: a channel of a connection."""

    def send(self, message: Message) -> bool:
        """Send a message; False if the outbox is full: nothing more is sent before `WatchedRun.catch_up`."""

    def refuse(self, status: int, text: str) -> None:
        """Hear that nothing more will come, and why."""


class WatchedRun:
    """Brings the frames of one reader to every viewer, each from where it stands. Used from the event loop alone.

    Responsibilities: who has what; a few frames kept for those who come back; the reader, which ends soon after the
    last viewer left, or with the run. `forget` is called when nobody needs this object any more.
    """

    def __init__(self, layout: RunLayout, pool: Executor, forget: Callable[[], None]) -> None:
        self._layout = layout
        self._pool = pool
        self._forget = forget
        self._loop = asyncio.get_running_loop()
        self._current: dict[Viewer, None] = {}  # has the last frame; in the order in which they came
        self._waiting: dict[Viewer, None] = {}  # for a whole frame
        self._lagging: dict[Viewer, None] = {}  # has no room for one
        self._settled: dict[Viewer, None] = {}  # has all of a run that has ended
        self._epoch = ""
        self._number = -1
        self._kept: deque[tuple[int, Message]] = deque()
        self._kept_bytes = 0
        self._reader: RunMessages | None = None
        self._final: Message | None = None
        self._mark: EventsMark | None = None
        self._used_at = self._loop.time()
        self._rounds = asyncio.create_task(self._go_round())

    @property
    def viewers(self) -> int:
        """How many watch it."""
        return sum(map(len, self._groups))

    def add(self, viewer: Viewer, epoch: str | None, frame: int) -> None:
        """Let somebody watch who has all frames up to this one of an epoch (-1: none)."""
        self._used_at = self._loop.time()
        if self._reader:
            self._reader.live.watch(is_watched=True)
        missed = self._since(frame) if epoch == self._epoch else None
        if missed is None:
            self._bring_whole(viewer)
            return
        self._current[viewer] = None
        for message in missed:
            if not self._send(viewer, message):
                return
        if not self._reader:
            self._settle()

    def remove(self, viewer: Viewer) -> None:
        """Let somebody go."""
        for group in self._groups:
            group.pop(viewer, None)
        self._used_at = self._loop.time()
        if not self.viewers and self._reader:
            self._reader.live.watch(is_watched=False)

    def catch_up(self, viewer: Viewer) -> None:
        """Bring a viewer that lagged, and has room again, up to the present with a whole frame."""
        if viewer in self._lagging:
            del self._lagging[viewer]
            self._bring_whole(viewer)

    def close(self) -> None:
        """End the reader; viewers hear nothing more."""
        self._rounds.cancel()
        if self._reader:
            self._reader.live.stop()
        self._drop_memory()
        for group in self._groups:
            group.clear()
        self._forget()

    @property
    def _groups(self) -> tuple[dict[Viewer, None], ...]:
        return self._current, self._waiting, self._lagging, self._settled

    def _bring_whole(self, viewer: Viewer) -> None:
        if self._final:
            self._current[viewer] = None
            if self._send(viewer, self._final):
                self._settle()
            return
        self._waiting[viewer] = None
        if self._reader:
            self._reader.want_present()
        else:
            self._read()

    def _read(self) -> None:
        """Begin to read, from the run's first event on."""
        self._drop_memory()
        self._epoch = epoch = secrets.token_hex(8)

        def post(result: PollResult) -> None:
            if not self._loop.is_closed():  # a server that stops doesn't wait for its readers
                self._loop.call_soon_threadsafe(self._take, epoch, result)

        self._reader = RunMessages(self._layout, epoch, post)
        self._reader.live.start()

    def _take(self, epoch: str, result: PollResult) -> None:
        if epoch != self._epoch or not self._reader:  # closed by now
            return
        if result.problem:
            self._fail(result.status, result.problem)
            return
        self._number = result.number
        if result.news:
            self._keep(result.number, result.news)
            for viewer in list(self._current):
                self._send(viewer, result.news)
        if result.present:
            waiting = list(self._waiting)
            self._waiting.clear()
            self._current.update(dict.fromkeys(waiting))
            for viewer in waiting:
                self._send(viewer, result.present)
        if result.mark is not None:
            self._reader, self._final, self._mark = None, result.present, result.mark
            self._used_at = self._loop.time()
            self._settle()

    def _send(self, viewer: Viewer, message: Message) -> bool:
        if viewer.send(message):
            return True
        self._current.pop(viewer, None)
        self._lagging[viewer] = None
        return False

    def _settle(self) -> None:
        self._settled.update(self._current)
        self._current.clear()

    def _since(self, frame: int) -> list[Message] | None:
        """Return the frames after one; None if they aren't kept."""
        first = self._kept[0][0] if self._kept else self._number + 1
        if not first - 1 <= frame <= self._number:
            return None
        return [message for number, message in self._kept if number > frame]

    def _keep(self, number: int, message: Message) -> None:
        self._kept.append((number, message))
        self._kept_bytes += message.size_bytes
        while self._kept_bytes > KEPT_BYTES or len(self._kept) > KEPT_FRAMES:
            self._kept_bytes -= self._kept.popleft()[1].size_bytes

    def _drop_memory(self) -> None:
        self._kept.clear()
        self._kept_bytes = 0
        self._final = None

    def _fail(self, status: int, problem: str) -> None:
        viewers = [viewer for group in self._groups for viewer in group]
        self.close()
        for viewer in viewers:
            viewer.refuse(status, problem)

    async def _go_round(self) -> None:
        """Look after what changes without a reader: nobody watches any more, a run that has ended is touched."""
        while True:
            await asyncio.sleep(ROUND_S)
            is_over = self._loop.time() - self._used_at > LINGER_S
            if not self.viewers and is_over:
                self.close()
            elif not self._reader:
                if is_over:
                    self._drop_memory()
                await self._glance()

    async def _glance(self) -> None:
        try:
            mark = await self._loop.run_in_executor(self._pool, events_mark, self._layout)
        except FileNotFoundError:
            self._fail(404, gone_text(self._layout))
            return
        except OSError:  # a share that is away for a moment: the next round sees
            return
        if mark != self._mark and not self._reader:
            self._waiting.update(self._settled)
            self._settled.clear()
            self._read()
