"""The live stream: a websocket over which a page follows runs and lists of runs."""

from __future__ import annotations

import asyncio
from typing import Any

from tornado import web
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from cellrun.server.checks import admit
from cellrun.server.json_errors import JsonErrors
from cellrun.server.stream.hub import Hub
from cellrun.server.stream.stream_connection import StreamConnection

MESSAGE_BYTES = 64 * 1024
PING_S = 10.0
"""So often the other end is asked for a sign of life; one that gives none in that time is cut off."""

_VERSIONS = ("7", "8", "13")
"""Of the websocket protocol, those that tornado speaks."""


class StreamHandler(WebSocketHandler, JsonErrors):
    """Lets in whom the REST routes let in, before the upgrade; then all is the connection's matter."""

    _connection: StreamConnection | None = None

    async def prepare(self) -> None:  # type: ignore[override]  # Jupyter's takes a flag of its own
        """Refuse whoever may not ask."""
        await admit(self, "read")

    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Open the websocket. What asks for anything else is answered as everywhere, in JSON."""
        headers = self.request.headers
        if headers.get("Upgrade", "").lower() != "websocket" or "upgrade" not in headers.get("Connection", "").lower():
            raise web.HTTPError(400, "this is the live stream: open it as a websocket")
        if headers.get("Sec-WebSocket-Version") not in _VERSIONS:
            self.set_header("Sec-WebSocket-Version", ", ".join(_VERSIONS))
            raise web.HTTPError(426, "this version of the websocket protocol isn't spoken here")
        await super().get(*args, **kwargs)

    def check_origin(self, origin_to_satisfy_tornado: str = "") -> bool:  # noqa: ARG002  # Jupyter's and tornado's name
        """Return True: `prepare` has refused what comes from elsewhere."""
        return True

    def get_compression_options(self) -> dict[str, Any] | None:
        """Return None: float64 columns hardly shrink, and each viewer would be compressed for by itself."""
        return None

    @property
    def ping_interval(self) -> float | None:
        """Seconds between two pings."""
        return PING_S

    @property
    def ping_timeout(self) -> float | None:
        """Seconds that the answer may take."""
        return PING_S

    @property
    def max_message_size(self) -> int:
        """What a client may send at once; one that sends more is cut off."""
        return MESSAGE_BYTES

    def open(self, *_args: str, **_kwargs: str) -> None:
        """Begin to serve it."""
        hub: Hub = self.settings["cellrun_hub"]
        self.set_nodelay(True)
        self._connection = StreamConnection(hub, self._write)

    def on_message(self, message: str | bytes) -> None:
        """Serve what it asks for."""
        if self._connection:
            self._connection.receive(message)

    def on_close(self) -> None:
        """Leave all that it watched."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def _write(self, data: bytes, is_binary: bool) -> asyncio.Future[None]:  # noqa: FBT001  # as an outbox calls it
        try:
            return asyncio.ensure_future(self.write_message(data, binary=is_binary))
        except WebSocketClosedError as error:
            failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            failed.set_exception(error)
            return failed
