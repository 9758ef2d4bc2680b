"""How a process has ended that is somebody else's child."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cellrun.core.identity import ProcessIdentity
from cellrun.core.processes import exits
from cellrun.core.processes.exits import UNKNOWN_EXIT, JobExit, exit_seen

PARENT = """
import os, sys
code = "import os, sys; sys.stdin.read(); " + sys.argv[1]
child = os.posix_spawn(sys.executable, [sys.executable, "-c", code], os.environ)
print(child, flush=True)
os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
print("ended", flush=True)
open(sys.argv[2]).read()
os.waitpid(child, 0)
print("asked", flush=True)
"""


class Stranger:
    """The child of another process, which asks for its exit when it is let."""

    def __init__(self, parent: subprocess.Popen[str], let: Path) -> None:
        assert parent.stdout
        self._parent, self._let, self._told = parent, let, parent.stdout
        self.identity = ProcessIdentity.of(int(self._told.readline()))
        self.pidfd = os.pidfd_open(self.identity.pid)

    def end(self) -> None:
        assert self._parent.stdin
        self._parent.stdin.close()
        assert self._told.readline() == "ended\n"

    def be_asked(self) -> None:
        self._let.write_text("")
        assert self._told.readline() == "asked\n"


@pytest.fixture
def stranger(tmp_path, request) -> Iterator[Stranger]:
    let = tmp_path / "let"
    os.mkfifo(let)
    command = [sys.executable, "-c", PARENT, request.param, str(let)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        child = Stranger(parent, let)
        yield child
        os.close(child.pidfd)
        parent.kill()


def tells_exits() -> bool:
    """Whether this system tells by a pidfd how a process has ended: Linux 6.15 and newer do."""
    pid = os.posix_spawn("/bin/true", ["true"], {})
    pidfd = os.pidfd_open(pid)
    os.waitpid(pid, 0)
    told = exits._told_by(pidfd)
    os.close(pidfd)
    return told != UNKNOWN_EXIT


CASES = pytest.mark.parametrize(
    ("stranger", "expected"),
    [
        ("os._exit(7)", JobExit(7, None)),
        ("os._exit(0)", JobExit(0, None)),
        ("os.kill(os.getpid(), 9)", JobExit(None, 9)),
    ],
    indirect=["stranger"],
)


@CASES
def test_of_one_that_nobody_has_asked_yet_the_table_tells(stranger, expected):
    assert exit_seen(stranger.identity) == UNKNOWN_EXIT, "it lives"
    stranger.end()
    assert exit_seen(stranger.identity) == expected
    assert exit_seen(stranger.identity._replace(started=1)) == UNKNOWN_EXIT, "another one had its pid"
    stranger.be_asked()
    assert exit_seen(stranger.identity) == UNKNOWN_EXIT


@pytest.mark.skipif(not tells_exits(), reason="this Linux doesn't tell by a pidfd how a process has ended (6.15 does)")
@CASES
def test_a_pidfd_that_was_opened_before_tells_of_any(stranger, expected):
    assert exit_seen(stranger.identity, stranger.pidfd) == UNKNOWN_EXIT
    stranger.end()
    stranger.be_asked()
    assert exit_seen(stranger.identity, stranger.pidfd) == expected


def test_a_system_that_does_not_know_the_question(tmp_path):
    """As an older Linux: what isn't a pidfd doesn't either."""
    with (tmp_path / "file").open("w") as file:
        assert exit_seen(ProcessIdentity.current()._replace(pid=2**22 + 1), file.fileno()) == UNKNOWN_EXIT
