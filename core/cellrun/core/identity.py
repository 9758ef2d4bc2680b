"""Who a process is: its host, boot, PID namespace, pid and start time, so that a reused pid is never taken for it.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple


@lru_cache(maxsize=1)
def host_name() -> str:
    """Return this machine's name."""
    return os.uname().nodename


@lru_cache(maxsize=1)
def boot_id() -> str:
    """Return what changes with each start of the machine; empty where the system doesn't tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def boot_time() -> float:
    """Return when this machine was started, epoch seconds; 0 where the system doesn't tell."""
    try:
        lines = Path("/proc/stat").read_text().splitlines()
    except OSError:
        return 0.0
    return next((float(line.split()[1]) for line in lines if line.startswith("btime ")), 0.0)


@lru_cache(maxsize=1)
def pid_namespace() -> str:
    """Return which processes this one sees, and by which numbers: a container has its own. Empty where untold."""
    try:
        return os.readlink("/proc/self/ns/pid")  # noqa: PTH115  # pathlib's does the same with more steps
    except OSError:
        return ""


def start_ticks(pid: int) -> int:
    """Return when a process started, in clock ticks since boot; 0 if it is gone, a zombie or not told."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return 0
    fields = stat[stat.rindex(b")") + 2 :].split()  # the command's name before it may hold blanks and brackets
    return 0 if fields[0] in {b"Z", b"X"} else int(fields[19])


class ProcessIdentity(NamedTuple):
    """A process for good: a pid alone is reused, these five together are not."""

    host: str
    boot: str
    pid: int
    started: int
    pid_namespace: str = ""
    """In which `pid` is its number; empty if whoever wrote this down didn't tell: cellrun 0.1, or another system."""

    @classmethod
    def of(cls, pid: int) -> ProcessIdentity:
        """Return the identity of a process that is seen from here."""
        return cls(host_name(), boot_id(), pid, start_ticks(pid), pid_namespace())

    @classmethod
    def current(cls) -> ProcessIdentity:
        """Return the identity of the calling process."""
        return cls.of(os.getpid())

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ProcessIdentity:
        """Read what `to_json` gave."""
        namespace = str(data.get("pid_namespace", ""))
        return cls(str(data["host"]), str(data["boot"]), int(data["pid"]), int(data["started"]), namespace)

    def to_json(self) -> dict[str, Any]:
        """Return the identity as plain values."""
        return self._asdict()

    @property
    def is_local(self) -> bool:
        """Whether it can be seen from here, if it lives: of another host's or container's process nothing is proven."""
        return self.host == host_name() and self.pid_namespace in {"", pid_namespace()}

    @property
    def is_this_boot(self) -> bool:
        """Whether the machine hasn't been restarted since."""
        return self.boot == boot_id()

    def is_alive(self) -> bool:
        """Whether this very process is seen to run (a zombie doesn't). False for another boot, host or namespace."""
        if not (self.is_local and self.is_this_boot):
            return False
        if self.started or self.boot:
            return self.started != 0 and start_ticks(self.pid) == self.started
        try:  # a system without /proc: the pid is all there is
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True

    def is_proven_dead(self, last_sign: float = 0.0) -> bool:
        """Whether it can be said for sure, from here, that the process is gone.

        `last_sign` is when it is known to have lived, epoch seconds. If that is after this machine's start and yet in
        another boot, it is another machine's: containers and laptops often have one name, and share a home.
        """
        if self.host != host_name():
            return False
        if not self.is_this_boot:
            return last_sign <= boot_time()
        return self.is_local and not self.is_alive()
