"""One page's connection: its channels, each a run or a list that it watches."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from cellrun.core.errors import CellrunError
from cellrun.server.errors import status_of
from cellrun.server.stream.channel import Channel, ListChannel, RunChannel
from cellrun.server.stream.hub import Hub
from cellrun.server.stream.message import error_message
from cellrun.server.stream.outbox import Outbox
from cellrun.server.stream.stream_request import BadRequestError, Follow, Leave, ListRuns, Ping, read_request

CHANNELS = 256

_PONG = json.dumps({"type": "pong"})


class StreamConnection:
    """Serves what the other end asks for. Used from the event loop alone.

    `write(data, is_binary)` sends one message and returns a future that is done once it has left.
    """

    def __init__(self, hub: Hub, write: Callable[[bytes, bool], asyncio.Future[None]]) -> None:
        self._hub = hub
        self._outbox = Outbox(write)
        self._channels: dict[int, Channel] = {}
        self._beginnings: set[asyncio.Task[None]] = set()  # a task that nobody holds may be collected
        hub.open_count += 1

    def receive(self, text: str | bytes) -> None:
        """Take a message; what can't be done is answered by an error."""
        try:
            request = read_request(text)
            if isinstance(request, Ping):
                self._say(_PONG)
                return
            self._leave(request.channel)
            if not isinstance(request, Leave):
                self._open(request)
        except BadRequestError as error:
            self._say(error_message(error.channel, 400, str(error)))

    def close(self) -> None:
        """Leave all channels."""
        self._hub.open_count -= 1
        self._outbox.close()
        for task in self._beginnings:
            task.cancel()
        for number in list(self._channels):
            self._leave(number)

    def catch_up(self) -> None:
        """Go on: an answer that the other end didn't read is not said again."""

    def _open(self, request: Follow | ListRuns) -> None:
        if len(self._channels) >= CHANNELS:
            raise BadRequestError(request.channel, f"{CHANNELS} channels are in use; leave one first")
        channel: Channel
        ends = self._outbox, lambda: self._channels.pop(request.channel, None)
        if isinstance(request, Follow):
            channel = RunChannel(request, self._hub, *ends)
        else:
            channel = ListChannel(request, self._hub, *ends)
        self._channels[request.channel] = channel
        task = asyncio.create_task(self._begin(request.channel, channel))
        self._beginnings.add(task)
        task.add_done_callback(self._beginnings.discard)

    async def _begin(self, number: int, channel: Channel) -> None:
        try:
            await channel.begin()
        except CellrunError as error:
            if self._channels.get(number) is channel:
                del self._channels[number]
                self._say(error_message(number, status_of(error), str(error)))

    def _leave(self, number: int) -> None:
        channel = self._channels.pop(number, None)
        if channel:
            channel.leave()

    def _say(self, text: str) -> None:
        self._outbox.send(self, text.encode(), is_binary=False)
