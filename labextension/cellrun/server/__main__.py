"""`python -m cellrun.server [LOCK SOCKET]`: the private server, one for each user, machine and home of cellrun.

A link to a run's page starts it, and hands over its lock and its socket as file descriptors. Started by hand it takes
both itself; where one runs already it ends at once: its server file says where it is.
"""

from __future__ import annotations

import socket
import sys

from cellrun.core.portal.private_server import HOST, take_lock


def main(handed: list[str]) -> int:
    """Serve until nobody has been there for a while."""
    if handed:
        listening = socket.socket(fileno=int(handed[1]))
    elif take_lock() is None:  # it is kept until this process ends
        return 0
    else:
        listening = socket.create_server((HOST, 0))
    # Jupyter's schemas could check addresses by it, and don't; its import takes as long as all others together
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]  # as if it weren't installed
    from cellrun.server.private.private_server import PrivateServer  # noqa: PLC0415  # the lock first: this takes a second

    PrivateServer.listens_on = listening
    PrivateServer.launch_instance()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
