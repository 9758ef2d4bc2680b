"""What running servers leave for kernels to find."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cellrun.core.identity import ProcessIdentity
from cellrun.core.portal import servers
from cellrun.core.portal.servers import ServerFile

URL, BASE = "http://127.0.0.1:8888/user/ada/", "/user/ada/"


@pytest.fixture
def mine() -> ServerFile:
    """This process as a server."""
    return ServerFile.of_this_process(URL, BASE, "1.2.3")


@pytest.fixture
def dead(mine: ServerFile) -> ServerFile:
    """A server whose process is gone."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        return mine._replace(process=ProcessIdentity.of(process.pid))


def test_a_server_is_found_until_it_says_that_it_is_gone(mine: ServerFile) -> None:
    assert servers.running() == []
    path = mine.write()
    assert servers.running() == [mine]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    mine.remove()
    mine.remove()
    assert servers.running() == []


def test_the_newest_comes_first(mine: ServerFile) -> None:
    older = mine._replace(process=ProcessIdentity.of(os.getppid()), started_at=mine.started_at - 60)
    older.write()
    mine.write()
    assert servers.running() == [mine, older]


def test_what_a_killed_server_left_is_removed(dead: ServerFile) -> None:
    left = dead.write()
    assert servers.running() == []
    assert not left.exists()


def test_a_reused_pid_is_not_the_server(mine: ServerFile) -> None:
    for field in ("started", "boot", "host"):
        stranger = mine.process._replace(**{field: 17 if field == "started" else "another"})
        path = mine._replace(process=stranger).write()
        assert servers.running() == []
        assert not path.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": "http://127.0.0.1:1/"}'])
def test_a_damaged_file_is_removed(text: str) -> None:
    path = servers.servers_folder() / "1.json"
    path.write_text(text)
    assert servers.running() == []
    assert not path.exists()


def test_a_server_of_another_home_does_not_serve_this_one(
    mine: ServerFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, lock = mine.write(), servers.private_lock()
    monkeypatch.setenv("CELLRUN_HOME", str(tmp_path / "other"))
    assert servers.running() == []
    assert path.exists()
    assert servers.private_lock() != lock


def test_a_newer_cellrun_may_say_more(mine: ServerFile) -> None:
    path = mine.write()
    path.write_text(json.dumps({**mine.to_json(), "colour": "red"}))
    assert servers.running() == [mine]


def test_the_private_server_is_found_among_others(mine: ServerFile) -> None:
    private = mine._replace(is_private=True, process=ProcessIdentity.of(os.getppid()))
    mine.write()
    assert servers.private() is None
    private.write()
    assert servers.private() == private
