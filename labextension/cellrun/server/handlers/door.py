"""The front door for jobs that don't share the disk: appends to one run, with that run's token and nothing else."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from typing import Any, ClassVar

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado import web

from cellrun.core.errors import CellrunError, RunClosedError, RunNotFoundError, UserErrorException, shown
from cellrun.core.layout import RunLayout
from cellrun.core.limits import limits
from cellrun.core.store.intake.intake import Intake
from cellrun.core.store.intake.run_token import check_token
from cellrun.server.allowance import Allowance
from cellrun.server.base_handler import ApiHandler
from cellrun.server.checks import refuse_forged, refuse_query_token
from cellrun.server.errors import NotFoundError, TooLargeError, TooOftenError, WrongTypeError
from cellrun.server.query import Parameter, text, whole

TYPE = "application/octet-stream"
WIRE_BYTES = 16_000_000
"""A body as it is sent."""
BLOCK_BYTES = 1 << 20
SLACK_BYTES = 1_000_000
"""Unpacked, a body may hold one event of the largest size, and this much more."""

_BEARER = "bearer "


class DoorHandler(ApiHandler):
    """A route for jobs. It knows no users: a run's token opens that run for appending until the run has ended."""

    body_bytes: ClassVar[int] = WIRE_BYTES
    denied: ClassVar[str] = (
        "access denied: this takes the token of a run that hasn't ended, in the header 'Authorization: Bearer …'"
    )

    async def admit(self) -> None:
        """Refuse whoever has no token of this run, all in the same words, and who asks too often."""
        self.current_user = self._jupyter_current_user = None  # nobody of Jupyter's: it isn't even asked
        refuse_query_token(self)
        refuse_forged(self)
        layout = await self.work(self._admitted, *self.path_args)
        if layout is None:
            raise web.HTTPError(401)
        self._layout = layout
        allowance: Allowance = self.settings["cellrun_door"]
        wait_s = allowance.take(self._layout.run_id)
        if wait_s:
            raise TooOftenError(wait_s)

    async def append(self, task: Callable[[Intake, Iterable[bytes]], dict[str, Any]]) -> None:
        """Append the body to the run in a thread and answer with what came of it; kept when the answer goes out."""
        given = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if given != TYPE:
            raise WrongTypeError(f"the body is bytes, Content-Type: {TYPE}; got {given or 'none'!r}")
        encoding = self.request.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in ("identity", "gzip"):
            raise WrongTypeError(f"the body is sent as it is or with Content-Encoding: gzip; got {encoding!r}")
        body = self.raw_body()
        try:
            unpacking: asyncio.Lock = self.settings.setdefault("cellrun_unpacking", asyncio.Lock())
            async with unpacking if encoding == "gzip" else nullcontext():  # one at a time: each may be large
                done = await self.work(_append, self._layout, body, task, is_packed=encoding == "gzip")
        except RunClosedError:
            raise web.HTTPError(401) from None
        await self.answer(done)

    def error_facts(self, error: CellrunError) -> dict[str, Any]:
        """Return what a job needs to go on: how far the run's log or its writers are, which line is wrong."""
        return {name: getattr(error, name) for name in ("expected", "size", "line") if hasattr(error, name)}

    def _admitted(self, workspace_id: str, run: str) -> RunLayout | None:
        header = self.request.headers.get("Authorization", "")
        token = header[len(_BEARER) :].strip() if header[: len(_BEARER)].lower() == _BEARER else ""
        try:
            layout = self.workspace(workspace_id).store.open(run)
        except (NotFoundError, RunNotFoundError, OSError, ValueError):
            return None
        return layout if check_token(layout, token) else None


class EventsDoor(DoorHandler):
    """Takes lines of a run's event log, each once, however often it is sent."""

    query_known: ClassVar[Mapping[str, Parameter]] = {"after": text(300, many=True)}

    @allow_unauthenticated
    async def post(self, *_: str) -> None:
        """Append the lines that aren't there yet; `after=<writer>:<number>` tells of a gap in the sender's own file."""
        after = dict(map(_writer_and_number, self.asked()["after"]))

        def take(intake: Intake, blocks: Iterable[bytes]) -> dict[str, Any]:
            taken = intake.events(blocks, after)
            return {"kept": taken.kept, "known": taken.known}

        await self.append(take)


class LogDoor(DoorHandler):
    """Takes bytes of a run's log."""

    query_known: ClassVar[Mapping[str, Parameter]] = {"offset": whole(0, 2**53, needed=True)}

    @allow_unauthenticated
    async def post(self, *_: str) -> None:
        """Append the bytes that aren't there yet; `offset` is where in the log the first one belongs."""
        offset = self.asked()["offset"]
        await self.append(lambda intake, blocks: {"size": intake.log(offset, b"".join(blocks))})


def _append(
    layout: RunLayout, body: bytes, task: Callable[[Intake, Iterable[bytes]], dict[str, Any]], *, is_packed: bool
) -> dict[str, Any]:
    return task(Intake(layout), _unpacked(body) if is_packed else [body])


def _unpacked(body: bytes) -> Iterator[bytes]:
    """Iterate over what a gzip body holds, block by block, never more than is taken.

    Raises TooLargeError, UserErrorException.
    """
    left = limits().event_bytes + SLACK_BYTES
    unpacking = zlib.decompressobj(wbits=31)
    try:
        while body and not unpacking.eof:
            block = unpacking.decompress(body, BLOCK_BYTES)
            body, left = unpacking.unconsumed_tail, left - len(block)
            if left < 0:
                raise TooLargeError(limits().event_bytes + SLACK_BYTES)
            yield block
    except zlib.error as error:
        raise UserErrorException(f"the body is no gzip: {error}") from None
    if not unpacking.eof or unpacking.unused_data:
        raise UserErrorException("the body is not one whole gzip stream")


def _writer_and_number(given: str) -> tuple[str, int]:
    writer, _, number = given.rpartition(":")
    digits = number.removeprefix("-")
    if not writer or not (digits.isascii() and digits.isdecimal() and len(digits) < 19):
        raise UserErrorException(f"parameter 'after' is <writer>:<number of a line>; got {shown(given)}")
    return writer, int(number)
