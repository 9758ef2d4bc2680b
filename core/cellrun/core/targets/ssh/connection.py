"""A connection to the machine of a target: opened when something is asked, in words that say what to do if it can't."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

from cellrun.core.far.command import REMOTE_COMMAND
from cellrun.core.far.library import Library
from cellrun.core.far.link import Answer, Link, LinkError
from cellrun.core.targets.ssh.command import ssh_command
from cellrun.core.targets.ssh.trouble import SSH_FAILED, trouble

_CLOCK_S = 60.0
"""How long an offset of clocks is believed."""


class Connection:
    """One link to a machine, made anew after it broke. Threads may share it."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._settings = settings
        self._link: Link | None = None
        self._lock = threading.Lock()
        self._offset_s = 0.0
        self._offset_until = 0.0

    def ask(self, order: str, data: bytes = b"", **facts: Any) -> Answer:
        """Give an order and return its answer.

        Raises OrderError if it is refused there, AuthenticationError if the machine doesn't let this user in, another
        ComputeTargetException if no answer comes.
        """
        link = self._open()
        try:
            return link.ask(order, data, **facts)
        except LinkError as error:
            self._drop(link)
            if error.exit_code == SSH_FAILED:
                raise trouble(self._settings["host"], error.last_words) from error
            raise

    def facts(self, order: str, data: bytes = b"", **facts: Any) -> Mapping[str, Any]:
        """Give an order and return the facts of its answer. Raises what `ask` raises."""
        return self.ask(order, data, **facts).facts

    def clock_offset_s(self) -> float:
        """Return how far the clock there is ahead of ours, measured once a minute. Raises what `ask` raises."""
        if time.monotonic() >= self._offset_until:
            self.ask("clock")  # opens the link, in our words if it can't
            try:
                self._offset_s = self._open().clock_offset_s()
            except LinkError:
                self.close()
                raise
            self._offset_until = time.monotonic() + _CLOCK_S
        return self._offset_s

    def close(self) -> None:
        """Give the link up; the next order makes another one."""
        if link := self._link:
            self._drop(link)

    def _open(self) -> Link:
        with self._lock:
            if self._link is None or self._link.is_broken:
                command = ssh_command(self._settings["host"], REMOTE_COMMAND)
                python, folder = self._settings.get("python", ""), self._settings.get("folder", "")
                name = self._settings["host"]
                self._link = Link(command, Library.of_this(), name=name, python=python, folder=folder)
                self._offset_until = 0.0  # it may be another machine by now
            return self._link

    def _drop(self, link: Link) -> None:
        with self._lock:
            if self._link is link:
                self._link = None
        link.close()
