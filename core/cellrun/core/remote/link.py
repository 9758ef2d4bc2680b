"""The link to the agent of a machine elsewhere: orders there, answers back, over the pipes of whatever leads there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

from cellrun.core.disk.control_file import check_parts, is_number
from cellrun.core.environments.job_library import LibraryArchive, library_archive
from cellrun.core.errors import ComputeTargetException
from cellrun.core.remote.fair_lock import FairLock
from cellrun.core.remote.handshake import Handshake, LinkError
from cellrun.core.remote.messages import refused
from cellrun.core.remote.pipes import PipeEndError, Pipes
from cellrun.core.remote.protocol import MOST_ANSWER_BYTES, Message, facts_of

__all__ = ["Answer", "Link", "LinkError", "OrderError"]

_CONNECT_S = 60.0
_ANSWER_S = 60.0
_LONG_S = 180.0
_LONG = frozenset({"value", "put", "sync", "launch", "python", "doctor"})
_CLOCKS = 3


class OrderError(ComputeTargetException):
    """An order was understood and can't be carried out; the link goes on. `kind` says why in a word."""

    def __init__(self, text: str, kind: str, facts: Mapping[str, Any]) -> None:
        self.kind = kind
        self.facts = facts
        super().__init__(text)


class Answer(NamedTuple):
    """What was answered."""

    facts: Mapping[str, Any]
    data: bytes = b""


class Link:
    """One agent elsewhere, reached by a command whose last argument is `REMOTE_COMMAND`. Threads may share it.

    The first order starts the command. A link that broke stays so, and says the same again: make another one.
    """

    def __init__(  # noqa: PLR0913  # what leads there has so many sides
        self,
        command: Sequence[str],
        *,
        library: LibraryArchive | None = None,
        env: Mapping[str, str] | None = None,
        name: str = "the machine",
        python: str = "",
        folder: str = "",
        engine: Mapping[str, Any] | None = None,
    ) -> None:
        """`name` is what people call it; `python` and `folder` (CELLRUN_HOME) are those there, found there if empty.

        `engine` is what starts runs there (`Engines`), if it isn't the queue of that machine.
        """
        self.name = name
        self.there: Mapping[str, Any] = {}
        """Of the Python there: python (its version), executable, home, has (whether it had the library)."""
        self._command, self._env = list(command), env
        self._library, self._python, self._folder = library, python, folder
        self._of_all: Mapping[str, Any] = {"engine": engine} if engine else {}
        """What goes with every order."""
        self._turns = FairLock()
        self._pipes: Pipes | None = None
        self._broken: LinkError | None = None
        self._number = 0

    @property
    def is_broken(self) -> bool:
        """Whether it is of no use any more."""
        return self._broken is not None

    def open(self) -> None:
        """Reach the agent, unless that is done. Raises LinkError if it can't be: nothing was ordered then."""
        with self._turns, self._told_why("its start", _CONNECT_S):
            self._opened()

    def ask(self, order: str, data: bytes = b"", *, timeout_s: float | None = None, **facts: Any) -> Answer:
        """Give an order and return its answer. Raises OrderError if it is refused, LinkError if none comes."""
        with self._turns:
            answer = self._exchanged(order, data, facts, timeout_s or (_LONG_S if order in _LONG else _ANSWER_S))
        if "error" in answer.facts:
            raise OrderError(refused(self.name, answer.facts), str(answer.facts.get("kind", "")), answer.facts)
        return answer

    def clock_offset_s(self) -> float:
        """Return how far the clock there is ahead of ours: as the fastest of a few answers tells it.

        Raises ValueError for what is no time, and what `ask` raises.
        """
        found = []
        for _ in range(_CLOCKS):
            asked, began = time.time(), time.monotonic()
            told = _seconds(self.ask("clock").facts["now"])
            took_s = time.monotonic() - began
            found.append((took_s, told - (asked + took_s / 2)))
        return min(found)[1]

    def close(self) -> None:
        """Let the other end go, also while an order waits for its answer. Safe to call again."""
        self._broken = self._broken or LinkError(f"the link to {self.name} was closed")
        if self._pipes:
            self._pipes.close()

    def _exchanged(self, order: str, data: bytes, facts: Mapping[str, Any], limit_s: float) -> Answer:
        with self._told_why("its start", _CONNECT_S):
            pipes = self._opened()
        with self._told_why(f"the order {order!r}", limit_s):
            self._number += 1
            deadline = time.monotonic() + limit_s
            pipes.write(
                Message({"id": self._number, "order": order, **self._of_all, **facts}, data).encoded(), deadline
            )
            answer = _read(pipes, deadline)
            self._check(answer)
        return answer

    @contextmanager
    def _told_why(self, what: str, limit_s: float) -> Iterator[None]:
        """Have whatever goes wrong in the body break the link, as a LinkError that says at what."""
        try:
            yield
        except LinkError as error:
            raise self._breaks(error) from error
        except TimeoutError as error:
            raise self._breaks(LinkError(f"{self.name} gave no answer to {what} in {limit_s:.0f} s")) from error
        except PipeEndError as error:
            raise self._breaks(self._gone(what)) from error
        except (ValueError, KeyError, RecursionError) as error:
            raise self._breaks(LinkError(f"{self.name} answered {what} with nonsense: {error}")) from error
        except BaseException:  # Ctrl-C: the answer is still to come, and would be taken for the next order's
            self._breaks(LinkError(f"the link to {self.name} was interrupted"))
            raise

    def _check(self, answer: Answer) -> None:
        if "error" in answer.facts and "id" not in answer.facts:  # it hasn't come to be an agent
            raise LinkError(refused(self.name, answer.facts))
        if answer.facts.get("id") != self._number:
            raise ValueError(f"an answer to another order: {answer.facts!r:.80}")

    def _opened(self) -> Pipes:
        if self._broken:
            raise LinkError(str(self._broken), last_words=self._broken.last_words, exit_code=self._broken.exit_code)
        if self._pipes is None:
            try:
                self._pipes = Pipes(self._command, self._env)
            except OSError as error:
                raise LinkError(f"{self._command[0]} can't be started: {error.strerror}") from error
            opening = Handshake(self.name, self._pipes)
            library = self._library or _this_library()  # while that is on its way
            self.there = opening.begin(library, self._python, self._folder, time.monotonic() + _CONNECT_S)
        return self._pipes

    def _gone(self, what: str) -> LinkError:
        code, words = (self._pipes.end(), self._pipes.last_words) if self._pipes else (None, "")
        why = words or ("its output ended" if code is None else f"{self._command[0]} ended with {code}")
        return LinkError(f"the link to {self.name} broke at {what}: {why}", last_words=words, exit_code=code)

    def _breaks(self, error: LinkError) -> LinkError:
        """Note that the link is of no use any more, and let the other end go."""
        if self._broken is None:
            self._broken = error
        self.close()
        return self._broken


def _read(pipes: Pipes, deadline: float) -> Answer:
    line = pipes.line(deadline, MOST_ANSWER_BYTES)
    check_parts(line)
    told, size = facts_of(line)
    if size > MOST_ANSWER_BYTES:
        raise ValueError(f"{size} bytes were to follow")
    return Answer(told, pipes.read(size, deadline))


def _seconds(told: Any) -> float:
    if not is_number(told):
        raise ValueError(f"{told!r:.80} is no time")
    return float(told)


@lru_cache(maxsize=1)  # this process's own code doesn't change either
def _this_library() -> LibraryArchive:
    return library_archive()
