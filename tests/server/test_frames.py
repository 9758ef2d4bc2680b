"""E3, E4, F2: what a job elsewhere sends joins its run, each line once; its token opens that run and nothing else."""

from __future__ import annotations

import gzip
import random
import socket
from pathlib import Path
from typing import Any

import pytest
import requests

from cellrun.core import Experiment, Run, Workspace
from cellrun.core.store.events.event_line import open_line, seal
from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.intake.run_token import new_token, revoke_token
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore
from cellrun.server.handlers.door import WIRE_BYTES
from tests.server.jupyter_process import BASE, TOKEN, JupyterProcess

BYTES = "application/octet-stream"


class Door:
    """One run's door, as a job elsewhere knows it."""

    def __init__(self, jupyter: JupyterProcess, run: Run, token: str) -> None:
        self.url = f"{jupyter.url}cellrun/door/{run.experiment.workspace.id}/{run.id}"
        self.token = token

    def send(self, what: str, data: Any, *, expect: int = 200, **options: Any) -> dict[str, Any]:
        """Send bytes to `events` or `log`; the answer has to have that status."""
        headers = {"Content-Type": BYTES, "Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        answer = requests.post(f"{self.url}/{what}", data=data, headers=headers, timeout=60, **options)
        assert answer.status_code == expect, answer.text
        return dict(answer.json())


@pytest.fixture
def run(exp: Experiment) -> Run:
    """A run that goes on."""
    return exp.start_logging()


@pytest.fixture
def door(jupyter: JupyterProcess, run: Run) -> Door:
    """Its door."""
    return Door(jupyter, run, new_token(run.layout))


@pytest.fixture
def spool(tmp_path: Path) -> list[bytes]:
    """The lines that a job elsewhere has logged: 40 losses after the line that names the writer."""
    workspace = Workspace.create("elsewhere", tmp_path / "elsewhere")
    layout = RunStore(workspace.layout).create(RunRecord("digits", "interactive"), lambda _: None)
    log = EventLog(layout)
    for step in range(40):
        log.log("loss", 1 / (step + 1))
    log.close()
    (file,) = layout.events.glob("*.jsonl")
    return file.read_bytes().splitlines(keepends=True)


def losses(run: Run) -> list[float]:
    """What the run has by now, as everybody sees it."""
    return list(Run(run.experiment, run.id).get_metrics().get("loss", []))


def test_lines_join_the_run_each_once_however_they_come(door: Door, run: Run, spool: list[bytes]) -> None:
    """E3: lost answers, batches again, in parts and overlapping."""
    dice = random.Random(7)
    sent = 0
    while sent < len(spool):
        end = min(len(spool), sent + dice.randint(1, 9))
        batch = b"".join(spool[dice.randint(0, sent) : end])
        for _ in range(dice.randint(1, 3)):
            packed = dice.random() < 0.5
            headers = {"Content-Encoding": "gzip"} if packed else {}
            door.send("events", gzip.compress(batch) if packed else batch, headers=headers)
        sent = end
    assert losses(run) == [1 / (step + 1) for step in range(40)]
    assert door.send("events", b"".join(spool)) == {"kept": 0, "known": len(spool)}


def test_a_gap_is_told_with_what_is_expected(door: Door, run: Run, spool: list[bytes]) -> None:
    door.send("events", b"".join(spool[:3]))
    answer = door.send("events", b"".join(spool[5:]), expect=409)
    assert list(answer["expected"].values()) == [3]
    assert losses(run) == [1.0, 0.5]
    writer = next(iter(answer["expected"]))
    assert door.send("events", b"".join(spool[5:]), params={"after": f"{writer}:2"})["kept"] == len(spool) - 5


def test_another_line_under_a_number_that_is_taken_is_a_conflict(door: Door, run: Run, spool: list[bytes]) -> None:
    door.send("events", b"".join(spool))
    body = open_line(spool[4].rstrip(b"\n"))
    assert body
    answer = door.send("events", seal(body.replace(b"0.25", b"0.75")), expect=409)
    assert "the first one is kept" in answer["message"]
    assert losses(run)[3] == 0.25
    assert any("event" in str(note) for note in run.get_details()["warnings"])


def test_log_bytes_join_the_log(door: Door, run: Run) -> None:
    assert door.send("log", b"hello ", params={"offset": 0}) == {"size": 6}
    assert door.send("log", b"lo world\n", params={"offset": 3}) == {"size": 12}
    assert door.send("log", b"far", params={"offset": 99}, expect=409)["size"] == 12
    assert door.send("log", b"other", params={"offset": 0}, expect=409)["size"] == 12
    assert run.layout.log.read_bytes() == b"hello world\n"


def test_only_the_runs_own_token_opens_the_door(
    jupyter: JupyterProcess, door: Door, run: Run, exp: Experiment, spool: list[bytes]
) -> None:
    """F1, F2: wrong, of another run, of Jupyter, in the query, revoked, after the end: one answer for all."""
    other = exp.start_logging()
    foreign = Door(jupyter, run, new_token(other.layout))
    answers = [
        foreign.send("events", spool[0], expect=401),
        Door(jupyter, run, TOKEN).send("events", spool[0], expect=401),
        Door(jupyter, run, "").send("events", spool[0], expect=401),
        Door(jupyter, run, "é").send("events", spool[0], expect=401, headers={"Authorization": "Basic x"}),
        door.send("events", spool[0], expect=401, params={"token": door.token}),
    ]
    for elsewhere in ({"Origin": "http://evil.com"}, {"Host": "evil.com"}):
        assert "another origin" in door.send("events", spool[0], expect=403, headers=elsewhere)["message"]
    for address in ("/nix/runs", f"/{exp.workspace.id}/no-such-run", f"/{exp.workspace.id}/%2e%2e"):
        stranger = Door(jupyter, run, door.token)
        stranger.url = f"{jupyter.url}cellrun/door{address}"
        answers.append(stranger.send("events", spool[0], expect=401))
    door.send("events", spool[0])
    revoke_token(run.layout)
    answers.append(door.send("events", spool[1], expect=401))
    ended = Door(jupyter, other, foreign.token)
    ended.send("log", b"x", params={"offset": 0})
    other.complete()
    answers.append(ended.send("log", b"y", params={"offset": 1}, expect=401))
    assert len({str(answer) for answer in answers}) == 1
    assert losses(run) == []


def test_a_run_token_is_good_for_nothing_else(jupyter: JupyterProcess, door: Door, at: str, run: Run) -> None:
    """F2: no lists, no files, no cancel, no stream."""
    own = f"{at}/runs/{run.id}"
    for method, route in (
        *(("GET", route) for route in ("", "workspaces", f"{at}/runs", own, f"{own}/outputs", f"{own}/log", "stream")),
        *(("POST", route) for route in (f"{own}/cancel", f"{own}/again", f"{at}/delete")),
        *(("PATCH", own), ("DELETE", own)),
    ):
        for word in ("Bearer", "token"):
            headers = {"Authorization": f"{word} {door.token}"}
            answer = requests.request(method, jupyter.api + route, headers=headers, json={}, timeout=30)
            assert answer.status_code == 401, (method, route)
    assert run.get_status() == "Running"


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"no lines at all\n", {}, 400),
        (b"0" * 100, {}, 400),
        (b"no gzip", {"Content-Encoding": "gzip"}, 400),
        (gzip.compress(b"x" * 100)[:-9], {"Content-Encoding": "gzip"}, 400),
        (gzip.compress(bytes(80_000_000)), {"Content-Encoding": "gzip"}, 413),
        (bytes(WIRE_BYTES + 1), {}, 413),
        (b"x", {"Content-Type": "application/json"}, 415),
        (b"x", {"Content-Type": ""}, 415),
        (b"x", {"Content-Encoding": "br"}, 415),
    ],
    ids=["text", "no newline", "no gzip", "half a gzip", "bomb", "large", "json", "no type", "brotli"],
)
def test_a_body_that_is_none(door: Door, run: Run, body: bytes, headers: dict[str, str], status: int) -> None:
    """E4: refused in words."""
    answer = door.send("events", body, headers=headers, expect=status)
    assert answer["status"] == status
    assert losses(run) == []


def test_a_parameter_that_is_none(door: Door) -> None:
    assert "missing" in door.send("log", b"x", expect=400)["message"]
    assert "whole number" in door.send("log", b"x", params={"offset": "-1"}, expect=400)["message"]
    assert "'after'" in door.send("events", b"x", params={"after": "w"}, expect=400)["message"]


def test_a_body_without_an_end_costs_no_memory(jupyter: JupyterProcess, door: Door) -> None:
    """E4: in chunks, with nothing said of its length, by somebody without a token and by somebody with one."""
    before = resident_bytes(jupyter.process.pid)
    peaks = []
    for token in ("wrong", door.token):
        name, _, port = jupyter.host.partition(":")
        path = door.url.removeprefix(jupyter.url.removesuffix(BASE))
        head = (
            f"POST {path}/events HTTP/1.1\r\nHost: {jupyter.host}\r\nContent-Type: {BYTES}\r\n"
            f"Authorization: Bearer {token}\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        with socket.create_connection((name, int(port)), timeout=60) as connection:
            connection.sendall(head.encode())
            with pytest.raises(OSError, match=r"Broken pipe|reset"):  # the server has had enough
                send_chunks(connection, 200)
            peaks.append(resident_bytes(jupyter.process.pid))
    assert max(peaks) - before < 50_000_000


def test_who_sends_too_often_is_told_to_wait(door: Door, run: Run, exp: Experiment, jupyter: JupyterProcess) -> None:
    """E4: many tiny requests; others aren't kept from theirs."""
    session = requests.Session()
    session.headers.update({"Content-Type": BYTES, "Authorization": f"Bearer {door.token}"})
    for _ in range(4000):  # at whatever pace the machine can: above 20 a second it comes to that
        answer = session.post(f"{door.url}/log?offset=0", data=b"", timeout=30)
        if answer.status_code == 429:
            break
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.json()["status"] == 429
    other = exp.start_logging()
    Door(jupyter, other, new_token(other.layout)).send("log", b"x", params={"offset": 0})


def send_chunks(connection: socket.socket, count: int) -> None:
    """Send chunks of a megabyte."""
    for _ in range(count):
        connection.sendall(b"%x\r\n%b\r\n" % (1 << 20, bytes(1 << 20)))


def resident_bytes(pid: int) -> int:
    """Return how much memory a process takes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
