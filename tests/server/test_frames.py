"""E3, E4, F2: what a job elsewhere sends joins its run, each byte once; its token opens that run and nothing else."""

from __future__ import annotations

import random
import socket
from pathlib import Path
from typing import Any

import pytest
import requests

from cellrun.core import Experiment, Run
from cellrun.core.layout import RunLayout
from cellrun.core.mirror.frame import Frame, FrameKind, encode
from cellrun.core.mirror.run_key import new_key
from cellrun.core.mirror.run_token import new_token, revoke_token
from cellrun.core.mirror.sender import Sender
from cellrun.core.store.ending import ask_to_cancel
from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.notes import added_notes
from cellrun.core.store.status import Status, StatusFile
from cellrun.server.handlers.frames import WIRE_BYTES
from tests.core.mirror.two_sides import TwoSides
from tests.server.jupyter_process import BASE, TOKEN, JupyterProcess

BYTES = "application/octet-stream"


class Address:
    """Where one run's frames are taken, as a job elsewhere knows it."""

    def __init__(self, jupyter: JupyterProcess, at: str, run: RunLayout, token: str) -> None:
        self.url = f"{jupyter.api}{at}/runs/{run.run_id}/frames"
        self.token = token
        self._key = new_key(run)

    def send(self, data: Any, *, expect: int = 200, **options: Any) -> dict[str, Any]:
        """Send bytes, or frames; the answer has to have that status."""
        if isinstance(data, list):
            data = b"".join(encode(frame, self._key) for frame in data)
        headers = {"Content-Type": BYTES, "Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        answer = requests.post(self.url, data=data, headers=headers, timeout=60, **options)
        assert answer.status_code == expect, answer.text
        return dict(answer.json())


@pytest.fixture
def sides(exp: Experiment, tmp_path: Path) -> TwoSides:
    """A run that goes on elsewhere."""
    return TwoSides.made(tmp_path, exp.workspace.layout)


@pytest.fixture
def address(jupyter: JupyterProcess, at: str, sides: TwoSides) -> Address:
    """Where its frames are taken."""
    return Address(jupyter, at, sides.here, new_token(sides.here))


def piece(sides: TwoSides, offset: int, data: bytes, path: str = "user_logs/std_log.txt") -> list[Frame]:
    """Bytes of a file, as one frame."""
    return [Frame(sides.here.run_id, FrameKind.BYTES, path, offset, data)]


def log_of(sides: TwoSides) -> bytes:
    """What has come of the log."""
    return sides.here.log.read_bytes() if sides.here.log.exists() else b""


def test_what_a_run_writes_joins_it_each_byte_once_however_it_comes(
    address: Address, sides: TwoSides, exp: Experiment
) -> None:
    """E3: lost answers, frames again, in parts and overlapping."""
    dice = random.Random(7)
    log = EventLog(sides.there)
    sender, sent = Sender(sides.there, block_bytes=700), list[Frame]()
    for step in range(40):
        log.log("loss", 1 / (step + 1))
        sides.append("user_logs/std_log.txt", b"step %d\n" % step)
        sent += sender.frames(is_final=False, most_bytes=20_000)
        if dice.random() < 0.5:
            sender.rewind(address.send(sent[-dice.randint(1, 6) :])["expected"])
    log.close()
    StatusFile(sides.there).change(Status.COMPLETED)
    have = address.send(b"", params={"have": "true"})["have"]
    answer = address.send(list(Sender(sides.there, have).frames(is_final=False, most_bytes=1 << 20)))
    assert (answer["is_home"], answer["expected"]) == (True, {})
    run = Run(exp, sides.here.run_id)
    assert list(run.get_metrics()["loss"]) == [1 / (step + 1) for step in range(40)]
    assert run.get_status() == "Completed"
    assert sides.here_are() == sides.there_are()


def test_a_gap_is_told_with_what_is_expected(address: Address, sides: TwoSides) -> None:
    address.send(piece(sides, 0, b"abc"))
    assert address.send(piece(sides, 5, b"fgh"))["expected"] == {"user_logs/std_log.txt": 3}
    assert log_of(sides) == b"abc"
    assert address.send(piece(sides, 3, b"defgh"))["expected"] == {}
    assert log_of(sides) == b"abcdefgh"


def test_other_bytes_than_those_that_are_here_are_a_conflict(address: Address, sides: TwoSides) -> None:
    address.send(piece(sides, 0, b"hello world\n"))
    answer = address.send(piece(sides, 6, b"there"), expect=409)
    assert answer["files"] == ["user_logs/std_log.txt"]
    assert "the first is kept" in answer["message"]
    assert address.send(piece(sides, 12, b"more\n")) == {"expected": {}, "requests": {"cancel": None}, "is_home": False}
    assert log_of(sides) == b"hello world\n"
    assert ["std_log" in note for note in added_notes(sides.here)] == [True]


def test_a_request_to_cancel_comes_with_the_answer(address: Address, sides: TwoSides) -> None:
    assert address.send([])["requests"] == {"cancel": None}
    ask_to_cancel(sides.here)
    assert address.send([])["requests"]["cancel"].count("\n") == 1


def test_only_the_runs_own_token_lets_its_frames_in(
    jupyter: JupyterProcess, at: str, address: Address, sides: TwoSides, exp: Experiment, tmp_path: Path
) -> None:
    """F1, F2: wrong, of another run, of Jupyter, in the query, revoked, after the end: one answer for all."""
    other = TwoSides.made(tmp_path / "other", exp.workspace.layout)
    foreign = Address(jupyter, at, sides.here, new_token(other.here))
    frames = piece(sides, 0, b"x")
    answers = [
        foreign.send(frames, expect=401),
        Address(jupyter, at, sides.here, TOKEN).send(frames, expect=401),
        Address(jupyter, at, sides.here, "").send(frames, expect=401),
        Address(jupyter, at, sides.here, "é").send(frames, expect=401, headers={"Authorization": "Basic x"}),
        address.send(frames, expect=401, params={"token": address.token}),
    ]
    for elsewhere in ({"Origin": "http://evil.com"}, {"Host": "evil.com"}):
        assert "another origin" in address.send(frames, expect=403, headers=elsewhere)["message"]
    for place in ("workspaces/nix/runs/runs", f"{at}/runs/no-such-run", f"{at}/runs/%2e%2e"):
        stranger = Address(jupyter, at, sides.here, address.token)
        stranger.url = f"{jupyter.api}{place}/frames"
        answers.append(stranger.send(frames, expect=401))
    address.send(frames)
    revoke_token(sides.here)
    answers.append(address.send(frames, expect=401))
    ended = Address(jupyter, at, other.here, foreign.token)
    ended.send(piece(other, 0, b"x"))
    StatusFile(other.here).change(Status.COMPLETED)
    answers.append(ended.send(piece(other, 1, b"y"), expect=401))
    assert len({str(answer) for answer in answers}) == 1
    assert (log_of(sides), log_of(other)) == (b"x", b"x")


def test_a_token_without_the_runs_key_brings_nothing(address: Address, sides: TwoSides) -> None:
    wrong = b"".join(encode(frame, bytes(32)) for frame in piece(sides, 0, b"x"))
    assert "checksum" in address.send(wrong, expect=400)["message"]
    of_another = [piece(sides, 0, b"x")[0]._replace(run="digits_1_00000000")]
    assert "no key" in address.send(of_another, expect=400)["message"]
    assert log_of(sides) == b""


@pytest.mark.parametrize(
    "path",
    ["run.json", "launch.json", "requests/cancel.json", "../x", "/tmp/x", "snapshot/a.py", "results/context.sig"],
)
def test_a_file_that_is_ours_is_never_taken(address: Address, sides: TwoSides, path: str) -> None:
    """F5: of names that lead out of the run's folder, or to what was submitted, nothing is written."""
    before = {file: file.read_bytes() for file in sides.here.folder.rglob("*") if file.is_file()}
    facts = {"size": 1, "mtime_ns": 1}
    frame = Frame(sides.here.run_id, FrameKind.BYTES, path, 0, b"x", facts)
    assert "isn't taken" in address.send([frame], expect=400)["message"]
    after = {file: file.read_bytes() for file in sides.here.folder.rglob("*") if file.is_file()}
    assert after == before | {sides.here.arriving_lock: b""}


def test_a_run_token_is_good_for_nothing_else(
    jupyter: JupyterProcess, address: Address, at: str, sides: TwoSides
) -> None:
    """F2: no lists, no files, no cancel, no stream."""
    own = f"{at}/runs/{sides.here.run_id}"
    for method, route in (
        *(("GET", route) for route in ("", "workspaces", f"{at}/runs", own, f"{own}/outputs", f"{own}/log", "stream")),
        *(("POST", route) for route in (f"{own}/cancel", f"{own}/again", f"{at}/delete")),
        *(("PATCH", own), ("DELETE", own)),
    ):
        for word in ("Bearer", "token"):
            headers = {"Authorization": f"{word} {address.token}"}
            answer = requests.request(method, jupyter.api + route, headers=headers, json={}, timeout=30)
            assert answer.status_code == 401, (method, route)
    assert StatusFile(sides.here).read().status is Status.NOT_STARTED


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"no frames at all\n", {}, 400),
        (b"0" * 100, {}, 400),
        (b"\0\0\0\2\0\0\0\0{}", {}, 400),
        (bytes(WIRE_BYTES + 1), {}, 413),
        (b"x", {"Content-Type": "application/json"}, 415),
        (b"x", {"Content-Type": ""}, 415),
        (b"x", {"Content-Encoding": "gzip"}, 415),
        (b"x", {"Content-Encoding": "br"}, 415),
    ],
    ids=["text", "digits", "half a frame", "large", "json", "no type", "gzip", "brotli"],
)
def test_a_body_that_is_none(
    address: Address, sides: TwoSides, body: bytes, headers: dict[str, str], status: int
) -> None:
    """E4: refused in words."""
    answer = address.send(body, headers=headers, expect=status)
    assert answer["status"] == status
    assert sides.here_are() == {}


def test_a_parameter_that_is_none(address: Address) -> None:
    assert "true or false" in address.send(b"", expect=400, params={"have": "1"})["message"]
    assert "unknown parameter" in address.send(b"", expect=400, params={"offset": "1"})["message"]


def test_a_body_without_an_end_costs_no_memory(jupyter: JupyterProcess, address: Address) -> None:
    """E4: in chunks, with nothing said of its length, by somebody without a token and by somebody with one."""
    before = resident_bytes(jupyter.process.pid)
    peaks = []
    for token in ("wrong", address.token):
        name, _, port = jupyter.host.partition(":")
        path = address.url.removeprefix(jupyter.url.removesuffix(BASE))
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {jupyter.host}\r\nContent-Type: {BYTES}\r\n"
            f"Authorization: Bearer {token}\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        with socket.create_connection((name, int(port)), timeout=60) as connection:
            connection.sendall(head.encode())
            with pytest.raises(OSError, match=r"Broken pipe|reset"):  # the server has had enough
                send_chunks(connection, 200)
            peaks.append(resident_bytes(jupyter.process.pid))
    assert max(peaks) - before < 50_000_000


def test_who_sends_too_often_is_told_to_wait(
    jupyter: JupyterProcess, at: str, address: Address, exp: Experiment, tmp_path: Path
) -> None:
    """E4: many tiny requests; others aren't kept from theirs."""
    session = requests.Session()
    session.headers.update({"Content-Type": BYTES, "Authorization": f"Bearer {address.token}"})
    for _ in range(4000):  # at whatever pace the machine can: above 20 a second it comes to that
        answer = session.post(address.url, data=b"", timeout=30)
        if answer.status_code == 429:
            break
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.json()["status"] == 429
    other = TwoSides.made(tmp_path / "other", exp.workspace.layout)
    Address(jupyter, at, other.here, new_token(other.here)).send([])


def send_chunks(connection: socket.socket, count: int) -> None:
    """Send chunks of a megabyte."""
    for _ in range(count):
        connection.sendall(b"%x\r\n%b\r\n" % (1 << 20, bytes(1 << 20)))


def resident_bytes(pid: int) -> int:
    """Return how much memory a process takes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
