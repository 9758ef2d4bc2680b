"""Errors as JSON: what a route answers with when it refuses or fails, the status, what goes into the log."""

from __future__ import annotations

import json
from http import HTTPStatus
from http.client import responses
from typing import Any, ClassVar

import orjson
from jupyter_server.base.handlers import JupyterHandler
from tornado import web
from tornado.iostream import StreamClosedError

from cellrun.core.errors import CellrunError
from cellrun.server.errors import TooOftenError, status_of


class QuietHandler(JupyterHandler):
    """Logs no address: it may hold a secret, which Jupyter's access log leaves out, but tornado's own lines don't."""

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:  # noqa: ARG002  # tornado's
        """Log what nobody meant to raise. A refusal is told to whoever asked, and who has left needs no answer."""
        if not isinstance(value, (CellrunError, web.HTTPError, StreamClosedError)):
            where = f"{self.request.method} {self.request.path}"
            self.log.error("Uncaught exception %s", where, exc_info=value)


class JsonErrors(QuietHandler):
    """Answers every refusal and every error with `{"message", "status"}`.

    Only what was said on purpose is told: texts of other errors may hold anything.
    """

    denied: ClassVar[str] = (
        "access denied: log in to this Jupyter server, or send its token in the header 'Authorization: token …' "
        "(a token in an address is refused)"
    )
    """The one text for all whom we don't know: it says nothing of what there is."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with why not."""
        error = kwargs["exc_info"][1] if "exc_info" in kwargs else None
        facts: dict[str, Any] = {}
        if isinstance(error, CellrunError):
            status_code, message, facts = status_of(error), str(error), self.error_facts(error)
        else:
            message = self.denied if status_code == HTTPStatus.UNAUTHORIZED else _words(status_code, error)
        self.set_status(status_code)
        if status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            self.set_header("Allow", ", ".join(self._methods()))
        if status_code == HTTPStatus.UNAUTHORIZED:
            self.set_header("WWW-Authenticate", "Bearer")  # a scheme for which no browser asks for a password
        if isinstance(error, TooOftenError):
            self.set_header("Retry-After", str(error.wait_s))
        self.set_header("Content-Type", "application/json")
        self.finish(encoded({"message": message, "status": status_code, **facts}))

    def _methods(self) -> list[str]:
        """Return the methods that this route has."""
        missing = web.RequestHandler._unimplemented_method  # noqa: SLF001  # by which tornado itself tells
        return [name for name in self.SUPPORTED_METHODS if getattr(type(self), name.lower()) is not missing]

    def error_facts(self, error: CellrunError) -> dict[str, Any]:  # noqa: ARG002  # what others have to tell
        """Return what a refusal says besides its words."""
        return {}


def encoded(data: Any) -> bytes:
    """Return plain values as JSON."""
    try:
        return orjson.dumps(data)
    except TypeError:  # a lone surrogate in a name, an int beyond 64 bits in a record: JSON allows both
        return json.dumps(data, allow_nan=False).encode()


def _words(status_code: int, error: BaseException | None) -> str:
    if status_code >= 500:
        return "the server met an error; its log says more"
    told = error.log_message if isinstance(error, web.HTTPError) else None
    if told is None:
        return responses.get(status_code, "unknown error")
    return told % error.args if error is not None and error.args else told
