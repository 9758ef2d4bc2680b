"""`python -m cellrun.server`: the private server, one for each user, machine and home of cellrun.

It is started by `run.get_portal_url()`. Where one runs already this ends at once: its server file says where it is.
"""

from __future__ import annotations

import fcntl
import os
import sys

from cellrun.core import server_file


def main() -> int:
    """Serve until nobody has been there for a while."""
    lock = os.open(server_file.private_lock(), os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # until this process ends
    except BlockingIOError:
        return 0
    from cellrun.server.private.private_server import PrivateServer  # noqa: PLC0415  # the lock first: this takes a second

    PrivateServer.launch_instance()
    return 0


if __name__ == "__main__":
    sys.exit(main())
