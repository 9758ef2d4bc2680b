"""The base of all REST handlers: authentication, bodies, answers, refusals."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ClassVar, TypeVar

import orjson
from tornado import web

from cellrun.core.errors import CellrunError, UserErrorException
from cellrun.server.checks import admit
from cellrun.server.errors import TooLargeError, WrongTypeError
from cellrun.server.json_errors import JsonErrors, encoded
from cellrun.server.query import Parameter, read_query
from cellrun.server.workspaces import OpenWorkspace, Workspaces

BODY_BYTES = 1_000_000
DRAINED_BYTES = 64_000_000
"""A body that is too large is read and dropped up to here, so that its sender gets to see the answer."""
BODY_TIMEOUT_S = 60
ZIPPED_FROM_BYTES = 2_000
T = TypeVar("T")

_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}


@web.stream_request_body
class ApiHandler(JsonErrors):
    """A route that answers with JSON, or with an error as `{"message", "status"}`.

    Bodies are taken in as they come and bounded; what blocks is done by `work`, never on the event loop.
    """

    query_known: ClassVar[Mapping[str, Parameter]] = {}
    """The query parameters of GET."""
    body_bytes: ClassVar[int] = BODY_BYTES

    def initialize(self) -> None:
        """Begin with an empty body."""
        self._body = bytearray()
        self._received = 0
        self._refusal: Exception | None = None

    def set_default_headers(self) -> None:
        """Set the headers of every answer: nothing is kept, nothing is guessed, nothing in it may act."""
        super().set_default_headers()
        for name, value in _HEADERS.items():
            self.set_header(name, value)

    async def prepare(self) -> None:  # type: ignore[override]  # Jupyter's takes a flag of its own
        """Refuse whoever may not ask: once the body has come, for an answer before that may never be read."""
        self._expect_body()
        try:
            await self.admit()
        except (web.HTTPError, CellrunError) as error:
            self._refusal = error
            setattr(self, str(self.request.method).lower(), self._refuse)

    async def admit(self) -> None:
        """Raise HTTPError, 401 or 403, unless the request may be made."""
        await admit(self, "read" if self.request.method in ("GET", "HEAD") else "write")

    def check_origin(self, origin_to_satisfy_tornado: str = "") -> bool:  # noqa: ARG002  # Jupyter's name
        """Return True: `admit` looks at the origin, of all requests, and says 403 where Jupyter says 404."""
        return True

    def data_received(self, chunk: bytes) -> None:
        """Take in a part of the body; nothing is kept of one that is refused or too large, and not much is read."""
        self._received += len(chunk)
        if self._refusal is None and self._received <= self.body_bytes:
            self._body += chunk
        elif self._received > max(DRAINED_BYTES, self.body_bytes):
            self._connection.close()
        else:
            self._body.clear()

    @property
    def workspaces(self) -> Workspaces:
        """The workspaces that are served."""
        found: Workspaces = self.settings["cellrun_workspaces"]
        return found

    def workspace(self, workspace_id: str) -> OpenWorkspace:
        """Return a workspace by its id. Raises NotFoundError."""
        return self.workspaces.open(workspace_id)

    async def work(self, task: Callable[..., T], *arguments: Any, **options: Any) -> T:
        """Do what reads or writes files in a thread, and return its result."""
        pool: ThreadPoolExecutor = self.settings["cellrun_pool"]
        return await asyncio.get_running_loop().run_in_executor(pool, partial(task, *arguments, **options))

    def asked(self) -> dict[str, Any]:
        """Return the query's parameters. Raises UserErrorException."""
        return read_query(self.request.query_arguments, self.query_known)

    def raw_body(self) -> bytes:
        """Return the whole body. Raises TooLargeError."""
        if self._received > self.body_bytes:
            raise TooLargeError(self.body_bytes)
        return bytes(self._body)

    def json_body(self) -> dict[str, Any]:
        """Return the body, a JSON object; {} without a body. Raises WrongTypeError, UserErrorException."""
        body = self.raw_body()
        if not body:
            return {}
        given = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if given != "application/json":
            raise WrongTypeError(f"the body is JSON, Content-Type: application/json; got {given or 'none'!r}")
        try:
            found = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise UserErrorException(f"the body is not JSON: {error}") from None
        if not isinstance(found, dict):
            raise UserErrorException(f"the body is a JSON object; got a {type(found).__name__}")
        return found

    async def answer(self, data: Any) -> None:
        """Answer with JSON."""
        self.set_header("Content-Type", "application/json")
        await self.answer_bytes(await self.work(encoded, data))

    async def answer_bytes(self, data: bytes) -> None:
        """Answer with bytes, zipped where that is worth it."""
        self.set_header("Vary", "Accept-Encoding")
        if len(data) >= ZIPPED_FROM_BYTES and "gzip" in self.request.headers.get("Accept-Encoding", ""):
            data = await self.work(gzip.compress, data, compresslevel=1)
            self.set_header("Content-Encoding", "gzip")
        await self.finish(data)

    def compute_etag(self) -> str | None:
        """Return none: nobody keeps these answers."""
        return None

    async def _refuse(self, *_: str) -> None:
        """Stand in for the method that was asked for."""
        if self._refusal is not None:
            raise self._refusal

    @property
    def _connection(self) -> Any:
        """The HTTP/1 connection, of which tornado's type says less."""
        return self.request.connection

    def _expect_body(self) -> None:
        """Bound the body before it comes. Raises TooLargeError for one that is said to be far too large."""
        told = self.request.headers.get("Content-Length", "")
        if told.isdecimal() and int(told) > max(DRAINED_BYTES, self.body_bytes):
            raise TooLargeError(self.body_bytes)
        self._connection.set_body_timeout(BODY_TIMEOUT_S)
