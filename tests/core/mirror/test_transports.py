"""H7: a job that reaches no server of ours says so, and goes on by its engine's log."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from cellrun.core.identity import host_name
from cellrun.core.mirror.printed_lines import PrintedLines
from cellrun.core.mirror.push import Push
from cellrun.core.mirror.transports import transport_of

KEY = bytes(32).hex()


class Door(HTTPServer):
    """A server that gives every request the same answer."""

    def __init__(self, status: int, body: bytes) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/frames"


@pytest.fixture
def door(request: pytest.FixtureRequest) -> Iterator[Door]:
    """A server."""
    with Door(*request.param) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def told(url: str, **more: object) -> dict[str, object]:
    """Return an order."""
    return {"way": "push", "url": url, "token": "secret-token", "key": KEY, **more}


@pytest.mark.parametrize("door", [(200, b'{"have": {}}')], indirect=True)
def test_where_the_server_answers_all_is_pushed(door: Door, capfd: pytest.CaptureFixture[str]) -> None:
    assert isinstance(transport_of(told(door.url, or_lines=True), io.BytesIO()), Push)
    assert capfd.readouterr().err == ""


def test_where_nothing_answers_it_is_printed_and_said(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as nobody:  # bound, and nobody listens
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        assert isinstance(transport_of(told(f"{url}/frames", or_lines=True), io.BytesIO()), PrintedLines)
    said = capfd.readouterr().err
    assert f"cannot reach {url} from {host_name()}" in said
    assert "set CELLRUN_PUBLIC_URL" in said
    assert said.count("\n") == 1
    assert "secret-token" not in said


def test_where_something_listens_and_says_nothing_it_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/frames"
        assert isinstance(transport_of(told(url, or_lines=True), io.BytesIO(), first_s=0.2), PrintedLines)
    assert "timed out" in capfd.readouterr().err


@pytest.mark.parametrize("door", [(401, b""), (404, b"no such page"), (200, b"<html>")], indirect=True)
def test_where_another_server_answers_it_is_printed(door: Door, capfd: pytest.CaptureFixture[str]) -> None:
    assert isinstance(transport_of(told(door.url, or_lines=True), io.BytesIO()), PrintedLines)
    assert door.url.removesuffix("/frames") in capfd.readouterr().err


def test_without_a_second_way_nobody_asks_first(capfd: pytest.CaptureFixture[str]) -> None:
    assert isinstance(transport_of(told("http://127.0.0.1:9/frames"), io.BytesIO()), Push)
    assert capfd.readouterr().err == ""


def test_lines_are_lines() -> None:
    assert isinstance(transport_of({"way": "lines", "key": KEY}, io.BytesIO()), PrintedLines)
