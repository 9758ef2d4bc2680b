"""The command line of the system's ssh: with the user's config, keys, agent and jump hosts; it asks nothing."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from contextlib import suppress

from cellrun.core.errors import WorkspaceException
from cellrun.core.places import runtime_folder
from cellrun.core.targets.ssh.connect_errors import no_ssh

_OPTIONS = {
    "BatchMode": "yes",  # nobody is there to answer
    "ConnectTimeout": "15",
    "ServerAliveInterval": "15",
    "ServerAliveCountMax": "3",
    "ClearAllForwardings": "yes",  # what the user's config forwards is for the user's own sessions
    "LogLevel": "INFO",  # its words are all that tells what went wrong
}
_IDLE_S = 60
"""How long a connection that several share is kept after the last of them."""
_MOST_BYTES = 104 - len(".0123456789abcdef") - 1
"""The longest path of a socket (macOS: 104 bytes with its end), less what ssh puts behind it while it makes one."""
_QUOTES = re.compile(r'["$\x00-\x1f]')


def ssh_command(host: str, command: str) -> list[str]:
    """Return the command line that starts a command on a host. Raises ComputeTargetException if there is no ssh here.

    Sessions to one host share a connection, by a socket in the runtime folder, as long as its path is short enough.
    """
    program = shutil.which("ssh")
    if program is None:
        raise no_ssh()
    options = {**_OPTIONS, **_shared(host)}
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    return [program, "-T", "-a", "-x", *words, "--", host, command]


def _shared(host: str) -> dict[str, str]:
    with suppress(WorkspaceException):  # where no such folder can be had each has a connection of its own
        name = hashlib.sha256(host.encode()).hexdigest()[:12]
        path = str(runtime_folder() / f"ssh-{name}")
        if len(os.fsencode(path)) <= _MOST_BYTES and not _QUOTES.search(path):
            escaped = path.replace("%", "%%")
            return {"ControlMaster": "auto", "ControlPath": f'"{escaped}"', "ControlPersist": str(_IDLE_S)}
    return {"ControlMaster": "no", "ControlPath": "none"}
