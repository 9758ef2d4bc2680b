"""A connection to the machine of a target: opened when something is asked, in words that say what to do if it can't."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from cellrun.core.errors import CellrunError, ComputeTargetException
from cellrun.core.remote.command import REMOTE_COMMAND
from cellrun.core.remote.link import Answer, Link, LinkError
from cellrun.core.remote.messages import NONSENSE, quoted
from cellrun.core.targets.ssh.command import ssh_command
from cellrun.core.targets.ssh.connect_errors import SSH_FAILED, connect_error

_CLOCK_S = 60.0
"""How long an offset of clocks is believed."""


class Connection:
    """One link to a machine, made anew after it broke. Threads may share it."""

    def __init__(self, settings: Mapping[str, str], engine: Mapping[str, Any] | None = None) -> None:
        """`engine` is what starts runs there, if it isn't the queue of that machine (`remote.engines`)."""
        self.name = settings["host"]
        """What people call the machine."""
        self._python, self._folder = settings.get("python", ""), settings.get("folder", "")
        self._engine = engine
        self._link: Link | None = None
        self._lock = threading.Lock()
        self._ahead_s = 0.0
        self._ahead_until = 0.0

    @contextmanager
    def link(self) -> Iterator[Link]:
        """Open the link, unless it is open, for the body.

        Raises AuthenticationError if the machine doesn't let this user in, another ComputeTargetException if no answer
        comes; what the machine itself refuses is an OrderError, and the link goes on.
        """
        link = self._opened()
        try:
            with self.translate_errors():
                yield link
        except LinkError as error:
            self._drop(link)
            raise self._told(error) from error

    @contextmanager
    def translate_errors(self) -> Iterator[None]:
        """Read an answer in the body: who gave it may be anybody, or another cellrun's.

        Raises ComputeTargetException for what in it isn't as it should be.
        """
        try:
            yield
        except CellrunError:
            raise
        except NONSENSE as error:
            why = quoted(f"{type(error).__name__}: {error}")
            raise ComputeTargetException(f"{self.name} answers what can't be understood ({why})") from error

    def ask(self, order: str, **facts: Any) -> Answer:
        """Give an order and return its answer. Raises what `link` raises, OrderError."""
        with self.link() as link:
            return link.ask(order, **facts)

    def clock_ahead_s(self) -> float:
        """Return by how much the clock there is ahead of ours, measured once a minute. Raises what `link` raises."""
        with self.link() as link:
            if time.monotonic() >= self._ahead_until:
                self._ahead_s = link.clock_offset_s()
                self._ahead_until = time.monotonic() + _CLOCK_S
            return self._ahead_s

    def close(self) -> None:
        """Give the link up; the next order makes another one."""
        if link := self._link:
            self._drop(link)

    def __del__(self) -> None:
        """Leave no session behind: targets are made whenever one is needed."""
        with suppress(Exception):  # at the interpreter's end parts of it have gone
            self.close()

    def _opened(self) -> Link:
        """Return the link, open. A session by a shared connection that is just ending gets no word: then once more."""
        link = self._made()
        try:
            link.open()
        except LinkError as error:
            self._drop(link)
            if error.exit_code != SSH_FAILED or error.last_words:
                raise self._told(error) from error
            link = self._made()
            try:
                link.open()
            except LinkError as again:
                self._drop(link)
                raise self._told(again) from again
        return link

    def _told(self, error: LinkError) -> ComputeTargetException:
        """Return the error that users are told."""
        return connect_error(self.name, error.last_words) if error.exit_code == SSH_FAILED else error

    def _made(self) -> Link:
        with self._lock:
            if self._link is None or self._link.is_broken:
                command = ssh_command(self.name, REMOTE_COMMAND)
                self._link = Link(
                    command, name=self.name, python=self._python, folder=self._folder, engine=self._engine
                )
                self._ahead_until = 0.0  # it may be another machine by now
            return self._link

    def _drop(self, link: Link) -> None:
        with self._lock:
            if self._link is link:
                self._link = None
        link.close()
