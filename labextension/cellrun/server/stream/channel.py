"""A channel of the stream: a run, or a list of runs, that a page watches under a number."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from cellrun.core.store.lists.index import Point
from cellrun.server.stream.hub import Hub
from cellrun.server.stream.list_watch import WatchedList
from cellrun.server.stream.message import Message, error_message
from cellrun.server.stream.outbox import Outbox
from cellrun.server.stream.stream_request import Follow, ListRuns
from cellrun.server.stream.watched_run import WatchedRun


class Channel(ABC):
    """Sends messages under its number. `over` is called when it is refused."""

    def __init__(self, number: int, outbox: Outbox, over: Callable[[], object]) -> None:
        self._number = number
        self._outbox = outbox
        self._over = over
        self._is_left = False

    @abstractmethod
    async def begin(self) -> None:
        """Watch from where the other end stands. Raises CellrunError if there is no such run, or no such list."""

    @abstractmethod
    def catch_up(self) -> None:
        """Go on after messages were dropped."""

    def send(self, message: Message) -> bool:
        """Send a message; False if the outbox is full."""
        return self._outbox.send(self, message.to(self._number), is_binary=message.is_binary)

    def refuse(self, status: int, text: str) -> None:
        """Say that nothing more will come, and why."""
        self._outbox.drop(self)
        self._outbox.send(self, error_message(self._number, status, text).encode(), is_binary=False)
        self._over()

    def leave(self) -> None:
        """Watch no more."""
        self._is_left = True
        self._outbox.drop(self)


class RunChannel(Channel):
    """Watches a run."""

    def __init__(self, request: Follow, hub: Hub, outbox: Outbox, over: Callable[[], object]) -> None:
        super().__init__(request.channel, outbox, over)
        self._request = request
        self._hub = hub
        self._run: WatchedRun | None = None

    async def begin(self) -> None:
        """Watch the run from its next frame on, or from a whole one."""
        run = await self._hub.watch_run(self._request.workspace, self._request.run)
        if not self._is_left:
            self._run = run
            run.add(self, self._request.epoch, self._request.frame)

    def catch_up(self) -> None:
        """Go on with a whole frame."""
        if self._run:
            self._run.catch_up(self)

    def leave(self) -> None:
        """Watch no more."""
        super().leave()
        if self._run:
            self._run.remove(self)


class ListChannel(Channel):
    """Watches a workspace's list."""

    def __init__(self, request: ListRuns, hub: Hub, outbox: Outbox, over: Callable[[], object]) -> None:
        super().__init__(request.channel, outbox, over)
        self.sparks = request.sparks
        self._request = request
        self._hub = hub
        self._list: WatchedList | None = None

    async def begin(self) -> None:
        """Listen for what changed after the other end's cursor, or for a reset."""
        watched = await self._hub.watch_list(self._request.workspace)
        if self._is_left:
            watched.remove(self)  # if nobody else listens, it has nothing to ask for
            return
        self._list = watched
        epoch, cursor = self._request.epoch, self._request.cursor
        watched.add(self, None if epoch is None or cursor < 0 else Point(epoch, cursor))

    def catch_up(self) -> None:
        """Go on with what was missed."""
        if self._list:
            self._list.catch_up(self)

    def leave(self) -> None:
        """Listen no more."""
        super().leave()
        if self._list:
            self._list.remove(self)
