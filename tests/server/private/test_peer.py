"""Whose the other end of a connection is: by lines as Linux writes them, and by real connections."""

import os
import socket
import struct
import sys
from types import SimpleNamespace

import pytest

from cellrun.core.disk import ownership
from cellrun.server.private import peer
from cellrun.server.private.peer import HUNG_UP, other_user, uid_at_other_end

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
LISTENS = "   1: 0100007F:816D 00000000:0000 0A 00000000:00000000 00:00000000 00000000   998        0 5544785 1 000000003958cd4f 100 0 0 10 0"  # noqa: E501  # as it is
OURS = " 154: 0100007F:816D 0100007F:9462 01 00000000:00000000 00:00000000 00000000   998        0 5544787 1 000000009af78a7d 20 0 0 10 -1"  # noqa: E501  # as it is
THEIRS = "  83: 0100007F:9462 0100007F:816D 01 00000000:00000000 00:00000000 00000000  1501        0 5544786 2 000000004cfb1c46 20 0 0 10 -1"  # noqa: E501  # as it is
CLOSED = (
    "  83: 0100007F:9462 0100007F:816D 05 00000000:00000000 03:00001770 00000000     0        0 0 3 00000000d75916bc"
)
MAPPED = "   0: 0000000000000000FFFF00000100007F:9462 0000000000000000FFFF00000100007F:816D 01 00000000:00000000 00:00000000 00000000  1502        0 5544795 2 00000000cb7d557d 20 0 0 10 -1"  # noqa: E501  # as it is
IPV6 = "   2: B80D01200000000000000000EFCD0000:9462 00000000000000000000000001000000:816D 01 00000000:00000000 00:00000000 00000000  1503        0 5544799 2 00000000cb7d557d 20 0 0 10 -1"  # noqa: E501  # as it is
BIG_ENDIAN = THEIRS.replace("0100007F", "7F000001")

IPPROTO_MPTCP = 262  # Linux's; not every Python has its name

needs_tables = pytest.mark.skipif(not peer.TABLES[0].exists(), reason="needs Linux's list of connections")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def table(path, *lines):
    """Write a list of connections."""
    path.write_text("\n".join([HEAD, *lines, ""]))
    return path


def ends(far, near):
    """Stand for a connection that says these of its ends."""
    return SimpleNamespace(getpeername=lambda: far, getsockname=lambda: near)


def asks(uid, monkeypatch):
    """Stand for a request over a connection whose other end this user opened."""
    monkeypatch.setattr(peer, "uid_at_other_end", lambda _: uid)
    stream = SimpleNamespace(closed=lambda: False, socket=None)
    return SimpleNamespace(connection=SimpleNamespace(stream=stream))


def new_socket(kind):
    """Return a socket as a program may take one; skip where the machine has none such."""
    try:
        if kind == "multipath":
            return socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP)
        return socket.socket(socket.AF_INET6 if kind == "IPv4 by IPv6" else socket.AF_INET)
    except OSError as error:
        pytest.skip(f"this machine has no such socket: {error}")


def connect(listening, kind):
    """Connect to a server."""
    asking = new_socket(kind)
    if kind == "another address":
        asking.bind(("127.0.0.2", 0))
    host, port = listening.getsockname()
    asking.connect((f"::ffff:{host}" if kind == "IPv4 by IPv6" else host, port))
    return asking


@pytest.mark.parametrize(
    ("lines", "far", "near", "uid"),
    [
        ([LISTENS, OURS, THEIRS], ("127.0.0.1", 37986), ("127.0.0.1", 33133), 1501),
        ([LISTENS, OURS, MAPPED], ("127.0.0.1", 37986), ("127.0.0.1", 33133), 1502),
        ([IPV6], ("2001:db8::cdef", 37986, 0, 0), ("::1", 33133, 0, 0), 1503),
        ([LISTENS, OURS, CLOSED], ("127.0.0.1", 37986), ("127.0.0.1", 33133), HUNG_UP),
        ([LISTENS, OURS], ("127.0.0.1", 37986), ("127.0.0.1", 33133), None),
        ([THEIRS], ("127.0.0.1", 37987), ("127.0.0.1", 33133), None),
        ([THEIRS], ("127.0.0.1", 37986), ("127.0.0.1", 33134), None),
        ([THEIRS], ("1.0.0.127", 37986), ("127.0.0.1", 33133), None),
    ],
)
def test_the_other_ends_row_says_whose_it_is(tmp_path, monkeypatch, lines, far, near, uid):
    monkeypatch.setattr(sys, "byteorder", "little")
    without = tmp_path / "no IPv6"
    for tables in ((table(tmp_path / "tcp", *lines), without), (without, table(tmp_path / "tcp6", *lines))):
        monkeypatch.setattr(peer, "TABLES", tables)
        assert uid_at_other_end(ends(far, near)) == uid


def test_a_machine_of_the_other_order_of_bytes_lists_it_otherwise(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "byteorder", "big")
    monkeypatch.setattr(peer, "TABLES", (table(tmp_path / "tcp", BIG_ENDIAN),))
    assert uid_at_other_end(ends(("127.0.0.1", 37986), ("127.0.0.1", 33133))) == 1501


def test_a_row_that_one_look_left_out_is_found_by_the_next(tmp_path, monkeypatch):
    looks = []

    def rows(_):
        looks.append(1)
        return [] if len(looks) == 1 else [THEIRS.split()]

    monkeypatch.setattr(sys, "byteorder", "little")
    monkeypatch.setattr(peer, "_rows", rows)
    monkeypatch.setattr(peer, "TABLES", (tmp_path,))
    assert uid_at_other_end(ends(("127.0.0.1", 37986), ("127.0.0.1", 33133))) == 1501


@needs_tables
@pytest.mark.parametrize("kind", ["IPv4", "another address", "IPv4 by IPv6", "multipath"])
def test_it_is_told_of_a_real_connection(kind):
    with socket.create_server(("127.0.0.1", 0)) as listening, connect(listening, kind):
        accepted, _ = listening.accept()
        with accepted:
            assert uid_at_other_end(accepted) == os.geteuid()


@needs_tables
@pytest.mark.parametrize("how", ["closed", "reset"])
def test_who_has_hung_up_is_nobody(how):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        asking = connect(listening, "IPv4")
        accepted, _ = listening.accept()
        if how == "reset":
            asking.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        asking.close()
        with accepted:
            assert uid_at_other_end(accepted) == HUNG_UP


@needs_root
@needs_tables
@pytest.mark.parametrize("kind", ["IPv4", "another address", "IPv4 by IPv6", "multipath"])
def test_another_user_is_told_whatever_socket_he_takes(kind):
    new_socket(kind).close()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        child = os.fork()
        if not child:
            os.setuid(1501)
            try:
                with connect(listening, kind) as asking:
                    asking.recv(1)  # until it is looked at
            finally:
                os._exit(0)
        accepted, _ = listening.accept()
        with accepted:
            uid = uid_at_other_end(accepted)
        os.waitpid(child, 0)
        assert uid == 1501


@pytest.mark.parametrize(
    ("me", "sudo", "uid", "told"),
    [
        (1500, None, 1501, 1501),
        (1500, None, 1500, None),
        (1500, None, 0, None),
        (1500, None, None, None),
        (1500, None, HUNG_UP, HUNG_UP),
        (1500, "1501", 1501, 1501),  # who became another user than root by sudo isn't let in as himself
        (0, "1501", 1501, None),
        (0, "1501", 1502, 1502),
        (0, None, 1501, 1501),
        (0, "?", 1501, 1501),
    ],
)
def test_who_is_a_stranger(monkeypatch, me, sudo, uid, told):
    monkeypatch.setattr(os, "geteuid", lambda: me)
    monkeypatch.delenv("SUDO_UID", raising=False)
    if sudo:
        monkeypatch.setenv("SUDO_UID", sudo)
    assert other_user(asks(uid, monkeypatch)) == told


def test_who_is_outside_of_the_own_user_namespace_cant_be_told(monkeypatch, tmp_path):
    asked = asks(65534, monkeypatch)
    monkeypatch.setattr(os, "geteuid", lambda: 1500)
    monkeypatch.setattr(ownership, "_UID_MAP", tmp_path / "uid_map")
    (tmp_path / "uid_map").write_text("0 0 4294967295\n")
    assert other_user(asked) == 65534
    (tmp_path / "uid_map").write_text("1500 1000 1\n")
    assert other_user(asked) is None
