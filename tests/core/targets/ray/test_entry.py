"""A run is started on a node of a cluster from its package: as Ray does it, by a Python that has nothing of ours."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cellrun.core.environments.job_library import library_archive
from cellrun.core.identity import ProcessIdentity
from cellrun.core.mirror.log_lines import LogLines
from cellrun.core.mirror.run_key import new_key
from cellrun.core.processes import process_table
from cellrun.core.run_request import RunRequest, request_to_json
from cellrun.core.store.record import RunTarget
from cellrun.core.store.status import Status, StatusFile, StatusRecord
from cellrun.core.targets.payload import Payload
from tests.core.engine.conftest import blocked
from tests.core.mirror.two_sides import new_run
from tests.interpreters import bare_environment, python_of
from tests.stores import Web, free_port, web  # noqa: F401  # a fixture of the tests below

DEADLINE_S = 60
SECRETS = "CELLRUN_JOB_SECRETS"
_MODULE = "cellrun.core.targets.ray.entry"


class Installed(NamedTuple):
    """What every node has: a Python that has nothing of ours, and our code, unpacked."""

    python: str
    core: Path


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """It is unpacked once, and compiled by the first run."""
    folder = tmp_path_factory.mktemp("installed")
    for path, data in library_archive().files.items():
        file = folder / "core" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return Installed(bare_environment(folder / "bare"), folder / "core")


class Node:
    """A node of a cluster to which one run comes."""

    def __init__(self, folder: Path, installed: Installed) -> None:
        self.here = new_run(folder / "here")
        RunTarget("cluster", "ray", shares_processes=False).write(self.here)
        self.folder, self.package = folder / "tmp", folder / "package"
        self.folder.mkdir()
        self.python, self.core = installed
        self.out = folder / "job.log"
        self.process: subprocess.Popen[bytes] | None = None

    def given(self, script: str, values: Mapping[str, Any] | None = None, **request: Any) -> Node:
        """Let the package come, with a script; `values` came by a datastore."""
        self.here.snapshot.mkdir(parents=True, exist_ok=True)
        (self.here.snapshot / "train.py").write_text(script)
        payload = Payload.of(self.here)
        for path, file in payload.files.items():
            target = self.package / "run" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
        wanted = replace(RunRequest("script", "train.py", experiment="tests", workspace="mine"), **request)
        files = [(path, file.stat()) for path, file in payload.files.items()]
        order = {
            "request": request_to_json(wanted),
            "experiment": "tests",
            "workspace": "w1",
            "workspace_name": "mine",
            "run": self.here.run_id,
            "attempt": 1,
            "signed": "",
            "files": [
                {"path": path, "size": one.st_size, "mode": one.st_mode & 0o777, "mtime_ns": one.st_mtime_ns}
                for path, one in files
            ],
            "values": values or {},
            "carrier": {"way": "lines"},
        }
        (self.package / "order.json").write_text(json.dumps(order))
        return self

    def start(self, python: str = "") -> subprocess.Popen[bytes]:
        """Start what Ray starts."""
        secrets = json.dumps({"variables": {"TOKEN": "hush-hush"}, "key": new_key(self.here).hex(), "token": ""})
        config = json.dumps({"runtime_env": {"env_vars": {SECRETS: secrets}}, "metadata": {}})
        environment = {
            SECRETS: secrets,
            "RAY_JOB_CONFIG_JSON_ENV_VAR": config,
            "RAY_ADDRESS": "10.0.0.1:6379",
            "TMPDIR": str(self.folder),
            "HOME": str(self.folder.parent),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join([str(self.package), str(self.core)]),
        }
        with self.out.open("wb") as out:
            self.process = subprocess.Popen(
                [python or self.python, "-m", _MODULE],
                cwd=self.package,
                env=environment,
                stdout=out,
                stderr=out,
            )
        return self.process

    def ended(self) -> int:
        """Wait until it has ended, and nobody of it is left; return its exit code."""
        assert self.process
        code = self.process.wait(DEADLINE_S)
        self.until(lambda: not self.living(), "that nobody is left")
        return code

    def home(self) -> StatusRecord:
        """Bring the run home from the job's log; return how it is then."""
        LogLines(self.here).feed(self.out.read_bytes())
        return StatusFile(self.here).read()

    def living(self) -> list[int]:
        """Return the processes of the job."""
        return [
            entry.pid
            for entry in process_table.processes()
            if process_table.variable(entry.pid, "TMPDIR") == str(self.folder)
        ]

    def until(self, is_so: Any, what: str) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + DEADLINE_S
        while not is_so():
            assert time.monotonic() < deadline, (what, self.out.read_text())
            time.sleep(0.02)

    def printed(self, text: bytes) -> None:
        """Wait until people can read a text in the job's log."""
        self.until(lambda: b"\n" + text in b"\n" + self.out.read_bytes(), text)


@pytest.fixture
def node(tmp_path: Path, installed: Installed) -> Iterator[Node]:
    """A node; what runs there ends with the test."""
    node = Node(tmp_path, installed)
    yield node
    if node.process:
        node.process.kill()
        node.process.wait()
        node.until(lambda: not node.living(), "that nobody is left")


def test_a_run_goes_from_its_package_to_its_end_and_home(node: Node) -> None:
    node.given(
        """
import json, os, sys
from cellrun.core import Run
Run.get_context().log("loss", 0.5)
with open("outputs/model.txt", "w") as file:
    file.write("model")
print(json.dumps([sys.argv[1:], dict(os.environ), sys.path]))
""",
        arguments=("--lr", "0.1"),
        variables={"TOKEN": "hush-hush"},
    ).start()
    assert node.ended() == 0
    assert node.home().status is Status.COMPLETED
    arguments, variables, path = json.loads(node.here.log.read_text())
    assert arguments == ["--lr", "0.1"]
    assert (variables["TOKEN"], variables["RAY_ADDRESS"]) == ("hush-hush", "10.0.0.1:6379")
    assert str(node.package) not in path
    assert (node.here.outputs / "model.txt").read_text() == "model"
    assert json.loads(node.here.environment.read_text())["python"]["executable"] == node.python
    assert list(node.folder.iterdir()) == []


def test_what_is_secret_is_told_to_nobody_but_what_the_user_gave(node: Node) -> None:
    node.given("import os; print(os.environ)").start()
    assert node.ended() == 0
    node.home()
    assert SECRETS not in node.here.log.read_text()
    assert new_key(node.here).hex() not in node.here.log.read_text()


def test_a_stop_of_rays_cancels_the_run_with_its_grace(node: Node) -> None:
    process = node.given(
        """
import time
print("up", flush=True)
try:
    time.sleep(600)
except KeyboardInterrupt:
    print("saved")
"""
    ).start()
    node.printed(b"up\n")
    process.send_signal(signal.SIGTERM)
    assert node.ended() == 1
    assert node.home().status is Status.CANCELED
    assert node.here.log.read_text() == "up\nsaved\n"
    assert list(node.folder.iterdir()) == []


def test_a_stop_that_comes_while_the_run_is_unpacked_cancels_it(node: Node) -> None:
    node.given("import time; time.sleep(600)")
    with blocked(signal.SIGTERM):
        process = node.start()
    process.send_signal(signal.SIGTERM)
    assert node.ended() == 1
    assert node.home().status is Status.CANCELED


def test_nobody_and_no_secret_is_left_when_ray_kills_it(node: Node) -> None:
    process = node.given("print('up', flush=True); import time; time.sleep(600)").start()
    node.printed(b"up\n")
    process.kill()
    node.ended()
    assert [path.name for path in node.folder.glob("*/private/*")] == []


def test_a_run_that_can_not_be_started_there_says_why(node: Node) -> None:
    node.given("pass", environment="/nowhere/venv").start()
    assert node.ended() == 1
    end = node.home()
    assert end.status is Status.FAILED
    assert "/nowhere/venv" in (end.reason or "")


def test_a_package_that_is_not_whole_is_not_started(node: Node) -> None:
    node.given("print('never')")
    (node.package / "run" / "snapshot" / "train.py").write_text("prin")
    node.start()
    assert node.ended() == 1
    assert "snapshot/train.py of the run didn't come whole" in node.out.read_text()
    assert list(node.folder.iterdir()) == []


@pytest.mark.parametrize("minor", [8, 9])
def test_a_python_that_is_too_old_says_so(node: Node, minor: int) -> None:
    python = python_of(minor)
    if python is None:
        pytest.skip(f"no Python 3.{minor} is on this machine")
    node.given("pass").start(python)
    assert node.ended() == 1
    assert "a run needs 3.10 or newer" in node.out.read_text()
    assert "Traceback" not in node.out.read_text()


VALUE = bytes(range(256)) * 9000
NAME = "ab" * 32
SHOWS_VALUE = f"""
from cellrun.core import Run
from hashlib import sha256
folder = Run.get_context().layout.workspace.values
print(sha256((folder / {NAME[:2]!r} / {NAME!r}).read_bytes()).hexdigest())
"""


def told_of(**where: Any) -> dict[str, Any]:
    return {NAME: {"size": len(VALUE), "sha256": hashlib.sha256(VALUE).hexdigest(), **where}}


def test_a_value_is_fetched_from_a_folder_that_the_node_shares_or_by_a_url(node: Node, web: Web) -> None:  # noqa: F811  # the fixture
    (web.folder / "value").write_bytes(VALUE)
    for where in ({"path": str(web.folder / "value")}, {"url": f"{web.url}/value?signed=so"}):
        node.given(SHOWS_VALUE, told_of(**where)).start()
        assert node.ended() == 0, node.out.read_text()
        assert hashlib.sha256(VALUE).hexdigest() in node.out.read_text()
    assert list(node.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({"url": "{web}/none?signed=so"}, "from {web}/none: it answers 404"),
        ({"url": "{web}/other?signed=so"}, "from {web}/other: what is there isn't what was sent"),
        ({"url": "{away}?signed=so"}, "from {away}: [Errno 111] Connection refused"),
        ({"path": "/nowhere/value"}, "from /nowhere/value: No such file or directory; is the folder shared"),
    ],
)
def test_a_value_that_cant_be_had_fails_the_run_in_words_without_what_its_url_was_signed_by(
    node: Node,
    web: Web,  # noqa: F811  # as above
    where: dict[str, str],
    words: str,
) -> None:
    (web.folder / "other").write_bytes(VALUE[::-1])
    holes = {"web": web.url, "away": f"http://127.0.0.1:{free_port()}/value"}
    node.given("print('never')", told_of(**{key: text.format(**holes) for key, text in where.items()})).start()
    assert node.ended() == 1
    end = node.home()
    assert end.status is Status.FAILED
    assert words.format(**holes) in (end.reason or "")
    assert "signed=so" not in (end.reason or "")
    assert not node.here.log.exists() or "never" not in node.here.log.read_text()


def test_a_stop_that_comes_while_a_value_is_fetched_cancels_the_run(node: Node, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "slow")
    process = node.given("print('never')", told_of(path=str(tmp_path / "slow"))).start()
    with (tmp_path / "slow").open("wb") as slow:
        slow.write(VALUE)
        slow.flush()
        process.send_signal(signal.SIGTERM)
        node.until(lambda: signal_is_pending(process.pid), "that the signal has come")
        with suppress(BrokenPipeError):  # it reads no more
            slow.write(VALUE)
    assert node.ended() == 1
    assert node.home().status is Status.CANCELED


def signal_is_pending(pid: int) -> bool:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    pending = [int(line.split()[1], 16) for line in lines if line.startswith(("ShdPnd", "SigPnd"))]
    return any(mask & 1 << signal.SIGTERM - 1 for mask in pending)


def test_folders_of_killed_runs_go_after_a_week(node: Node) -> None:
    node.given("pass").start().kill()
    node.ended()
    for age_days, is_kept in ((1, True), (8, False)):
        left = node.folder / f"cellrun-ray-{age_days}"
        left.mkdir(0o700)
        dead = {**ProcessIdentity.current().to_json(), "pid": 2**22 - 1, "started": 1}
        (left / "owner.json").write_text(json.dumps(dead))
        os.utime(left, times=(time.time() - age_days * 86400,) * 2)
        node.start()
        node.ended()
        assert left.exists() == is_kept
