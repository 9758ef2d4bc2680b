"""Faults made for real: full and broken disks, system calls that fail or take long; a job that says what returned."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.core.submitted_runs import wait_for

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
needs_strace = pytest.mark.skipif(shutil.which("strace") is None or os.geteuid() != 0, reason="needs root and strace")

LOGGING_JOB = """
import os, sys, time
from cellrun.core import Run
from cellrun.core.errors import EventNotKeptError
run = Run.get_context()
acknowledged = os.open(os.path.join(sys.argv[1], str(os.getpid())), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
refused = os.open(os.path.join(sys.argv[1], 'refused'), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
print('up', flush=True)
number = 0
while not os.path.exists(os.path.join(sys.argv[1], 'enough')):
    try:
        run.log('m', number)
        os.write(acknowledged, b'%d\\n' % number)
    except EventNotKeptError as error:
        os.write(refused, b'%s\\n' % str(error).encode())
    number += 1
    time.sleep(0.005)
"""
"""Logs numbers until there is a file `enough` in its folder; says there which calls returned and which were refused."""


class Told:
    """What a logging job says in its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    @property
    def acknowledged(self) -> list[list[int]]:
        """The numbers whose calls returned, for each process."""
        return [[int(line) for line in _lines(path)] for path in sorted(self.folder.glob("[0-9]*"))]

    @property
    def refused(self) -> list[str]:
        """What the others raised."""
        return _lines(self.folder / "refused")

    def more(self) -> None:
        """Wait until a few more calls have returned."""
        before = sum(map(len, self.acknowledged))
        wait_for(lambda: sum(map(len, self.acknowledged)) >= before + 5, "more that is acknowledged")

    def enough(self) -> None:
        """Let the job end."""
        (self.folder / "enough").touch()


class Disk:
    """A small file system of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self) -> None:
        """Leave no byte on it."""
        fd = os.open(self._filler, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for size in (1 << 16, 1 << 12, 1):
            with suppress(OSError):
                while os.write(fd, bytes(size)):
                    pass
        os.close(fd)

    def free(self) -> None:
        """Take away what filled it."""
        self._filler.unlink(missing_ok=True)

    @property
    def _filler(self) -> Path:
        return self.folder / "filler"


@contextmanager
def mounted(folder: Path, *options: str | Path) -> Iterator[Disk]:
    """Mount a file system at a folder that is made for it, until the block ends."""
    folder.mkdir(mode=0o700)
    done = subprocess.run(["mount", *options, folder], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mounting isn't allowed here: {done.stderr.strip()}")
    folder.chmod(0o700)
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def calls_are(tampered: str, pid: int, path: Path) -> Iterator[None]:
    """Let system calls of a process on a file fail or take long: `write:error=EIO`, until the block ends."""
    with _strace(pid, "-P", path, "-e", f"inject={tampered}"):
        yield


@contextmanager
def traced(pid: int, file: Path, calls: str) -> Iterator[None]:
    """Write the system calls of those names that a process makes into a file, until the block ends."""
    with _strace(pid, "-y", "-s", "300", "-o", file, "-e", f"trace={calls}"):
        yield


@contextmanager
def _strace(pid: int, *options: str | Path) -> Iterator[None]:
    command = ["strace", "-f", "-q", "-p", str(pid), *options]
    tracer = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    status = Path(f"/proc/{pid}/status")
    try:
        wait_for(lambda: tracer.poll() is not None or "TracerPid:\t0\n" not in status.read_text(), "strace")
        if tracer.poll() is not None:
            pytest.skip(f"tracing isn't allowed here: {tracer.communicate()[1].strip()}")
        yield
    finally:
        tracer.terminate()
        tracer.communicate()


@contextmanager
def memory_limit(size_bytes: int) -> Iterator[Path]:
    """Make a control group (of the first kind) with a memory limit; return the file that takes processes into it."""
    top = Path("/sys/fs/cgroup/memory")
    group = top / f"cellrun-test-{os.getpid()}"
    try:
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text(str(size_bytes))
    except OSError as error:
        with suppress(OSError):
            group.rmdir()
        pytest.skip(f"no control group with a memory limit can be made here: {error}")
    try:
        yield group / "cgroup.procs"
    finally:
        wait_for(lambda: not (group / "cgroup.procs").read_text(), "its processes to go")
        group.rmdir()


def _lines(path: Path) -> list[str]:
    text = path.read_text() if path.exists() else ""
    return text.rpartition("\n")[0].splitlines()
