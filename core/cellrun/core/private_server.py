"""Starts the private server: loopback, for this user alone, ending by itself when nobody looks at it any more."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from cellrun.core import places, server_file
from cellrun.core.errors import PortalError
from cellrun.core.identity import ProcessIdentity
from cellrun.core.server_file import ServerFile
from cellrun.core.supervision.job_environment import inherited

MODULE = "cellrun.server"
START_S = 60.0
"""Longer than this no server takes to listen, however slow the disk that it is loaded from."""

_LOOK_S = 0.05
_TAIL_CHARS = 1500
# A shell that ends at once: the server is nobody's child, and neither Ctrl-C nor a kernel's restart is for it.
_IN_BACKGROUND = 'said=$1; shift; "$@" </dev/null >"$said" 2>&1 & echo $!'


def start() -> ServerFile:
    """Start the private server, unless another process is about to, and return it once it listens.

    Raises PortalError if the server isn't installed here, or says why it can't run.
    """
    if find_spec(MODULE) is None:
        raise PortalError(
            f"no Jupyter server of this user shows runs, and {MODULE}, which could be started, isn't installed here; "
            "install all of it: pip install cellrun"
        )
    said = server_file.servers_folder() / "private.log"
    process = _launch(said)
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if server := _private_one():
            return server
        if not process.is_alive() and not _is_any_starting() and not _private_one():
            break
        time.sleep(_LOOK_S)
    raise PortalError(f"the portal's server didn't start: {_tail(said) or 'it said nothing'}")


def _launch(said: Path) -> ProcessIdentity:
    environment = {name: value for name, value in inherited(os.environ).items() if not name.startswith("JUPYTER")}
    said.touch(mode=0o600)
    program = [sys.executable, "-m", MODULE]
    started = subprocess.run(
        ["/bin/sh", "-c", _IN_BACKGROUND, "sh", str(said), *program],
        env=environment,
        cwd=places.home(),  # what lies in the current folder is none of its modules
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
        check=True,
    )
    return ProcessIdentity.of(int(started.stdout))


def _private_one() -> ServerFile | None:
    return next((server for server in server_file.running() if server.is_private), None)


def _is_any_starting() -> bool:
    """Whether some process holds the lock that only one private server can have: ours was too late then."""
    with server_file.private_lock().open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _tail(said: Path) -> str:
    try:
        return said.read_text(errors="replace").strip()[-_TAIL_CHARS:]
    except OSError:
        return ""
