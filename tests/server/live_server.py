"""A real Jupyter Server with the extension, on a thread of the test's own process: its readers can be counted."""

import asyncio
import json
import socket
import threading
import time
from contextlib import contextmanager

import pytest
import websocket
from jupyter_server.serverapp import ServerApp
from traitlets.config import Config

from cellrun.core import Workspace
from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore
from tests.core.live.view_model import ViewModel
from tests.server.described import check_message, check_request

TOKEN = "the-secret-token"
PATIENCE_S = 60


class _App(ServerApp):
    def init_signal(self):
        """Leave signals alone: they are the main thread's."""


class LiveServer:
    """Serves on a free port of loopback until `stop`."""

    def __init__(self, **settings):
        self._ready = threading.Event()
        self._settings = settings
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        assert self._ready.wait(PATIENCE_S)

    @property
    def hub(self):
        """What the extension watches."""
        return self.app.web_app.settings["cellrun_hub"]

    @property
    def port(self):
        """Where it listens."""
        return next(iter(self.app.http_server._sockets.values())).getsockname()[1]

    def stop(self):
        """End it as a user does."""
        if self._thread.is_alive():
            self.app.io_loop.add_callback(self.app.stop)
            self._thread.join(PATIENCE_S)
            assert not self._thread.is_alive()

    def _serve(self):
        asyncio.set_event_loop(asyncio.new_event_loop())
        config = Config()
        config.ServerApp.update(
            ip="127.0.0.1",
            port=0,
            allow_root=True,
            open_browser=False,
            jpserver_extensions={"cellrun.server": True},
            log_level="ERROR",
            base_url="/user/ada/",
            **self._settings,
        )
        config.IdentityProvider.token = TOKEN
        self.app = _App(config=config)
        self.app.initialize(argv=[], find_extensions=False)
        self.app.io_loop.add_callback(self._ready.set)
        self.app.start()
        asyncio.get_event_loop().close()


class Page:
    """One connection to the stream, and what it holds of the runs and lists that it watches."""

    def __init__(self, server, *, token=TOKEN, query="", host=None, **headers):
        sent = {"Authorization": f"token {token}", **{name.replace("_", "-"): text for name, text in headers.items()}}
        self.socket = websocket.create_connection(
            f"ws://127.0.0.1:{server.port}/user/ada/cellrun/api/stream{query}",
            header=[f"{name}: {text}" for name, text in sent.items() if text],
            suppress_origin=True,
            host=host,
            timeout=PATIENCE_S,
        )
        self.views = {}  # by channel
        self.epochs = {}
        self.frames = []  # all contents
        self.texts = []  # all messages that aren't frames

    def send(self, type_, channel, **fields):
        """Ask for something."""
        message = {"type": type_, "channel": channel, **fields}
        check_request(message)
        self.socket.send(json.dumps(message))

    def follow(self, layout, channel=1, *, epoch=None, frame=-1, workspace="default"):
        """Follow a run."""
        self.send("follow", channel, workspace=workspace, run=layout.run_id, protocol=1, epoch=epoch, frame=frame)
        return self

    def list(self, channel=2, *, epoch=None, cursor=-1, sparks=(), workspace="default"):
        """Listen to the list."""
        self.send("list", channel, workspace=workspace, sparks=list(sparks), epoch=epoch, cursor=cursor)
        return self

    def receive(self):
        """Take in the next message; return it."""
        message = self.socket.recv()
        if isinstance(message, str):
            self.texts.append(json.loads(message))
            check_message(self.texts[-1])
            return self.texts[-1]
        end = 4 + int.from_bytes(message[:4], "little")
        content = json.loads(message[4:end])
        buffers = []
        for length in content["lengths"]:
            buffers.append(message[end : end + length])
            end += length
        assert end == len(message)
        check_message(content)
        self.views.setdefault(content["channel"], ViewModel()).apply(content, buffers)
        self.epochs[content["channel"]] = content["epoch"]
        self.frames.append(content)
        return content

    def until(self, condition):
        """Take in messages until something is so."""
        while not condition():
            self.receive()
        return self

    def until_status(self, status, channel=1):
        """Take in messages until a run has a status."""
        return self.until(lambda: channel in self.views and self.views[channel].header["status"] == status)

    def points(self, name="loss", channel=1):
        """Return a metric's values as they are held."""
        view = self.views.get(channel)
        return [] if view is None or name not in view.columns else view.columns[name][name].tolist()

    def close(self):
        """Close the page."""
        self.socket.close()


def deaf_viewer(server, layout):
    """Return a socket that asks for a run and never reads what comes."""
    follow = json.dumps({"type": "follow", "channel": 1, "workspace": "default", "run": layout.run_id}).encode()
    lines = [
        "GET /user/ada/cellrun/api/stream HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        f"Authorization: token {TOKEN}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    made = socket.create_connection(("127.0.0.1", server.port))
    made.sendall("\r\n".join([*lines, "", ""]).encode())
    made.sendall(b"\x81" + bytes([0x80 | len(follow)]) + bytes(4) + follow)  # text, masked with zeros
    return made


class OpenRun:
    """A run that goes on: log into it, end it."""

    def __init__(self, layout):
        self.layout = layout
        self.events = EventLog(layout)

    def log(self, *values, name="loss"):
        """Log values one by one."""
        for value in values:
            self.events.log(name, float(value))


@pytest.fixture(scope="module")
def server():
    """Serve the home of each test of a module in turn."""
    made = LiveServer()
    yield made
    made.stop()


@pytest.fixture
def serving():
    """Return a way to start servers one after another: `with serving() as server`."""

    @contextmanager
    def start(**settings):
        made = LiveServer(**settings)
        try:
            yield made
        finally:
            made.stop()

    return start


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """Return the default workspace."""
    monkeypatch.chdir(tmp_path)
    return Workspace.from_config()


@pytest.fixture
def open_run(workspace):
    """Make interactive runs of this process."""
    made = []

    def make(experiment="digits"):
        record = RunRecord(experiment=experiment, kind="interactive", workspace_id=workspace.id)
        made.append(OpenRun(RunStore(workspace.layout).create(record, fill=lambda layout: None)))
        return made[-1]

    yield make
    for run in made:
        run.events.close()


def wait_until(condition):
    """Wait for something that the server does."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def reader_threads():
    """Return the names of the threads that read runs."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("cellrun reader of")]
