"""A job's log as it is written: one websocket, which the cluster fills once a second."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from cellrun.core.errors import missing_package
from cellrun.core.targets.ray.http_deadline import cut

_OPEN_S, _READ_S = 5.0, 0.002
_MOST_MESSAGES = 200
"""So many are taken in one call at most; each has some 20 kB."""
_MOST_BYTES = 16_000_000
"""So large one may be: whoever sends it says how long it gets."""


class Tail:
    """One log from its beginning on. Read by one thread; never waits for more than a moment."""

    def __init__(self, address: str, submission_id: str, headers: Mapping[str, str]) -> None:
        """Raise UserErrorException where the package for it isn't installed; any other trouble ends the tail."""
        try:
            from websocket import WebSocket, WebSocketException, WebSocketTimeoutException  # noqa: PLC0415  # an extra's
        except ImportError:
            raise missing_package("reading Ray's logs as they are written", "websocket-client", "ray") from None
        self._nothing_new, self._troubles = WebSocketTimeoutException, (WebSocketException, OSError, ValueError)
        parts = urlsplit(address)
        scheme = {"http": "ws", "https": "wss"}[parts.scheme]
        url = f"{scheme}://{parts.netloc}{parts.path}/api/jobs/{quote(submission_id, safe='')}/logs/tail"
        # A byte that is no text ends it at the cluster: nothing is gained by looking for one here, too.
        trusted = os.environ.get("REQUESTS_CA_BUNDLE") or DEFAULT_CA_BUNDLE_PATH  # as all else that is asked of it
        self._socket = WebSocket(skip_utf8_validation=True, sslopt={"ca_certs": trusted})
        self._messages: Callable[[], bytes | str] = self._socket.recv
        connect: Callable[..., None] = self._socket.connect
        self._shut: Callable[[], None] = self._socket.shutdown
        self._message_bytes = 0
        self.is_over = False
        """Whether nothing more comes: the job has ended, or the connection."""
        opening = threading.Timer(_OPEN_S, self._cut)
        opening.daemon = True
        opening.start()
        try:
            connect(url, timeout=_OPEN_S, header=dict(headers), suppress_origin=True, redirect_limit=0)
            self._socket.settimeout(_READ_S)
            buffer: Any = self._socket.frame_buffer
            self._receive, buffer.recv = buffer.recv, self._received
        except self._troubles:
            self.close()
        finally:
            opening.cancel()

    def read(self) -> bytes:
        """Return what has come since; nothing if nothing has."""
        found = bytearray()
        try:
            for _ in range(_MOST_MESSAGES):
                if self.is_over:
                    break
                message = self._messages()
                self._message_bytes = 0
                if not message and not self._socket.connected:
                    self.close()
                found += message.encode() if isinstance(message, str) else message
        except self._nothing_new:
            pass
        except self._troubles:
            self.close()
        return bytes(found)

    def close(self) -> None:
        """Read no more."""
        self.is_over = True
        self._shut()

    def _received(self, most_bytes: int) -> bytes:
        """Take what has come of a message; its sender says how long it is, and may never end it."""
        found: bytes = self._receive(most_bytes)
        self._message_bytes += len(found)
        if self._message_bytes > _MOST_BYTES:
            raise ValueError("a message of a log's tail is too long")
        return found

    def _cut(self) -> None:
        if self._socket.sock:
            cut(self._socket.sock)
