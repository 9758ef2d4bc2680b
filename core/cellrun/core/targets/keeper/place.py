"""The keeper's files: its socket, its lock, its process, its log."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from cellrun.core import places
from cellrun.core.disk.whole_files import replace_file
from cellrun.core.identity import ProcessIdentity, host_name, pid_namespace

_MOST_PATH_BYTES = 100
"""A socket's address has room for 108 bytes, on macOS for 104."""


class KeeperPlace(NamedTuple):
    """The files of the keeper of one home, in the runtime folder; another machine's that shares it has its own."""

    folder: Path
    name: str

    @classmethod
    def here(cls) -> KeeperPlace:
        """Return the place of this user's keeper. Raises WorkspaceException where there can be none."""
        whose = "\0".join((str(places.home()), host_name(), pid_namespace()))
        digest = hashlib.sha256(whose.encode("utf-8", "surrogateescape")).hexdigest()[:12]
        return cls(places.runtime_folder(), f"keeper-{digest}")

    @property
    def address(self) -> Path:
        """Where it is asked (0600)."""
        return self.folder / f"{self.name}.sock"

    @property
    def lock(self) -> Path:
        """The file that it holds locked from before its start until its end."""
        return self.folder / f"{self.name}.lock"

    @property
    def process(self) -> Path:
        """Which process it is."""
        return self.folder / f"{self.name}.json"

    @property
    def log(self) -> Path:
        """What it did, the newest at the end; bounded."""
        return self.folder / f"{self.name}.log"

    @property
    def errors(self) -> Path:
        """What the last one said that no log has: why it couldn't start."""
        return self.folder / f"{self.name}.err"

    def listening(self) -> socket.socket:
        """Return its socket, made in the place of a dead one's; for whoever has the lock. Raises OSError."""
        self.address.unlink(missing_ok=True)
        made = socket.socket(socket.AF_UNIX)
        try:
            self._by_address(made.bind)
            self.address.chmod(0o600)
            made.listen(128)
        except OSError:
            made.close()
            raise
        return made

    def connected(self, timeout_s: float) -> socket.socket:
        """Return a connection to the keeper. Raises OSError if there is none."""
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(timeout_s)
        try:
            self._by_address(made.connect)
        except OSError:
            made.close()
            raise
        return made

    def write_process(self, process: ProcessIdentity) -> None:
        """Write down which process it is."""
        replace_file(self.process, json.dumps(process.to_json()), mode=0o600)

    def read_process(self) -> ProcessIdentity | None:
        """Return which process it is, or was; None if that isn't known."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            return ProcessIdentity.from_json(json.loads(self.process.read_bytes()))
        return None

    def _by_address(self, use: Callable[[str], object]) -> None:
        with _short(self.address) as address:
            use(address)


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """Give a path by which a socket can be addressed: a long one's folder by its number, where the system has these."""
    if len(os.fsencode(path)) <= _MOST_PATH_BYTES or sys.platform != "linux":
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
