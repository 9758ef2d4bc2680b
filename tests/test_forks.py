"""Forks begin as a fresh interpreter does, and end as one."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forks import Forks


@pytest.fixture
def forks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Forks]:
    """Forks that find a module of the test's."""
    (tmp_path / "acts.py").write_text(
        "import json, os, sys, threading, time\n"
        "def tell(word):\n"
        "    print(json.dumps([word, os.getcwd(), dict(os.environ), sys.path[0], sys.stdin.read()]))\n"
        "def fail(): raise ValueError('no')\n"
        "def leave(code): sys.exit(code)\n"
        "def later(): threading.Thread(target=lambda: (time.sleep(0.1), print('later'))).start()\n"
        "def stay(): time.sleep(60)\n"
        "def modules(): print(json.dumps(sorted(sys.modules)))\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    forks = Forks("acts")
    yield forks
    forks.close()


def test_a_fork_has_its_folder_environment_path_and_log(forks, tmp_path):
    log = tmp_path / "log"
    pid = forks.start("acts:tell", ["hi"], tmp_path, {"ONLY": "this"}, log, path=["/first"])
    assert forks.wait(pid) == 0
    assert json.loads(log.read_text()) == ["hi", str(tmp_path), {"ONLY": "this"}, "/first", ""]


def test_a_fork_ends_as_a_program_does(forks, tmp_path):
    log = tmp_path / "log"

    def ended(function, *arguments):
        return forks.wait(forks.start(f"acts:{function}", arguments, tmp_path, {}, log))

    assert ended("fail") == 1
    assert log.read_text().endswith("ValueError: no\n")
    assert ended("leave", 3) == 3
    assert ended("later") == 0  # once its threads have ended
    assert log.read_text().endswith("later\n")


def test_a_fork_can_be_killed(forks, tmp_path):
    pid = forks.start("acts:stay", [], tmp_path, {}, tmp_path / "log")
    os.kill(pid, signal.SIGKILL)
    assert forks.wait(pid) == -signal.SIGKILL
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_nothing_but_what_was_asked_for_is_loaded(forks, tmp_path):
    log = tmp_path / "log"
    forks.wait(forks.start("acts:modules", [], tmp_path, dict(os.environ), log))
    program = "import acts, importlib\nacts.modules()"
    fresh = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(json.loads(log.read_text())) <= set(json.loads(fresh.stdout))
