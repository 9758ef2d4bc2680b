"""One request to the keeper, which is started if none runs or an older one than this cellrun."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from cellrun.core.errors import ComputeTargetException, WorkspaceException
from cellrun.core.targets.keeper.place import KeeperPlace
from cellrun.core.targets.keeper.protocol import MOST_BYTES, PROTOCOL, Order, is_older, line_of, parsed
from cellrun.core.targets.keeper.start import NoKeeperError, last_words, start

_BEGIN_S = 5.0
"""So long another process's start of the keeper, or the end of one that is about to go, is waited for."""
_PAUSE_S = 0.02
_AGAIN_S = 30.0
"""So long after none could be had no other one is started, and so long a silent one is asked before it is given up."""
_TRIES = 3
_BLOCK = 1 << 16


class NoAnswerError(ComputeTargetException):
    """The keeper is there and hasn't answered in time."""


class _Trouble:
    """What this process has met with the keeper of one place: so that not every look meets it again."""

    def __init__(self) -> None:
        self._none: dict[KeeperPlace, tuple[float, str]] = {}
        self._silent: dict[KeeperPlace, float] = {}

    def check(self, place: KeeperPlace) -> None:
        """Raise NoKeeperError where none could be had of late."""
        at, why = self._none.get(place, (0.0, ""))
        if why and time.monotonic() - at < _AGAIN_S:
            raise NoKeeperError(why)

    def none(self, place: KeeperPlace, why: str) -> NoKeeperError:
        """Note that none can be had; returns the error that says so."""
        self._none[place] = (time.monotonic(), why)
        return NoKeeperError(why)

    def answered(self, place: KeeperPlace) -> None:
        """Note that it answers."""
        self._none.pop(place, None)
        self._silent.pop(place, None)

    def silent(self, place: KeeperPlace) -> ComputeTargetException:
        """Note that it hasn't answered in time; returns the error that says so, or that it is given up."""
        since = self._silent.setdefault(place, time.monotonic())
        if time.monotonic() - since < _AGAIN_S:
            return NoAnswerError("cellrun's keeper hasn't answered in time")
        del self._silent[place]
        return self.none(place, f"cellrun's keeper hasn't answered for {_AGAIN_S:.0f} s")


_TROUBLE = _Trouble()


def ask(order: Order, message: Mapping[str, Any], timeout_s: float, *, starts: bool = True) -> dict[str, Any]:
    """Return the keeper's answer, waited for so many seconds at most after it has been started.

    Raises NoKeeperError if there is none and none can be had (or none is to be started), or if it can't answer this
    question; NoAnswerError if it doesn't in time.
    """
    try:
        place = KeeperPlace.here()
    except WorkspaceException as error:  # a read-only home
        raise NoKeeperError(str(error)) from error
    _TROUBLE.check(place)
    question = line_of({"order": order.value, **message})
    for _ in range(_TRIES):
        answer = _answer(place, question, timeout_s, starts=starts)
        if answer is None:
            continue
        _TROUBLE.answered(place)
        if is_older(answer.get("cellrun")) and starts:
            _end(place)
        elif answer["protocol"] != PROTOCOL:
            raise _TROUBLE.none(place, f"the keeper of cellrun {answer.get('cellrun')} doesn't understand this one")
        elif why := answer.get("error"):
            raise NoKeeperError(str(why))
        else:
            return answer
    raise _TROUBLE.none(
        place, f"cellrun's keeper ends as soon as it is started: {last_words(place) or 'it says nothing'}"
    )


def _answer(place: KeeperPlace, question: bytes, timeout_s: float, *, starts: bool) -> dict[str, Any] | None:
    """Return what is answered; None if the keeper has gone meanwhile."""
    connection, has_begun = _connected(place, starts=starts)
    with connection:
        until = time.monotonic() + timeout_s + (_BEGIN_S if has_begun else 0)
        line = b""
        try:
            connection.sendall(question)
            while not line.endswith(b"\n") and len(line) < MOST_BYTES:
                connection.settimeout(max(until - time.monotonic(), 0.001))
                block = connection.recv(_BLOCK)
                if not block:
                    return None
                line += block
            return parsed(line)
        except TimeoutError as error:
            raise _TROUBLE.silent(place) from error
        except (OSError, ValueError):
            return None


def _connected(place: KeeperPlace, *, starts: bool) -> tuple[socket.socket, bool]:
    """Return a connection to the keeper, and whether it was started for it. Raises NoKeeperError if there is none."""
    until = time.monotonic() + _BEGIN_S
    has_begun = False
    while True:
        try:
            return place.connected(_BEGIN_S), has_begun
        except OSError as error:
            if not starts:
                raise NoKeeperError("no keeper runs") from error
        try:
            has_begun = start(place)
        except NoKeeperError as error:
            raise _TROUBLE.none(place, str(error)) from error
        if not has_begun:  # another process has begun to start it, or it is about to end
            if time.monotonic() > until:
                raise _TROUBLE.none(place, "cellrun's keeper holds its lock and doesn't listen")
            time.sleep(_PAUSE_S)


def _end(place: KeeperPlace) -> None:
    """Ask the keeper of an older cellrun to end, and wait until it doesn't listen any more."""
    with suppress(ComputeTargetException):
        _answer(place, line_of({"order": Order.END.value}), _BEGIN_S, starts=False)
    until = time.monotonic() + _BEGIN_S
    with suppress(OSError):
        while time.monotonic() < until:
            place.connected(_BEGIN_S).close()
            time.sleep(_PAUSE_S)
