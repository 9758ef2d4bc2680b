"""Translates the errors of stores' packages into one error that names the store and the place, and no secret."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from cellrun.core.data.stores.store_kinds import StoreKind, Texts
from cellrun.core.disk.whole_files import NO_ROOM
from cellrun.core.errors import CellrunError, DatastoreError
from cellrun.core.front_end import plain

_WAIT_S = 10.0
_KNOWN_S = 30.0
_reached: dict[tuple[str, int], float] = {}
_MOST_CHARS = 200
_AWAY = frozenset(
    {
        "ServiceRequestError",
        "ServiceResponseError",
        "EndpointConnectionError",
        "ConnectTimeoutError",
        "ReadTimeoutError",
        "ClientConnectionError",
        "ConnectError",
        "ConnectTimeout",
        "ReadTimeout",
        "gaierror",
        "ConnectionError",
        "TimeoutError",
    }
)
"""What the packages call it when nothing answers, by the names of their classes: none of them is imported for this."""
_NO_CREDENTIALS = frozenset({"NoCredentialsError", "PartialCredentialsError", "ClientAuthenticationError"})


class StorePlace:
    """One store as its errors tell of it."""

    def __init__(self, store: str, kind: StoreKind, settings: Texts, credentials: Texts) -> None:
        self._store = store
        self._kind = kind
        self._settings = settings
        self._credentials = credentials

    @property
    def address(self) -> str:
        """Where it is, for people."""
        return self._kind.place(self._settings)

    def connect(self) -> Any:
        """Return its file system, without a word to it yet. Raises DatastoreError where its package isn't there."""
        return self._kind.connect(self._store, self._settings, self._credentials)

    def reach(self) -> None:
        """See that something listens where the store is. Raises DatastoreError after ten seconds, the longest.

        The packages would try again for minutes. Where a proxy is in between nothing is tried.
        """
        from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415  # 15 ms for those that reach no store

        url = urlsplit(self._kind.server(self._settings))
        host, port = url.hostname or "", url.port or (80 if url.scheme == "http" else 443)
        is_known = time.monotonic() - _reached.get((host, port), -_KNOWN_S) < _KNOWN_S
        if is_known or (url.scheme in getproxies() and not proxy_bypass(host)):
            return
        try:
            socket.create_connection((host, port), _WAIT_S).close()
            _reached[host, port] = time.monotonic()
        except (OSError, UnicodeError) as error:
            raise self._away(getattr(error, "strerror", None) or str(error)) from None

    @contextmanager
    def translate_errors(self, path: str = "", *passes: type[Exception]) -> Iterator[None]:
        """Raise as a DatastoreError whatever a package raises in this block.

        A full disk, our own errors and a kind that `passes` stay as they are.
        """
        try:
            yield
        except Exception as error:
            if isinstance(error, (CellrunError, *passes)):
                raise
            for each in _chain(error):
                if isinstance(each, OSError) and each.errno in NO_ROOM:
                    raise each from None
            raise self._error(error, path) from None  # what it was made of may tell a signed URL

    def _error(self, error: Exception, path: str) -> DatastoreError:
        chain = list(_chain(error))
        names = {cls.__name__ for each in chain for cls in type(each).__mro__}
        status = next(filter(None, map(_status, chain)), None)
        if status in {401, 403} or names & {"PermissionError", *_NO_CREDENTIALS}:
            if not self._credentials:
                return self._of(f"lets nobody in without credentials{self._why(error)}; {self._with_credentials()}")
            return self._of(f"refuses its credentials{self._why(error)}; {self._with_credentials()}")
        if status == 404 or "FileNotFoundError" in names:
            return self._of(f"has no {path}" if path else "isn't there: there is nothing of that name")
        if names & _AWAY:
            _reached.clear()
            return self._away(self._text(error))
        return self._of(f"fails{' with ' + path if path else ''}{self._why(error)}")

    def _with_credentials(self) -> str:
        return f"register it with the right {' or '.join(self._kind.credentials[:2])} and overwrite=True"

    def _of(self, problem: str) -> DatastoreError:
        return DatastoreError(self._store, f"at {self.address} {problem}")

    def _away(self, why: str) -> DatastoreError:
        server = urlsplit(self._kind.server(self._settings)).netloc
        return self._of(f"can't be reached: {server} doesn't answer ({why})")

    def _why(self, error: Exception) -> str:
        text = self._text(error)
        return f" ({text})" if text else ""

    def _text(self, error: Exception) -> str:
        """Return what an error says, without what is secret: a line of it, no query of a URL, no credential."""
        text = plain(str(error)).partition("\n")[0]
        for secret in self._credentials.values():
            text = text.replace(secret, "…")
        text = re.sub(r"\?[^\s'\")]*", "", text).strip()
        return text if len(text) <= _MOST_CHARS else f"{text[: _MOST_CHARS - 1]}…"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _status(error: Any) -> int | None:
    """Return the HTTP status that an error has, wherever its package puts it."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        found = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        return found if isinstance(found, int) else None
    for holder in (error, response):
        for name in ("status_code", "status", "code"):
            found = getattr(holder, name, None)
            if isinstance(found, int):
                return found
    return None
