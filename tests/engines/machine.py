"""What looks like another machine, on this one: processes in namespaces of their own, below a first one."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path

DEADLINE_S = 60


class Machine:
    """One such machine: off, until it is turned on.

    Responsibilities:
    - on: a bash sets its namespaces up and stays as its first process; off: all that runs there is killed
    - what else is started there, and a look at it
    """

    def __init__(self, namespaces: Sequence[str], boot: str, within: Sequence[str] = ()) -> None:
        """Take unshare's names of its namespaces, and a shell's lines that make them its own.

        `within` stands before the command that starts it: what leads into another machine, for one inside it.
        """
        self._namespaces, self._within = namespaces, within
        self._boot = f"set -eu\n{boot}\necho up\nwhile read -r _; do :; done"
        self._outer: subprocess.Popen[str] | None = None
        self._first = 0

    @property
    def is_on(self) -> bool:
        """Whether it has been turned on, and not off."""
        return self._outer is not None

    @property
    def first(self) -> int:
        """The id, here, of its first process."""
        assert self._first, "it is off"
        return self._first

    @property
    def inside(self) -> list[str]:
        """What stands before a command that is to run there."""
        return ["nsenter", f"--target={self.first}", *self._namespaces, "--"]

    def turn_on(self, *arguments: str, options: Sequence[str] = ()) -> None:
        """Start it: the arguments are those of its shell's lines, the options further ones of unshare."""
        unshare = ["unshare", *self._namespaces, *options, "--fork", "--kill-child"]
        command = [*self._within, *unshare, "bash", "-c", self._boot, "boot", *arguments]
        self._outer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._outer.stdout
        assert self._outer.stdout.readline() == "up\n", "the machine didn't start: see above"
        self._first = self._outer.pid
        while below := children(self._first):
            (self._first,) = below

    def turn_off(self) -> None:
        """Kill all that runs there, at once."""
        if self._outer:
            os.kill(self.first, signal.SIGKILL)
            self._outer.communicate()
            self._outer, self._first = None, 0

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command there as root."""
        return subprocess.run([*self.inside, *command], capture_output=True, text=True, check=False)

    def everything(self) -> dict[int, str]:
        """Return the command lines of all that runs there, by its process id here."""
        found = [int(name) for name in os.listdir("/proc") if name.isdigit()]
        mine = _namespace(self.first)
        return {pid: line for pid in found if _namespace(pid) == mine and (line := _command(pid))}


_PORTS, _PORTS_A_PROCESS = 20_500, 400
_numbers = cycle(range(_PORTS_A_PROCESS))


def why_not(namespaces: Sequence[str]) -> str:
    """Return why there can be no machine with these namespaces here; "" if there can be one."""
    if sys.platform != "linux" or os.geteuid():
        return "a machine of its own takes root, on Linux (namespaces, a user, mounts)"
    command = ["unshare", *namespaces, "--fork", "--mount-proc", "true"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return f"namespaces aren't allowed here: {done.stderr.strip()}" if done.returncode else ""


def free_port() -> int:
    """Return a port of this machine that nobody listens at, and that no other process of the tests is given.

    It may be taken seconds later. So it is none of those from which the system takes one for whoever connects.
    """
    process = int("".join(filter(str.isdigit, os.environ.get("PYTEST_XDIST_WORKER", ""))) or 0)
    first = _PORTS + process * _PORTS_A_PROCESS
    for port in islice(_numbers, _PORTS_A_PROCESS):
        with socket.socket() as one, suppress(OSError):
            one.bind(("127.0.0.1", first + port))
            return first + port
    raise AssertionError(f"nobody gives a port from {first} on")


def wait(condition: Callable[[], object], what: str) -> None:
    """Wait for what a machine is about to do."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {DEADLINE_S} s for {what}"
        time.sleep(0.01)


def children(pid: int) -> list[int]:
    """Return the ids of a process's children."""
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _namespace(pid: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/ns/pid").readlink())
    except OSError:
        return ""


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""
