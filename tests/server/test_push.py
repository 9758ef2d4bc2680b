"""E1, E2: a program that pushes what its run writes, while the server is away, refuses, hangs or answers in part."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import pytest

from cellrun.core import Experiment, Run, Workspace
from cellrun.core.layout import RunLayout
from cellrun.core.mirror import upload_script, uploader
from cellrun.core.mirror.frame import Frame
from cellrun.core.mirror.printed_lines import PrintedLines
from cellrun.core.mirror.push import Push
from cellrun.core.mirror.run_key import new_key
from cellrun.core.mirror.run_token import new_token
from cellrun.core.mirror.sender import ALL_BYTES
from cellrun.core.mirror.uploader import Answer, NotTakenError
from cellrun.core.store.ending import ask_to_cancel, cancel_requests
from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.status import Status, StatusFile
from tests.core.mirror.two_sides import TwoSides
from tests.server.jupyter_process import JupyterProcess, jupyter_process

DEADLINE_S = 60


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the test and its servers share."""
    folder = tmp_path / "jupyter"
    folder.mkdir()
    monkeypatch.setenv("CELLRUN_HOME", str(folder / "home"))
    monkeypatch.setenv("CELLRUN_RUNTIME_DIR", str(folder / "cellrun-runtime"))
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def ws(home: Path, tmp_path: Path) -> Workspace:
    """A workspace that the servers serve."""
    return Workspace.create("pushed", tmp_path / "workspace")


@pytest.fixture
def sides(ws: Workspace, tmp_path: Path) -> TwoSides:
    """A run that goes on elsewhere."""
    return TwoSides.made(tmp_path, ws.layout)


class Pusher:
    """The program, as it runs beside a supervisor: by a bare interpreter."""

    def __init__(self, folder: Path, sides: TwoSides, url: str) -> None:
        order = folder / "order"
        told = {"folder": str(sides.there.folder), "key": new_key(sides.here).hex(), "way": "push", "url": url}
        order.write_text(json.dumps({**told, "token": new_token(sides.here)}))
        self.said = folder / "said"
        with self.said.open("wb") as said, order.open("rb") as stdin:
            command = [sys.executable, "-I", "-S", upload_script.__file__]
            self.process = subprocess.Popen(
                command, stdin=stdin, stdout=said, stderr=said, env={"CELLRUN_HOME": str(folder / "far")}
            )

    def wait(self) -> int:
        """Wait for its end; return its exit code."""
        return self.process.wait(timeout=DEADLINE_S)


@pytest.fixture
def pushing(tmp_path: Path, sides: TwoSides) -> Iterator[Callable[[str], Pusher]]:
    """Start the program for the run; it ends with the test."""
    started: list[Pusher] = []

    def start(url: str) -> Pusher:
        started.append(Pusher(tmp_path, sides, url))
        return started[-1]

    yield start
    for pusher in started:
        pusher.process.kill()
        pusher.process.wait()


def until(is_so: Callable[[], bool], what: str) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + DEADLINE_S
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def frames_url(jupyter: JupyterProcess, ws: Workspace, run: RunLayout) -> str:
    """Where a run's frames are taken."""
    return f"{jupyter.api}workspaces/{ws.id}/runs/{run.run_id}/frames"


def test_a_server_that_is_away_for_a_while_loses_nothing_and_doubles_nothing(
    home: Path, ws: Workspace, sides: TwoSides, pushing: Callable[[str], Pusher]
) -> None:
    """E1: it is killed in the middle, and another one is started at its port while the run goes on."""
    log = EventLog(sides.there)
    steps = iter(range(100_000))

    def train() -> int:
        step = next(steps)
        log.log("loss", step)
        sides.append("user_logs/std_log.txt", b"step %d\n" % step)
        return step

    def is_here() -> bool:
        train()
        return len(losses(ws, sides)) > 20

    with jupyter_process(home) as first:
        pusher = pushing(frames_url(first, ws, sides.here))
        port = first.host.rpartition(":")[2]
        until(is_here, "the first values")
        first.process.kill()
    for _ in range(500):
        train()
    until(lambda: b"cannot reach" in pusher.said.read_bytes(), "that the server is away")
    (home / "notebooks").rmdir()
    with jupyter_process(home, "jupyter-server", "--ServerApp.port_retries=0", port=int(port)):
        last = train()
        sides.write("work/outputs/model.bin", bytes(3_000_000))
        log.close()
        StatusFile(sides.there).change(Status.COMPLETED)
        assert pusher.wait() == 0, pusher.said.read_text()
    assert losses(ws, sides) == list(range(last + 1))
    assert sides.here_are() == sides.there_are()
    assert StatusFile(sides.here).read().status is Status.COMPLETED


def losses(ws: Workspace, sides: TwoSides) -> list[float]:
    """Return what has come of the run's values, as everybody sees it."""
    found = Run(Experiment(ws, "digits"), sides.here.run_id).get_metrics().get("loss", [])
    return list(found) if isinstance(found, list) else [found]


class Toxic(ThreadingHTTPServer):
    """A server that answers what it is told to, one after the other; then as one that has all."""

    daemon_threads = True

    def __init__(self, answers: list[str]) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.answers = answers
        self.came: list[tuple[float, str]] = []
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """Where frames are taken."""
        return f"http://127.0.0.1:{self.server_address[1]}/frames"


class Answers(BaseHTTPRequestHandler):
    """Its answers."""

    server: Toxic
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.server.lock:
            how = self.server.answers.pop(0) if self.server.answers else "200"
            self.server.came.append((time.monotonic(), how))
        body = json.dumps({"expected": {}, "requests": {"cancel": None}, "is_home": False, "have": {}}).encode()
        if how == "hang":
            time.sleep(DEADLINE_S)
        code, _, retry = how.partition(" ")
        self.send_response(200 if code in {"half", "nonsense"} else int(code))
        if retry:
            self.send_header("Retry-After", retry)
        if code == "nonsense":
            body = b"<html>a proxy's page</html>"
        self.send_header("Content-Length", str(len(body) + (code == "half") * 100))
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(body)
        if code == "half":
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def toxic() -> Iterator[Callable[[list[str]], Toxic]]:
    """Start such a server; it ends with the test."""
    started: list[Toxic] = []

    def start(answers: list[str]) -> Toxic:
        started.append(Toxic(answers))
        threading.Thread(target=started[-1].serve_forever, daemon=True).start()
        return started[-1]

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("answer", ["500", "503 1", "429 2", "half", "nonsense", "302", "409"])
def test_a_server_that_refuses_is_asked_again_as_it_says(
    toxic: Callable[[list[str]], Toxic], pushing: Callable[[str], Pusher], answer: str
) -> None:
    """E2: nothing is sent before it may, and all goes on afterwards."""
    server = toxic([answer, answer, "200", "200"])
    pusher = pushing(server.url)
    until(lambda: len(server.came) >= 4, "the fourth request")
    times = [at for at, _ in server.came]
    wait_s = float(answer.partition(" ")[2] or 0.25)
    assert all(b - a >= wait_s for a, b in pairwise(times[:3]))
    assert pusher.process.poll() is None


def test_a_server_that_hangs_is_left(
    toxic: Callable[[list[str]], Toxic],
) -> None:
    """E2: no answer within the time for one is none."""
    push = Push(toxic(["hang"]).url, "t", bytes(32), timeout_s=0.2)
    with pytest.raises(NotTakenError, match="timed out"):
        push.have()
    assert push.have() == {}
    push.close()


def test_what_could_not_be_sent_is_told_at_the_end(
    toxic: Callable[[list[str]], Toxic], sides: TwoSides, monkeypatch: pytest.MonkeyPatch
) -> None:
    """E2: for a while it is tried again, then said where it is."""
    monkeypatch.setattr(uploader, "END_S", 0.5)
    sides.write("work/outputs/model.bin", bytes(5000))
    StatusFile(sides.there).change(Status.COMPLETED)
    server = toxic(["500"] * 1000)
    left = uploader.Uploader(sides.there, Push(server.url, "t", bytes(32))).to_the_end()
    assert "5.0 KB" in left
    assert str(sides.there.folder) in left
    assert len(server.came) > 1


class NeverHome(PrintedLines):
    """Has all that is sent, and says that something is missing."""

    def have(self) -> Mapping[str, tuple[int, int]]:
        return {"status": (99, 0), "environment.json": (ALL_BYTES, 0)}

    def send(self, frames: Sequence[Frame]) -> Answer:
        super().send(frames)
        return Answer()


def test_a_run_is_given_up_of_which_nothing_new_is_taken(sides: TwoSides, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its machine would be kept for ever."""
    monkeypatch.setattr(uploader, "END_S", 0.2)
    StatusFile(sides.there).change(Status.COMPLETED)
    left = uploader.Uploader(sides.there, NeverHome(io.BytesIO(), bytes(32))).to_the_end()
    assert "something is missing there" in left


def test_a_server_that_knows_no_such_run_any_more_ends_it(
    toxic: Callable[[list[str]], Toxic], pushing: Callable[[str], Pusher]
) -> None:
    server = toxic(["200", "200", "401"])
    pusher = pushing(server.url)
    assert pusher.wait() == 1
    assert "takes nothing of this run any more" in pusher.said.read_text()


def test_a_request_to_cancel_is_taken_there(
    home: Path, ws: Workspace, sides: TwoSides, pushing: Callable[[str], Pusher]
) -> None:
    with jupyter_process(home) as jupyter:
        pushing(frames_url(jupyter, ws, sides.here))
        until(lambda: StatusFile(sides.here).read().status is Status.RUNNING, "its status")
        ask_to_cancel(sides.here)
        until(lambda: cancel_requests(sides.there) == 1, "the request")
