"""Run pytest with all its temporary folders in memory, where there is room for them: `in_memory.py pytest -n auto`.

A disk's journal takes up to a third of what a test takes of a processor. The folders go when the tests end.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue

MEMORY = Path("/dev/shm")  # noqa: S108  # a folder of its own is made there
USUAL = "/tmp"  # noqa: S108  # what TMPDIR is if nobody has chosen one
ROOM_BYTES = 6 << 30
"""Twice what tests fill; what they start takes as much."""


def main(command: list[str]) -> int:
    """Return the command's exit code."""
    if not has_room():
        os.execvp(command[0], command)  # noqa: S606  # as if it were called directly
    folder = tempfile.mkdtemp(prefix="tests-", dir=MEMORY)
    Path(folder).chmod(0o1777)  # as /tmp: some tests work as another user
    told: SimpleQueue[int] = SimpleQueue()
    for each in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(each) is not signal.SIG_IGN:  # as under nohup
            signal.signal(each, lambda number, _: told.put(number))
    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C reaches the command by itself
    try:
        process = subprocess.Popen([*command, f"--basetemp={folder}/t"], env={**os.environ, "TMPDIR": folder})
        while (code := _ended(process)) is None:
            while not told.empty():
                process.send_signal(told.get())
    finally:
        subprocess.run(["rm", "-rf", "--one-file-system", folder], check=False)  # what a test mounted isn't entered
    return code if code >= 0 else 128 - code


def _ended(process: subprocess.Popen[bytes]) -> int | None:
    """Return the exit code if it ends within a second."""
    with suppress(subprocess.TimeoutExpired):
        return process.wait(1)
    return None


def has_room() -> bool:
    """Whether memory has room for the folders, programs can be started there, and nobody has chosen another place."""
    if os.environ.get("TMPDIR", USUAL) != USUAL or not MEMORY.is_dir():
        return False
    is_startable = not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
    return is_startable and shutil.disk_usage(MEMORY).free > ROOM_BYTES and available_bytes() > 2 * ROOM_BYTES


def available_bytes() -> int:
    """Return what is left of the machine's memory, or of the container's."""
    lines = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    available = int(lines["MemAvailable"].removesuffix("kB")) * 1024
    group = Path("/sys/fs/cgroup")
    with suppress(OSError, ValueError):  # there is no such file, or it says "max"
        left = int((group / "memory.max").read_text()) - int((group / "memory.current").read_text())
        available = min(available, left)
    return available


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
