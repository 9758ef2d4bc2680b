"""What one connection is still to be sent: bounded, in order, and dropped as a whole."""

import asyncio

import pytest

from cellrun.server.stream import outbox
from cellrun.server.stream.outbox import Outbox


class Wire:
    """A connection that takes one message at a time, when the test says so."""

    def __init__(self):
        self.sent = []
        self.writing = None

    def write(self, data, is_binary):
        """Begin to send."""
        assert self.writing is None or self.writing.done()
        self.sent.append((data, is_binary))
        self.writing = asyncio.get_running_loop().create_future()
        return self.writing

    async def leave(self, error=None):
        """Let what is being sent leave, or fail."""
        if error:
            self.writing.set_exception(error)
        else:
            self.writing.set_result(None)
        await asyncio.sleep(0)


class Channel:
    """Counts how often it may catch up."""

    def __init__(self):
        self.catches = 0

    def catch_up(self):
        """Count."""
        self.catches += 1


@pytest.fixture
def wire():
    """Return a wire."""
    return Wire()


def run(scenario):
    """Run a scenario on an event loop."""
    asyncio.run(scenario())


def test_messages_leave_one_at_a_time_in_order(wire):
    async def scenario():
        box, one, other = Outbox(wire.write), Channel(), Channel()
        assert box.send(one, b"1", is_binary=True)
        assert box.send(other, b"2", is_binary=False)
        assert box.send(one, b"3", is_binary=True)
        assert wire.sent == [(b"1", True)]
        for _ in range(3):
            await wire.leave()
        assert wire.sent == [(b"1", True), (b"2", False), (b"3", True)]
        assert box.send(one, b"4", is_binary=True)
        assert wire.sent[-1] == (b"4", True)

    run(scenario)


def test_who_has_too_much_waiting_loses_it_all_and_catches_up_when_the_rest_has_left(wire, monkeypatch):
    monkeypatch.setattr(outbox, "QUEUED_MESSAGES", 2)

    async def scenario():
        box, fast, slow = Outbox(wire.write), Channel(), Channel()
        taken = [box.send(slow, b"s%d" % number, is_binary=True) for number in range(4)]
        assert taken == [True, True, True, False]
        assert box.send(fast, b"f", is_binary=True)
        await wire.leave()
        assert wire.sent[1:] == [(b"f", True)]
        assert slow.catches == 0
        await wire.leave()
        assert (slow.catches, fast.catches) == (1, 0)

    run(scenario)


def test_bytes_are_bounded_but_one_message_however_large_goes(wire, monkeypatch):
    monkeypatch.setattr(outbox, "QUEUED_BYTES", 10)

    async def scenario():
        box, one, other = Outbox(wire.write), Channel(), Channel()
        box.send(one, b"x", is_binary=True)
        assert box.send(one, b"y" * 100, is_binary=True)
        assert not box.send(other, b"z", is_binary=True)
        await wire.leave()
        assert wire.sent[-1][0] == b"y" * 100
        await wire.leave()
        assert other.catches == 1

    run(scenario)


def test_a_channel_that_left_neither_sends_nor_catches_up(wire, monkeypatch):
    monkeypatch.setattr(outbox, "QUEUED_MESSAGES", 1)

    async def scenario():
        box, gone, stays = Outbox(wire.write), Channel(), Channel()
        box.send(stays, b"1", is_binary=True)
        box.send(gone, b"2", is_binary=True)
        box.send(gone, b"3", is_binary=True)
        box.send(stays, b"4", is_binary=True)
        box.drop(gone)
        await wire.leave()
        await wire.leave()
        assert [data for data, _ in wire.sent] == [b"1", b"4"]
        assert gone.catches == 0

    run(scenario)


def test_after_the_other_end_went_away_nothing_is_kept(wire):
    async def scenario():
        box, one = Outbox(wire.write), Channel()
        for _ in range(3):
            box.send(one, b"x", is_binary=True)
        await wire.leave(ConnectionResetError())
        assert box.send(one, b"y", is_binary=True)
        assert len(wire.sent) == 1
        assert not box._waiting

    run(scenario)
