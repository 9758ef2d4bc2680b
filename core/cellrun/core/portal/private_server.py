"""Starts the private server: loopback, for this user alone, ending by itself when nobody looks at it any more.

Whoever starts it opens its socket: an address is known at once, and who follows it early waits until it is served.
"""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from cellrun.core.digest import digest
from cellrun.core.disk.whole_files import replace_file
from cellrun.core.errors import CellrunError, PortalError
from cellrun.core.layout import RunLayout
from cellrun.core.portal import servers
from cellrun.core.portal.servers import ServerFile
from cellrun.core.processes.background import start_in_background
from cellrun.core.store.liveness import checked_status
from cellrun.core.supervision.launch_spec import inherited

MODULE = "cellrun.server"
HOST = "127.0.0.1"
START_S = 60.0
"""Longer than this no server takes to answer, however slow the disk that it is loaded from."""

_LOOK_S = 0.01
_BACKLOG = 128
_TAIL_CHARS = 1500


def start() -> ServerFile:
    """Return the private server, started unless it runs or another process starts it. It may not answer yet.

    Raises PortalError if the server isn't installed here, or another process that starts it doesn't come to an end.
    """
    if find_spec(MODULE) is None:
        raise PortalError(
            f"no Jupyter server of this user shows runs, and {MODULE}, which could be started, isn't installed here; "
            "install all of it: pip install cellrun"
        )
    deadline = time.monotonic() + START_S
    while (server := servers.private()) is None:
        lock = take_lock()
        if lock is not None:
            with os.fdopen(lock), socket.create_server((HOST, 0), backlog=_BACKLOG) as listening:
                return _launch(lock, listening)
        if time.monotonic() > deadline:
            raise PortalError("another process has begun to start the portal's server, and goes on; ask again")
        time.sleep(_LOOK_S)
    return server


def take_lock() -> int | None:
    """Return the lock that one private server has from before its start until its end; None if one has it.

    Raises PortalError where the file system has no locks.
    """
    path = servers.private_lock()
    lock = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        if isinstance(error, BlockingIOError):
            return None
        raise PortalError(
            f"the file system of {path.parent} has no file locks ({error.strerror}), which the portal's server needs; "
            "set CELLRUN_RUNTIME_DIR to a folder on a local disk"
        ) from error
    return lock


def wait_for_answer(server: ServerFile) -> None:
    """Wait until a server that was started serves. Raises PortalError if it doesn't, with what it said."""
    address = urlsplit(server.url)
    with suppress(OSError), socket.create_connection((HOST, address.port or 0), START_S) as asked:
        asked.sendall(b"HEAD /cellrun/ HTTP/1.0\r\n\r\n")
        if asked.recv(1):
            return
    raise PortalError(f"the portal's server didn't start: {_said() or 'it said nothing'}")


def _launch(lock: int, listening: socket.socket) -> ServerFile:
    """Start the server with its lock and its socket, which stay its own; let it be found."""
    environment = {name: value for name, value in inherited(os.environ).items() if not name.startswith("JUPYTER")}
    said = servers.servers_folder() / "private.log"
    process = start_in_background(MODULE, (), (lock, listening.fileno()), said, environment)
    url = f"http://{HOST}:{listening.getsockname()[1]}/"
    server = ServerFile.of_this_process(url, "/", "", is_private=True)._replace(process=process)
    server.write()
    return server


def _said() -> str:
    try:
        return (servers.servers_folder() / "private.log").read_text(errors="replace").strip()[-_TAIL_CHARS:]
    except OSError:
        return ""


VALID_S = 600.0
MOST = 1000
"""Codes that nobody used are forgotten beyond this number, the oldest first."""

_USED = ".used"


class Codes:
    """The codes of a folder: each lets one browser in, once, within ten minutes or while its run goes on.

    `clock` gives epoch seconds.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock

    def give(self, run: RunLayout | None = None) -> str:
        """Return a new code; one for a run's page lasts until ten minutes after the run's end."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        code = os.urandom(32).hex()  # the module `secrets` would be waited for by a log that is to be printed
        file = self._file(code)
        replace_file(file, str(run.folder) if run else "", mode=0o600)
        os.utime(file, times=(self._clock(), self._clock()))
        kept = [old for old in self._files() if not self._is_over(old)]
        for old in sorted(kept, key=_age_key)[: max(0, len(kept) - MOST)]:
            old.unlink(missing_ok=True)
        return code

    def is_valid(self, code: str) -> bool:
        """Return whether a code would let somebody in now."""
        return self._file(code).exists() and not self._is_over(self._file(code))

    def take(self, code: str) -> bool:
        """Return whether a code is valid; from now on it isn't."""
        file = self._file(code)
        if self._is_over(file):
            return False
        try:
            file.rename(file.with_suffix(_USED))  # of two who bring it at once, one has it
        except FileNotFoundError:
            return False
        return True

    def renew(self) -> bool:
        """Keep valid what belongs to runs that go on; return whether there is such a run, or a code to be used yet."""
        is_wanted = False
        goes_on: dict[str, bool] = {}
        for file in self._files():
            with suppress(OSError):  # taken meanwhile
                if self._is_over(file):
                    continue
                run = file.read_text()
                if run and run not in goes_on:
                    goes_on[run] = _goes_on(RunLayout(run))
                if run and goes_on[run]:
                    os.utime(file, times=(self._clock(), self._clock()))
                is_wanted |= goes_on.get(run, False) or file.suffix != _USED
        return is_wanted

    def _is_over(self, file: Path) -> bool:
        """Return whether a code's time is over; then its file goes."""
        try:
            is_over = self._clock() - file.stat().st_mtime >= VALID_S
        except FileNotFoundError:
            return True
        if is_over:
            file.unlink(missing_ok=True)
        return is_over

    def _file(self, code: str) -> Path:
        return self._folder / digest(code.encode("utf-8", "surrogatepass"))

    def _files(self) -> list[Path]:
        return list(self._folder.glob("*"))


def _age_key(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _goes_on(run: RunLayout) -> bool:
    try:
        return not checked_status(run).status.is_terminal
    except (CellrunError, OSError, ValueError, KeyError, TypeError):
        return False  # deleted or damaged
