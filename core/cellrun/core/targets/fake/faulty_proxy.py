"""An HTTP proxy between a fake job that pushes and our server, with the faults of the link.

Standard library only: it runs on the far side.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import urlsplit

from cellrun.core.errors import ComputeTargetException
from cellrun.core.targets.fake.faulty_link import FaultyLink

_PATIENCE_S = 30.0
_REQUESTS = 0.5
"""The share of what is lost that is requests; the rest is answers."""
_OF_A_CONNECTION = frozenset({"connection", "content-length", "host", "keep-alive", "transfer-encoding"})


class _Request(NamedTuple):
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class _Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


class FaultyProxy:
    """A way to a server through a link, on a port of loopback, as long as the process lives.

    Responsibilities: what becomes of each request and its answer. One that comes late comes without anybody waiting for
    its answer: who sent it takes it for lost, and sends it again.
    """

    def __init__(self, server: str, link: FaultyLink) -> None:
        self._server = urlsplit(server)
        self._link = link
        self._held: list[_Request] = []
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                proxy._answer(self, _Request("POST", self.path, dict(self.headers), self.rfile.read(size)))

            def log_message(self, *_: object) -> None:
                """Say nothing: what it prints would stand in the engine's log."""

        http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        http.daemon_threads = True
        threading.Thread(target=http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{http.server_port}{self._server.path}"
        """Where a job finds the server."""

    def _answer(self, handler: BaseHTTPRequestHandler, request: _Request) -> None:
        handler.close_connection = True
        with suppress(OSError, HTTPException, ComputeTargetException):  # whoever asked sees that nothing is answered
            with self._link.on_its_way():
                answer = self._through(request)
            if answer is not None:
                handler.send_response(answer.status)
                for name, value in answer.headers.items():
                    handler.send_header(name, value)
                handler.send_header("Content-Length", str(len(answer.body)))
                handler.end_headers()
                handler.wfile.write(answer.body)

    def _through(self, request: _Request) -> _Answer | None:
        """Let a request through as the link does; None if nothing comes back."""
        faults = self._link.exchange()
        if faults.bytes_per_s is not None:
            time.sleep(len(request.body) / faults.bytes_per_s)
        is_lost = self._link.happens(faults.loss)
        if is_lost and self._link.happens(_REQUESTS):
            return None
        if self._link.happens(faults.reordering):
            self._held.append(request)
            return None
        answer = self._ask(request)
        if self._link.happens(faults.repetition):
            self._ask(request)
        while self._held:
            self._ask(self._held.pop())
        return None if is_lost else answer

    def _ask(self, request: _Request) -> _Answer:
        kind = HTTPSConnection if self._server.scheme == "https" else HTTPConnection
        connection = kind(self._server.hostname or "", self._server.port, timeout=_PATIENCE_S)
        try:
            headers = {name: value for name, value in request.headers.items() if name.lower() not in _OF_A_CONNECTION}
            connection.request(request.method, request.path, request.body, headers)
            answer = connection.getresponse()
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in _OF_A_CONNECTION}
            return _Answer(answer.status, kept, answer.read())
        finally:
            connection.close()
