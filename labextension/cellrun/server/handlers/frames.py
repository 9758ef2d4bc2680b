"""Receives what a job without our disk writes, with its run's token, which is good for nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado import web

from cellrun.core.disk.control_file import UNREADABLE, read_control_file
from cellrun.core.errors import CellrunError, RunClosedError, RunNotFoundError
from cellrun.core.layout import RunLayout
from cellrun.core.mirror.frame import FrameReader
from cellrun.core.mirror.frame_errors import ConflictError, FrameError, GapError
from cellrun.core.mirror.receiver import Receiver
from cellrun.core.mirror.run_key import key_of
from cellrun.core.mirror.run_token import check_token
from cellrun.core.store.status import StatusFile
from cellrun.server.base_handler import ApiHandler
from cellrun.server.checks import refuse_forged, refuse_query_token
from cellrun.server.errors import NotFoundError, TooOftenError, WrongTypeError
from cellrun.server.query import Parameter, flag
from cellrun.server.rate_limit import RateLimit

TYPE = "application/octet-stream"
WIRE_BYTES = 16_000_000
"""A body."""

_BEARER = "bearer "


class FramesHandler(ApiHandler):
    """The receiving end of the push transport. It knows no users: a run's token opens that run until it has ended."""

    body_bytes: ClassVar[int] = WIRE_BYTES
    query_known: ClassVar[Mapping[str, Parameter]] = {"have": flag()}
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
        limit: RateLimit = self.settings["cellrun_frames"]
        wait_s = limit.take(self._layout.run_id)
        if wait_s:
            raise TooOftenError(wait_s)

    @allow_unauthenticated
    async def post(self, *_: str) -> None:
        """Take the body's frames; answer with what is asked of the run, and from where on to send what is missing.

        `have=true` asks for what is here of each file, too.
        """
        asks_have = self.asked()["have"]
        given = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if given != TYPE:
            raise WrongTypeError(f"the body is bytes, Content-Type: {TYPE}; got {given or 'none'!r}")
        encoding = self.request.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding != "identity":
            raise WrongTypeError(f"the body is sent as it is, without a Content-Encoding; got {encoding!r}")
        body = self.raw_body()
        try:
            done = await self.work(_take, self._layout, body, asks_have=asks_have)
        except RunClosedError:
            raise web.HTTPError(401) from None
        await self.answer(done)

    def error_facts(self, error: CellrunError) -> dict[str, Any]:
        """Return what the sender needs to go on: to which files nothing is added any more."""
        return {"files": error.files} if isinstance(error, ConflictError) else {}

    def _admitted(self, workspace_id: str, run: str) -> RunLayout | None:
        header = self.request.headers.get("Authorization", "")
        token = header[len(_BEARER) :].strip() if header[: len(_BEARER)].lower() == _BEARER else ""
        try:
            layout = self.workspace(workspace_id).store.open(run)
        except (NotFoundError, RunNotFoundError, OSError, ValueError):
            return None
        return layout if check_token(layout, token) else None


def _take(layout: RunLayout, body: bytes, *, asks_have: bool) -> dict[str, Any]:
    receiver, key = Receiver(layout), key_of(layout)
    reader = FrameReader(lambda run: key if run == layout.run_id else None)
    expected: dict[str, int] = {}
    try:
        receiver.take(reader.feed(body))
    except GapError as gap:
        expected = gap.expected
    if not reader.is_between:
        raise FrameError("the body ends within a frame; those before it are taken")
    have = {"have": receiver.have()} if asks_have else {}
    is_home = StatusFile(layout).read_whole().status.is_terminal
    return {"expected": expected, "requests": {"cancel": _cancel_request(layout)}, "is_home": is_home, **have}


def _cancel_request(layout: RunLayout) -> str | None:
    """Return what asks the run to stop; None if nobody does."""
    with suppress(*UNREADABLE):
        return read_control_file(layout.folder, layout.cancel_request).decode("ascii", "replace") or "\n"
    return None
