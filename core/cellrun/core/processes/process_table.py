"""The processes of this machine, as /proc tells them; empty where there is no /proc.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple, TypeAlias

from cellrun.core.identity import ProcessIdentity, boot_id, host_name, pid_namespace

_LOADING_LOOKS, _LOADING_LOOK_S = 50, 0.002

Inode: TypeAlias = tuple[int, int]
"""A file for good, whatever its names: its device and its number there."""


class ProcessEntry(NamedTuple):
    """One process at one moment."""

    pid: int
    parent: int
    group: int
    session: int
    started: int
    """In clock ticks since boot."""
    state: str
    """One letter: R, S, D (in the kernel, can't be interrupted), T (stopped), t (traced), Z (a zombie), X."""
    cpu_ticks: int = 0
    """The processor time that it has used, in clock ticks."""
    wait_status: int = 0
    """How it has ended, as `waitpid` tells it; 0 before, and to those who may not know."""

    @property
    def has_ended(self) -> bool:
        """Whether it is a zombie: ended, its parent hasn't asked yet."""
        return self.state in {"Z", "X"}

    @property
    def is_stopped(self) -> bool:
        """Whether a signal or a debugger has stopped it: SIGCONT lets it go on."""
        return self.state in {"T", "t"}

    @property
    def identity(self) -> ProcessIdentity:
        """Who it is for good."""
        return ProcessIdentity(host_name(), boot_id(), self.pid, self.started, pid_namespace())

    @property
    def age_s(self) -> float:
        """How long ago it was started."""
        return _seconds_since_boot() - self.started / os.sysconf("SC_CLK_TCK")


def is_there() -> bool:
    """Whether this system has such a table."""
    return os.path.isdir("/proc")  # noqa: PTH112


def process(pid: int) -> ProcessEntry | None:
    """Return a process by its pid; None if there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123  # thousands in one look
            stat = file.read()
    except OSError:
        return None
    fields = stat[stat.rindex(b")") + 2 :].split()  # the command's name before it may hold blanks and brackets
    parent, group, session, started = (int(fields[i]) for i in (1, 2, 3, 19))
    used = int(fields[11]) + int(fields[12])
    return ProcessEntry(pid, parent, group, session, started, fields[0].decode(), used, int(fields[49]))


def processes(since: int = 0) -> Iterator[ProcessEntry]:
    """Iterate over all processes that haven't ended and weren't started before `since`, in clock ticks since boot."""
    for name in os.listdir("/proc") if is_there() else ():  # noqa: PTH208  # thousands in one look
        entry = process(int(name)) if name.isdecimal() else None
        if entry and entry.started >= since and not entry.has_ended:
            yield entry


def open_process(pid: int) -> int:
    """Return a file descriptor that means this process for good (a pidfd), to be closed; -1 where there are none.

    An older Linux, gVisor, or a container's filter of system calls has none, whatever this Python was built for.
    Raises ProcessLookupError if the process is gone.
    """
    if not hasattr(os, "pidfd_open"):
        return -1
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        raise
    except OSError:
        return -1


def link(pid: int, name: str) -> str:
    """Return where a process's `exe` (its program) or `fd/0` (its stdin) leads; empty if gone or not ours to read."""
    try:
        return os.readlink(f"/proc/{pid}/{name}")  # noqa: PTH115  # thousands in one look
    except OSError:
        return ""


def variable(pid: int, name: str) -> str | None:
    """Return a variable of the environment that a process was started with; None if unset or not ours to read."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123
            block = b"\0" + file.read()
    except OSError:
        return None
    start = block.find(b"\0" + name.encode() + b"=")
    if start < 0:
        return None
    start += len(name) + 2
    return os.fsdecode(block[start : block.find(b"\0", start)])


def is_at_work(pid: int) -> bool:
    """Whether a process lives and has its program loaded, after a moment's wait if it is just doing that, or ending.

    Before and after its environment can't be told, and looks as if it were empty.
    """
    for _ in range(_LOADING_LOOKS):
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123  # as above
                stat = file.read()
        except OSError:
            return False
        fields = stat[stat.rindex(b")") + 2 :].split()
        begin_of_code, end_of_environment = fields[23], fields[48]  # of another user's process they are 1 and 0
        if begin_of_code == b"1" or end_of_environment != b"0":
            return True
        if fields[0] in {b"Z", b"X"}:
            return False
        time.sleep(_LOADING_LOOK_S)
    return False


def is_running(pid: int, script: str) -> bool:
    """Whether a process's command line has a path that ends so; False if it is gone or not ours to read."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123  # as above
            return any(os.fsdecode(word).endswith(script) for word in file.read().split(b"\0"))
    except OSError:
        return False


def catches(pid: int, number: int) -> bool:
    """Whether a process has a handler for a signal, which else might end it; False if it is gone or that isn't told."""
    with suppress(OSError), open(f"/proc/{pid}/status", "rb") as file:  # noqa: PTH123  # as above
        for line in file:
            if line.startswith(b"SigCgt:"):
                return bool(int(line.split()[1], 16) >> (number - 1) & 1)
    return False


def is_own(pid: int) -> bool:
    """Whether a process is the calling user's; False if it is gone."""
    try:
        return os.stat(f"/proc/{pid}").st_uid == os.geteuid()  # noqa: PTH116  # thousands in one look
    except OSError:
        return False


def outputs(pid: int) -> set[Inode]:
    """Return what a process's stdout and stderr are, as files; none if gone or not ours to see."""
    found = set()
    for fd in (1, 2):
        with suppress(OSError):
            about = os.stat(f"/proc/{pid}/fd/{fd}")  # noqa: PTH116  # thousands in one look
            found.add((about.st_dev, about.st_ino))
    return found


def _seconds_since_boot() -> float:
    with open("/proc/uptime", "rb") as file:  # noqa: PTH123
        return float(file.read().split()[0])
