"""Who is at the other end of a connection: a link in a shared notebook is read by other users of this machine too.

Linux lists each connection once for either end, with the user whose process opened that end (proc_pid_net(5)).
"""

from __future__ import annotations

import os
import sys
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from cellrun.core.disk import ownership

if TYPE_CHECKING:
    import socket

    from tornado.http1connection import HTTP1Connection
    from tornado.httputil import HTTPServerRequest

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
HUNG_UP = -1
"""In a uid's place: nobody holds the other end any more."""

_LOOKS = 3  # a table that changes while it is read may leave a row out
_LOCAL, _REMOTE, _UID, _INODE = 1, 2, 7, 9

_End = tuple[IPv4Address | IPv6Address, int]


def other_user(request: HTTPServerRequest) -> int | None:
    """Return the uid of who asks, if that is another user of this machine; None if it isn't, or can't be told.

    Root is none, nor who became root by sudo to start this server. Who has hung up is one: no answer reaches him.
    """
    stream = cast("HTTP1Connection", request.connection).stream
    uid = HUNG_UP if stream.closed() else uid_at_other_end(stream.socket)
    me = os.geteuid()
    is_own = uid in {me, 0} or (me == 0 and str(uid) == os.environ.get("SUDO_UID"))
    return None if uid is None or is_own or ownership.is_outside(uid) else uid


def uid_at_other_end(connection: socket.socket) -> int | None:
    """Return the uid of who opened a connection's other end, or `HUNG_UP`; None where that can't be told.

    It can't of another machine, out of another network namespace, and where no table is (macOS).
    """
    try:
        far, near = _end(connection.getpeername()), _end(connection.getsockname())
        for _ in range(_LOOKS):
            uids = {_uid(row) for table in TABLES for row in _rows(table) if _ends(row) == (far, near)}
            if uids:
                return uids.pop()
        connection.getpeername()  # fails if the other end was reset, and had no row any more
    except OSError:
        return HUNG_UP
    return None


def _rows(table: Path) -> list[list[str]]:
    try:
        return [line.split() for line in table.read_text().splitlines()[1:]]
    except OSError:
        return []


def _uid(row: list[str]) -> int:
    """Return a row's uid. What a process has closed has no inode, and root's uid whosever it was."""
    return HUNG_UP if row[_INODE] == "0" else int(row[_UID])


def _ends(row: list[str]) -> tuple[_End, _End]:
    return _listed(row[_LOCAL]), _listed(row[_REMOTE])


def _listed(text: str) -> _End:
    """Return an address as a table has it, `0100007F:1F90`: words of 32 bits in this machine's order of bytes."""
    host, port = text.split(":")
    words = [int(host[at : at + 8], 16) for at in range(0, len(host), 8)]
    return _plain(ip_address(b"".join(word.to_bytes(4, sys.byteorder) for word in words))), int(port, 16)


def _end(address: tuple[Any, ...]) -> _End:
    """Return an address as a socket has it."""
    return _plain(ip_address(address[0].partition("%")[0])), address[1]


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return an IPv4 address that a socket of IPv6 has, `::ffff:127.0.0.1`, as that."""
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address
