"""What a page watches under a number of its own: a run, or a list of runs."""

from __future__ import annotations

from collections.abc import Callable

from cellrun.core.store.lists.index import Point
from cellrun.server.stream.hub import Hub
from cellrun.server.stream.list_watch import WatchedList
from cellrun.server.stream.message import Message, error_message
from cellrun.server.stream.outbox import Outbox, Sender
from cellrun.server.stream.stream_request import Follow, ListRuns
from cellrun.server.stream.watched_run import WatchedRun


class Wire:
    """A channel's way out: messages under its number. `over` is called when the channel is refused."""

    def __init__(self, outbox: Outbox, number: int, over: Callable[[], object]) -> None:
        self._outbox = outbox
        self._number = number
        self._over = over

    def tell(self, sender: Sender, message: Message) -> bool:
        """Send a message; False if there is no room."""
        return self._outbox.send(sender, message.to(self._number), is_binary=message.is_binary)

    def refuse(self, sender: Sender, status: int, text: str) -> None:
        """Say that the channel is over, and why."""
        self._outbox.drop(sender)
        self._outbox.send(sender, error_message(self._number, status, text).encode(), is_binary=False)
        self._over()

    def drop(self, sender: Sender) -> None:
        """Forget what waits."""
        self._outbox.drop(sender)


class RunChannel:
    """Watches a run."""

    def __init__(self, wire: Wire, hub: Hub, request: Follow) -> None:
        self._wire = wire
        self._hub = hub
        self._request = request
        self._run: WatchedRun | None = None
        self._is_left = False

    async def begin(self) -> None:
        """Watch from where the other end stands. Raises CellrunError if there is no such run."""
        run = await self._hub.watch_run(self._request.workspace, self._request.run)
        if not self._is_left:
            self._run = run
            run.add(self, self._request.epoch, self._request.frame)

    def tell(self, message: Message) -> bool:
        """Send a frame; False if there is no room."""
        return self._wire.tell(self, message)

    def refuse(self, status: int, text: str) -> None:
        """Say that nothing more will come."""
        self._wire.refuse(self, status, text)

    def catch_up(self) -> None:
        """Go on with a whole frame."""
        if self._run:
            self._run.catch_up(self)

    def leave(self) -> None:
        """Watch no more."""
        self._is_left = True
        self._wire.drop(self)
        if self._run:
            self._run.remove(self)


class ListChannel:
    """Watches a workspace's list."""

    def __init__(self, wire: Wire, hub: Hub, request: ListRuns) -> None:
        self.sparks = request.sparks
        self._wire = wire
        self._hub = hub
        self._request = request
        self._list: WatchedList | None = None
        self._is_left = False

    async def begin(self) -> None:
        """Listen from where the other end stands. Raises CellrunError if there is no such workspace."""
        watched = await self._hub.watch_list(self._request.workspace)
        if self._is_left:
            watched.remove(self)  # if nobody else listens, it has nothing to ask for
            return
        self._list = watched
        epoch, cursor = self._request.epoch, self._request.cursor
        watched.add(self, None if epoch is None or cursor < 0 else Point(epoch, cursor))

    def tell(self, message: Message) -> bool:
        """Send what changed; False if there is no room."""
        return self._wire.tell(self, message)

    def refuse(self, status: int, text: str) -> None:
        """Say that nothing more will come."""
        self._wire.refuse(self, status, text)

    def catch_up(self) -> None:
        """Go on with what was missed."""
        if self._list:
            self._list.catch_up(self)

    def leave(self) -> None:
        """Listen no more."""
        self._is_left = True
        self._wire.drop(self)
        if self._list:
            self._list.remove(self)
