"""A workspace's list of runs that somebody watches: one question to the index, many listeners."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from concurrent.futures import Executor
from typing import Any, NamedTuple, Protocol

from cellrun.core.errors import CellrunError
from cellrun.core.store.lists.index import ListNews, Point
from cellrun.core.store.status import Status
from cellrun.core.targets.keeper.waiting_elsewhere import WAITING_ELSEWHERE
from cellrun.core.targets.local.waiting import WAITING_RUNS
from cellrun.server.errors import status_of
from cellrun.server.rows import row_json
from cellrun.server.stream.message import Message
from cellrun.server.workspaces import OpenWorkspace

POLL_S = 0.5
BUSY_SHARE = 4
"""A look that takes long is followed by a pause of so many times as long: a large list never keeps a core busy."""

MOST_ROWS = 500
"""More rows than that at once are cheaper to load again than to send: a page shows fifty."""

_NOWHERE = Point("none", 0)
_NOBODY = (-1, -1)
"""No version of the queues: whoever was told so is told of all that wait."""


class _Position(NamedTuple):
    """What a listener has been told: all up to a point of the index, None for nothing, and versions of the queues."""

    point: Point | None
    queue: tuple[int, int] = _NOBODY


class RowsListener(Protocol):
    """What is sent the changes of a list: a channel of a connection."""

    @property
    def sparks(self) -> tuple[str, ...]:
        """The metrics whose courses it wants."""

    def send(self, message: Message) -> bool:
        """Send a message; False if the outbox is full: nothing more is sent before `WatchedList.catch_up`."""

    def refuse(self, status: int, text: str) -> None:
        """Take note that nothing more will come, and why."""


class WatchedList:
    """Asks the index what changed and tells every listener, each from where it stands. Used from the event loop alone.

    The index doesn't follow the queues: runs that wait are told again when one has changed.
    Responsibilities: one task while anybody listens; what each listener has been told (a `Point` of the index outlives
    this server). `forget` is called when the last one has left.
    """

    def __init__(self, workspace: OpenWorkspace, pool: Executor, forget: Callable[[], None]) -> None:
        self._workspace = workspace
        self._pool = pool
        self._forget = forget
        self._told: dict[RowsListener, _Position] = {}
        self._lagging: dict[RowsListener, _Position] = {}
        self._wake = asyncio.Event()
        self._watching = asyncio.create_task(self._watch())

    def add(self, listener: RowsListener, point: Point | None) -> None:
        """Let somebody listen who has been told of all up to a point; None: of nothing, and begins with a reset."""
        self._told[listener] = _Position(point)
        self._wake.set()

    def remove(self, listener: RowsListener) -> None:
        """Let somebody go."""
        self._told.pop(listener, None)
        self._lagging.pop(listener, None)
        if not self._told and not self._lagging:
            self.close()

    def catch_up(self, listener: RowsListener) -> None:
        """Tell a listener that lagged, and has room again, what it missed."""
        if listener in self._lagging:
            self.add(listener, self._lagging.pop(listener).point)

    def close(self) -> None:
        """Ask no more; listeners hear nothing more."""
        self._watching.cancel()
        self._told.clear()
        self._lagging.clear()
        self._forget()

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            self._wake.clear()
            try:
                await self._look()
            except CellrunError as error:
                self._fail(status_of(error), str(error))
                return
            except Exception:  # a task's error is seen by nobody: those who listen have to hear that it is over
                logging.getLogger(__name__).exception("the list of runs can't be watched any more")
                self._fail(500, "the server met an error; its log says more")
                return
            pause = max(POLL_S, BUSY_SHARE * (loop.time() - began))
            try:
                await asyncio.wait_for(self._wake.wait(), pause)
            except asyncio.TimeoutError:
                continue

    async def _look(self) -> None:
        for told in set(self._told.values()):
            listeners = [listener for listener, held in self._told.items() if held == told]
            sparks = {listener.sparks for listener in listeners}
            question = asyncio.get_running_loop().run_in_executor(self._pool, self._ask, told, sparks)
            now, messages = await question
            for listener in listeners:
                if listener in self._told and self._told[listener] == told:  # it may have left meanwhile
                    self._send(listener, messages.get(listener.sparks), told, now)

    def _ask(
        self, told: _Position, sparks: Collection[tuple[str, ...]]
    ) -> tuple[_Position, dict[tuple[str, ...], Message]]:
        """Return what is told now, and how to those who were told so much, by the courses wanted."""
        point, queue = told.point, _queues()
        if not self._workspace.exists:  # the default workspace before its first run: it is served, and empty
            news = ListNews([], [], _NOWHERE, reset=point != _NOWHERE)
        else:
            self._workspace.tend()
            news = self._workspace.index.changed(point, MOST_ROWS)
            if queue != told.queue and not news.reset:
                news = self._with_waiting(news)
        now = _Position(news.point, queue)
        if news.point == point and not (news.rows or news.gone or news.reset):
            return now, {}
        return now, {wanted: _message(news, wanted) for wanted in sparks}

    def _with_waiting(self, news: ListNews) -> ListNews:
        waiting = self._workspace.index.runs(status=[Status.QUEUED.value], limit=MOST_ROWS + 1)
        if len(waiting) > MOST_ROWS:
            return ListNews([], [], news.point, reset=True)
        told = {row.id for row in news.rows}
        return news._replace(rows=[*news.rows, *(row for row in waiting if row.id not in told)])

    def _send(self, listener: RowsListener, message: Message | None, before: _Position, now: _Position) -> None:
        if message is None or listener.send(message):
            self._told[listener] = now
        else:
            del self._told[listener]
            self._lagging[listener] = before

    def _fail(self, status: int, text: str) -> None:
        listeners = [*self._told, *self._lagging]
        self.close()
        for listener in listeners:
            listener.refuse(status, text)


def _queues() -> tuple[int, int]:
    """Return versions of this machine's queue, and of those elsewhere."""
    return WAITING_RUNS.now().version, WAITING_ELSEWHERE.now().version


def _message(news: ListNews, sparks: tuple[str, ...]) -> Message:
    content: dict[str, Any] = {
        "type": "rows",
        "epoch": news.point.epoch,
        "cursor": news.point.number,
        "reset": news.reset,
        "rows": [row_json(row, sparks) for row in news.rows],
        "gone": news.gone,
    }
    return Message(content)
