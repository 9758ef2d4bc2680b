"""The keeper as a process of its own."""

import errno
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cellrun.core import Workspace
from cellrun.core.errors import ComputeTargetException
from cellrun.core.identity import RUN_ID, ProcessIdentity
from cellrun.core.store.status import Status
from cellrun.core.targets.keeper import asking, client, start
from cellrun.core.targets.keeper.place import KeeperPlace
from cellrun.core.targets.keeper.protocol import PROTOCOL, Order, line_of, parsed
from cellrun.core.targets.keeper.start import NoKeeperError
from tests.core.submitted_runs import wait_for
from tests.keepers import end_keepers

ASK = """
import sys
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.targets.keeper import client
client.tend(WorkspaceLayout(sys.argv[1]))
print("asked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def ws(tmp_path):
    return Workspace.create("tests", tmp_path / "workspace")


@pytest.fixture
def place(home):
    return KeeperPlace.here()


@pytest.fixture
def keeper(ws, place) -> ProcessIdentity:
    """One that runs."""
    client.tend(ws.layout)
    return place.read_process()


@pytest.fixture
def asker(ws):
    """Start another process that asks the keeper."""
    started = []

    def make():
        program = [sys.executable, "-c", ASK, str(ws.layout.folder)]
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(program, stdin=pipe, stdout=pipe, text=True, start_new_session=True))
        return started[-1]

    yield make
    for each in started:
        each.kill()
        each.communicate()


def beginnings(place):
    return [line for line in place.log.read_text().splitlines() if "] begins: " in line]


def test_of_many_who_start_it_at_once_one_does(asker, place, ws):
    askers = [asker() for _ in range(4)]
    assert [each.stdout.readline() for each in askers] == ["asked\n"] * 4
    assert len(beginnings(place)) == 1
    client.tend(ws.layout)
    assert len(beginnings(place)) == 1


def test_it_goes_on_when_whoever_started_it_is_killed_with_all_its_session(asker, place, ws):
    first = asker()
    assert first.stdout.readline() == "asked\n"
    keeper = place.read_process()
    assert os.getsid(keeper.pid) not in {os.getsid(first.pid), os.getsid(0)}
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    client.tend(ws.layout)
    assert place.read_process() == keeper
    assert keeper.is_alive()


def test_it_is_this_users_alone_and_of_no_run(keeper, place, monkeypatch):
    assert stat.S_IMODE(place.address.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(place.log.stat().st_mode) == 0o600
    environment = dict(
        each.split("=", 1) for each in Path(f"/proc/{keeper.pid}/environ").read_text().split("\0") if each
    )
    assert environment[RUN_ID] == ""
    assert Path(f"/proc/{keeper.pid}/cwd").readlink() == Path(environment["CELLRUN_HOME"])


def test_a_path_that_is_too_long_for_a_socket_is_none(ws, tmp_path, monkeypatch):
    runtime = tmp_path / ("x" * 120)
    monkeypatch.setenv("CELLRUN_RUNTIME_DIR", str(runtime))
    try:
        client.tend(ws.layout)
        assert KeeperPlace.here().read_process().is_alive()
        assert client.states(ws.layout) == {}
    finally:
        end_keepers(runtime)


def test_the_socket_of_one_that_was_killed_is_replaced(keeper, place, ws):
    os.kill(keeper.pid, signal.SIGKILL)
    wait_for(lambda: not keeper.is_alive(), "its end")
    assert place.address.exists()
    assert client.states(ws.layout) == {}  # which starts none
    client.tend(ws.layout)
    assert place.read_process() != keeper
    assert place.read_process().is_alive()


def test_without_a_live_run_it_ends_by_itself(ws, place, monkeypatch):
    monkeypatch.setattr(start, "IDLE_S", 0.1)
    client.tend(ws.layout)
    keeper = place.read_process()
    wait_for(lambda: not keeper.is_alive(), "its end")
    assert not place.address.exists()
    assert place.log.read_text().splitlines()[-1].endswith("has ended")
    client.tend(ws.layout)
    assert len(beginnings(place)) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_it_is_told_to_and_not_with_a_terminal(keeper, place, number):
    os.kill(keeper.pid, signal.SIGHUP)
    os.kill(keeper.pid, number)
    wait_for(lambda: not keeper.is_alive(), "its end")
    assert not place.address.exists()
    assert place.log.read_text().splitlines()[-1].endswith("has ended")


def test_it_ends_once_nobody_can_find_it(keeper, place):
    place.address.unlink()
    wait_for(lambda: not keeper.is_alive(), "its end")


def test_one_of_an_older_cellrun_is_ended_and_replaced(keeper, place, ws, monkeypatch):
    answers = iter([True, False])
    monkeypatch.setattr(asking, "is_older", lambda _: next(answers))
    client.tend(ws.layout)
    assert not keeper.is_alive()
    assert place.read_process().is_alive()
    assert "takes over" in place.log.read_text()


def test_one_that_does_not_understand_this_cellrun_is_left_alone(keeper, place, ws, monkeypatch):
    monkeypatch.setattr(asking, "PROTOCOL", PROTOCOL - 1)
    with pytest.raises(NoKeeperError, match="doesn't understand this one"):
        client.tend(ws.layout)
    assert keeper.is_alive()


def test_another_protocol_is_answered_with_its_own(keeper, place):
    with place.connected(10) as connection:
        connection.sendall(line_of({"order": "look"}).replace(b'"protocol": 1', b'"protocol": 7'))
        answer = parsed(connection.recv(10_000))
    assert answer["protocol"] == PROTOCOL
    assert "was asked in 7" in answer["error"]


@pytest.mark.parametrize(
    "question",
    [
        b"what?\n",
        b"[]\n",
        b"[" * 200_000 + b"\n",
        line_of({}),
        line_of({"order": "dance"}),
        line_of({"order": "look"}),
        line_of({"order": "look", "workspace": 7, "target": "box", "runs": []}),
    ],
)
def test_a_question_that_is_none_is_answered_with_what_is_wrong(keeper, place, question):
    with place.connected(10) as connection:
        connection.sendall(question)
        assert parsed(connection.recv(10_000))["error"]
    assert keeper.is_alive()


def test_nobody_who_does_not_ask_holds_up_another(keeper, place, ws):
    idle = [place.connected(10) for _ in range(50)]
    idle[0].sendall(b'{"protocol": 1')
    idle[1].sendall(line_of({"order": "tend", "workspace": str(ws.layout.folder)}))
    idle[1].close()
    client.tend(ws.layout)
    idle[2].settimeout(60)
    assert idle[2].recv(1) == b""  # let go after a while
    for each in idle:
        each.close()
    assert keeper.is_alive()


def test_one_that_is_stopped_holds_nobody_up_for_long(keeper, ws, monkeypatch):
    monkeypatch.setattr(asking, "_AGAIN_S", 0.5)
    os.kill(keeper.pid, signal.SIGSTOP)
    with pytest.raises(asking.NoAnswerError):
        asking.ask(Order.TEND, {"workspace": str(ws.layout.folder)}, 0.1)
    time.sleep(0.5)
    with pytest.raises(NoKeeperError, match="hasn't answered for"):
        asking.ask(Order.TEND, {"workspace": str(ws.layout.folder)}, 0.1)
    os.kill(keeper.pid, signal.SIGCONT)
    time.sleep(0.5)
    client.tend(ws.layout)


def test_one_that_ends_at_once_is_said_with_its_last_words_and_not_started_again_and_again(ws, place, monkeypatch):
    monkeypatch.setattr(start, "MODULE", "cellrun.core.targets.keeper.moon")
    with pytest.raises(NoKeeperError, match=r"as soon as it is started: .*No module named cellrun.*moon"):
        client.tend(ws.layout)
    before = place.errors.stat().st_mtime_ns
    with pytest.raises(NoKeeperError):
        client.tend(ws.layout)
    assert place.errors.stat().st_mtime_ns == before


@pytest.mark.parametrize("error", [OSError(errno.EAGAIN, "no process"), subprocess.CalledProcessError(2, "sh")])
def test_where_no_process_is_left_none_can_be_had(ws, place, monkeypatch, error):
    def full(*_, **__):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "run", full)
        with pytest.raises(NoKeeperError, match="can't be started"):
            client.tend(ws.layout)
    assert start.start(place)


def test_where_nothing_can_be_written_none_can_be_had(ws, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CELLRUN_RUNTIME_DIR", str(tmp_path / "file" / "runtime"))
    with pytest.raises(NoKeeperError):
        client.tend(ws.layout)


def test_a_workspace_that_others_can_write_to_is_none_of_its_business(keeper, ws):
    ws.layout.folder.chmod(0o777)
    with pytest.raises(ComputeTargetException, match="others can write to"):
        client.tend(ws.layout)


def test_a_run_is_brought_home_by_whoever_looks_where_none_can_be_had(runs, tmp_path, without_keeper):
    runs.workspace.attach("box", "fake", folder=tmp_path / "far side")
    layout = runs.script("print('home')", compute_target="box")
    assert runs.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == "home\n"
    assert not list((tmp_path / "runtime").glob("keeper-*.log"))


def test_a_socket_of_somebody_elses_in_its_place_is_no_keeper(place, ws):
    with socket.socket(socket.AF_UNIX) as other:
        address = place.address if len(os.fsencode(place.address)) < 100 else None
        if address is None:
            pytest.skip("the test's own folder has too long a path")
        other.bind(str(address))
    client.tend(ws.layout)
    assert place.read_process().is_alive()
