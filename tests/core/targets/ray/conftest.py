"""A cluster that does what a test says."""

import socket
import threading
import time
from contextlib import suppress

import pytest

from tests.core.targets.ray.fake_ray import FakeRay


@pytest.fixture(autouse=True)
def no_token(monkeypatch, tmp_path):
    """Whoever runs the tests may have a token of their own."""
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "no token"))


@pytest.fixture
def ray():
    made = FakeRay()
    yield made
    made.close()


@pytest.fixture
def begin_with():
    """What is answered at once by who is slow."""
    return []


@pytest.fixture
def dribbling(begin_with):
    """The address of a server that answers everything with a header, or a body, a byte every few milliseconds."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_dribble, args=(server, begin_with), daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def _dribble(server, begin_with):
    with suppress(OSError), server.accept()[0] as there:
        there.recv(65536)
        there.sendall(begin_with[0] if begin_with and begin_with[0] else b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(6000):  # so long, if nobody ends it
            there.sendall(b"x")
            time.sleep(0.01)
