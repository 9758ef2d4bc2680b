"""Frames sent to a server of ours by HTTP, with the run's token."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from cellrun.core.identity import host_name
from cellrun.core.mirror.frame import Frame, encode
from cellrun.core.mirror.uploader import Answer, NothingTakenError, NotTakenError

TIMEOUT_S = 30.0
MOST_ANSWER_BYTES = 64_000_000

_ENDED = 401


class Push:
    """One run's connection to the address that takes its frames; made anew whenever it breaks."""

    block_bytes = 1 << 20
    pass_bytes = 2_000_000
    idle_s = 1.0
    largest_bytes: int | None = None

    def __init__(self, url: str, token: str, key: bytes, timeout_s: float = TIMEOUT_S) -> None:
        self._url = url
        self._parts = urlsplit(url)
        self._token = token
        self._key = key
        self._timeout_s = timeout_s
        self._connection: http.client.HTTPConnection | None = None

    def have(self) -> Mapping[str, tuple[int, int]]:
        """Ask what the other end has. Raises NotTakenError, NothingTakenError."""
        try:
            told = self._post(b"", "?have=true")["have"]
            return {str(path): (int(size), int(mtime_ns)) for path, (size, mtime_ns) in told.items()}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise NotTakenError(f"{self._where} answers what can't be understood") from error

    def send(self, frames: Sequence[Frame]) -> Answer:
        """Send frames. Raises NotTakenError, NothingTakenError."""
        told = self._post(b"".join(encode(frame, self._key) for frame in frames))
        try:
            cancel = told["requests"]["cancel"]
            expected = {str(path): int(offset) for path, offset in told["expected"].items()}
            asked = None if cancel is None else str(cancel).encode("ascii", "replace")
            return Answer(expected, asked, told["is_home"] is True)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise NotTakenError(f"{self._where} answers what can't be understood") from error

    @property
    def _where(self) -> str:
        return f"{self._parts.scheme}://{self._parts.netloc}"

    def _post(self, body: bytes, query: str = "") -> dict[str, Any]:
        try:
            connection = self._connected()
            headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/octet-stream"}
            connection.request("POST", f"{self._parts.path}{query}", body, headers)
            answer = connection.getresponse()
            content = answer.read(MOST_ANSWER_BYTES)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            why = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise NotTakenError(
                f"cannot reach {self._where} from {host_name()} ({why}); set CELLRUN_PUBLIC_URL, where runs are "
                "submitted, to an address that leads there"
            ) from error
        if answer.status == _ENDED:
            raise NothingTakenError(f"{self._where} takes nothing of this run any more")
        told = _parsed(content)
        if answer.status != http.client.OK or told is None:
            self.close()
            words = str((told or {}).get("message", answer.reason))[:300]
            raise NotTakenError(f"{self._where} answers {answer.status} ({words})", _retry_s(answer))
        return told

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            secure = self._parts.scheme == "https"
            kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
            self._connection = kind(self._parts.hostname or "", self._parts.port, timeout=self._timeout_s)
        return self._connection

    def close(self) -> None:
        """Let go of the connection; the next request makes one."""
        if self._connection is not None:
            with suppress(OSError):
                self._connection.close()
            self._connection = None


def _parsed(content: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _retry_s(answer: http.client.HTTPResponse) -> float | None:
    """Return when to come again, in seconds, where a number says so; a date means any clock's."""
    with suppress(ValueError):
        return float(answer.headers.get("Retry-After", ""))
    return None
