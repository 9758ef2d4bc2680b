"""HTTP to a cluster: every answer within a time and a size, every trouble in words without a credential."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import IO, Any, NamedTuple
from urllib.parse import urlsplit

import requests

from cellrun.core.errors import AuthenticationError, ComputeTargetException
from cellrun.core.remote.messages import quoted
from cellrun.core.targets.ray.http_deadline import DeadlineAdapter
from cellrun.core.targets.ray.token import Token

CONNECT_S, ANSWER_S = 5.0, 15.0
LARGE_S = 600.0
"""So long a package or a log may be on its way."""
_BLOCK_BYTES = 1 << 16
_MOST_BYTES = 256_000_000
"""The list of all jobs of a busy cluster is a few MB."""
_MOST_CHARS = 300


class Answer(NamedTuple):
    """What was answered."""

    status: int
    body: bytes

    @property
    def is_well(self) -> bool:
        """Whether it was done."""
        return 200 <= self.status < 300

    @property
    def words(self) -> str:
        """Return the last line of what was said, where a traceback has its error."""
        lines = [line for line in self.body[-20_000:].decode("utf-8", "replace").splitlines() if line.strip()]
        return quoted(lines[-1].strip()[:_MOST_CHARS]) if lines else "nothing"


class Connection:
    """One cluster's address, and the token that it is asked with, found anew for each connection."""

    def __init__(self, address: str, find_token: Callable[[], Token | None]) -> None:
        self.address = address
        self._find_token = find_token
        self._adapter = DeadlineAdapter()
        self._session: requests.Session | None = None
        self._token: Token | None = None

    def close(self) -> None:
        """Give up what is open; the next question opens it anew, with the token that there is by then."""
        session, self._session = self._session, None
        if session:
            session.close()

    def ask(self, method: str, path: str, *, told: Any = None, body: IO[bytes] | None = None) -> Answer:
        """Ask for something, return the answer whatever its status is.

        Raises AuthenticationError where it lets nobody in so, ComputeTargetException where no answer comes.
        """
        with self._asked(method, path, told=told, body=body, limit_s=LARGE_S if body else ANSWER_S) as response:
            return Answer(response.status_code, _body(response, self.address))

    @contextmanager
    def blocks(self, path: str) -> Iterator[tuple[Answer, Iterator[bytes]]]:
        """Ask for something large: its status, with words where that isn't well, and its bytes as they come.

        Raises as `ask`, also while they come.
        """
        with self._asked("GET", path, limit_s=LARGE_S) as response:
            is_well = response.status_code == HTTPStatus.OK
            yield (
                Answer(response.status_code, b"" if is_well else _body(response, self.address)),
                response.iter_content(_BLOCK_BYTES) if is_well else iter(()),
            )

    def headers(self) -> dict[str, str]:
        """Return the headers of a question. Raises AuthenticationError where a token can't be had."""
        self._opened()
        return {"Authorization": f"Bearer {self._token.value}"} if self._token else {}

    @contextmanager
    def _asked(
        self, method: str, path: str, *, limit_s: float, told: Any = None, body: IO[bytes] | None = None
    ) -> Iterator[requests.Response]:
        session = self._opened()
        with self.translate_errors(), self._adapter.at_most(CONNECT_S + limit_s):
            response = session.request(
                method,
                f"{self.address}{path}",
                json=told,
                data=body,
                timeout=(CONNECT_S, ANSWER_S),
                allow_redirects=False,
                stream=True,
            )
            with response:
                self._check(response)
                yield response

    def _opened(self) -> requests.Session:
        if self._session is None:
            self._token = self._find_token()
            self._session = requests.Session()
            for scheme in ("http://", "https://"):
                self._session.mount(scheme, self._adapter)
            self._session.auth = _Bearer(self._token)
            self._session.headers["User-Agent"] = "cellrun"
        return self._session

    def _check(self, response: requests.Response) -> None:
        status = response.status_code
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            self.close()
            raise AuthenticationError(self.refusal(status))
        if 300 <= status < 400:
            to = urlsplit(response.headers.get("Location", ""))
            where = f" to {to.scheme}://{to.hostname}" if to.hostname else ""
            raise ComputeTargetException(
                f"{self.address} leads elsewhere{quoted(where)}: nothing is sent there; attach it with the address "
                "where its Jobs API is"
            )

    def refusal(self, status: int) -> str:
        """Return what is said where nobody is let in so."""
        if self._token:
            return (
                f"{self.address} doesn't take the token from {self._token.source} ({status}); it may have expired: "
                "give the one that it takes now"
            )
        return (
            f"{self.address} lets nobody in without a token ({status}): set RAY_AUTH_TOKEN, keep it in "
            "~/.ray/auth_token, or attach with secret='name' of one in the keyvault"
        )

    @contextmanager
    def translate_errors(self) -> Iterator[None]:
        """Say of errors of a connection what they mean. Raises ComputeTargetException."""
        try:
            yield
        except requests.exceptions.SSLError as error:
            why = next((each for each in _causes(error) if isinstance(each, ssl.SSLCertVerificationError)), None)
            said = quoted(why.verify_message if why else "its TLS isn't understood")
            raise ComputeTargetException(
                f"{self.address} can't be trusted: {said}; REQUESTS_CA_BUNDLE names a file of certificates to trust"
            ) from None
        except requests.exceptions.ConnectTimeout:
            raise ComputeTargetException(f"{self.address} can't be reached: no answer in {CONNECT_S:g} s") from None
        except requests.exceptions.Timeout:
            raise self.no_answer() from None
        except requests.exceptions.ConnectionError as error:
            raise ComputeTargetException(f"{self.address} can't be reached: {_why(error)}") from None
        except requests.exceptions.RequestException as error:  # its text may have the headers
            raise ComputeTargetException(f"{self.address} can't be asked ({type(error).__name__})") from None

    def no_answer(self) -> ComputeTargetException:
        """Return what is said where it takes too long."""
        return ComputeTargetException(f"{self.address} gave no answer in {ANSWER_S:g} s")


class _Bearer(requests.auth.AuthBase):
    """Sends the token; and where there is none nothing, as nobody's .netrc is meant for a cluster."""

    def __init__(self, found: Token | None) -> None:
        self._found = found

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add it to a question."""
        if self._found:
            request.headers["Authorization"] = f"Bearer {self._found.value}"
        return request


def parsed(answer: Answer, address: str) -> Any:
    """Return what an answer says as JSON. Raises ComputeTargetException for what is none, or wasn't done."""
    if not answer.is_well:
        raise ComputeTargetException(f"{address} answers {answer.status}: {answer.words}")
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        raise unexpected_answer(address) from None


def unexpected_answer(address: str) -> ComputeTargetException:
    """Return what is said of an answer that no cluster of Ray's gives."""
    return ComputeTargetException(f"{address} answers what can't be understood; is it a Ray dashboard's address?")


def _body(response: requests.Response, address: str) -> bytes:
    found, until = bytearray(), time.monotonic() + ANSWER_S
    for block in response.iter_content(_BLOCK_BYTES):
        found += block
        if len(found) > _MOST_BYTES or time.monotonic() > until:
            raise ComputeTargetException(f"{address} answers without an end")
    return bytes(found)


def _why(error: BaseException) -> str:
    for each in _causes(error):
        if isinstance(each, socket.gaierror):
            return "no such host is known"
        if isinstance(each, OSError) and each.strerror and not isinstance(each, requests.RequestException):
            return each.strerror.lower()
    return "the connection broke"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Iterate over an error and what it was made of, as urllib3 nests them."""
    seen: list[BaseException] = [error]
    while seen:
        each = seen.pop(0)
        yield each
        inner = (*each.args, getattr(each, "reason", None), each.__cause__, each.__context__)
        seen += [one for one in inner if isinstance(one, BaseException)]


def facts_of(told: Any, address: str) -> Mapping[str, Any]:
    """Return an answer that is an object. Raises ComputeTargetException for any other."""
    if not isinstance(told, dict):
        raise unexpected_answer(address)
    return told
