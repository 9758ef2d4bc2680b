"""Who listens to a list, and who has left it."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cellrun.server.stream.channel import ListChannel
from cellrun.server.stream.hub import Hub
from cellrun.server.stream.list_watch import WatchedList
from cellrun.server.stream.stream_request import ListRuns
from cellrun.server.workspaces import Workspaces
from tests.server.live_server import PATIENCE_S


class EmptyWorkspace:
    """A workspace that isn't there yet, and says so when it may."""

    def __init__(self):
        self.is_asked = threading.Event()
        self.may_answer = threading.Event()
        self.may_answer.set()

    @property
    def exists(self):
        self.is_asked.set()
        assert self.may_answer.wait(PATIENCE_S)
        return False


class Listener:
    """Counts what it hears."""

    sparks = ()

    def __init__(self):
        self.messages = []
        self.has_heard = asyncio.Event()

    def send(self, message):
        self.messages.append(message)
        self.has_heard.set()
        return True

    def refuse(self, status, text):
        pytest.fail(f"refused: {status} {text}")


@pytest.fixture
def pool():
    with ThreadPoolExecutor(1) as made:
        yield made


def test_who_leaves_while_the_index_is_asked_has_left(pool):
    async def story():
        workspace, forgotten = EmptyWorkspace(), []
        watched = WatchedList(workspace, pool, lambda: forgotten.append(True))
        staying, leaving = Listener(), Listener()
        for listener in (staying, leaving):
            watched.add(listener, None)
            await asyncio.wait_for(listener.has_heard.wait(), PATIENCE_S)
        workspace.may_answer.clear()
        workspace.is_asked.clear()
        watched._wake.set()
        await asyncio.to_thread(workspace.is_asked.wait, PATIENCE_S)
        watched.remove(leaving)
        newcomer = Listener()
        watched.add(newcomer, None)
        workspace.may_answer.set()
        await asyncio.wait_for(newcomer.has_heard.wait(), PATIENCE_S)  # the look in between is over by then
        assert set(watched._told) == {staying, newcomer}
        for listener in (staying, newcomer):
            watched.remove(listener)
        assert forgotten

    asyncio.run(story())


def test_who_leaves_before_the_list_is_found_leaves_none_behind(pool):
    async def story():
        hub = Hub(Workspaces(), pool)
        outbox = type("Outbox", (), {"drop": lambda *_: None})()
        channel = ListChannel(ListRuns(1, "default", (), None, -1), hub, outbox, lambda: None)
        channel.leave()
        await channel.begin()
        assert not hub._lists

    asyncio.run(story())
