"""Finds what is mounted for a run in the system's table of mounts, and unmounts it.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from cellrun.core.layout import RunLayout

RUN_LINK = ".run"
"""Beside what is mounted for a run: a link to its folder."""
_TABLE = "/proc/self/mountinfo"
_SOURCE = "cellrun-"
_UNMOUNT_S = 10.0
_ESCAPED = rb"\\([0-7]{3})"


def source_of(layout: RunLayout) -> str:
    """Return what the table of mounts names as the source of what is mounted for a run."""
    import hashlib  # noqa: PLC0415  # a run without mounts has no need of it

    folder = os.path.realpath(layout.folder)
    return f"{_SOURCE}{hashlib.blake2b(os.fsencode(folder), digest_size=16).hexdigest()}"


def release(layout: RunLayout) -> int:
    """Take away what is mounted for a run, in use or not; return how much that was. Who serves it ends by that."""
    points = list(mounted(layout))
    for point in points:
        unmount(point)
        forget(Path(point))
    return len(points)


def forget(point: Path) -> None:
    """Remove the folder that something was mounted at, and with the last one the run's folder of these."""
    with suppress(OSError):
        point.rmdir()
        if os.listdir(point.parent) == [RUN_LINK]:  # noqa: PTH208  # names alone
            (point.parent / RUN_LINK).unlink()
            point.parent.rmdir()


def mounted(layout: RunLayout) -> Iterator[str]:
    """Iterate over the folders at which something is mounted for a run."""
    table = b""
    with suppress(OSError):  # no /proc (macOS): nothing is mounted for runs
        table = Path(_TABLE).read_bytes()
    if f" {_SOURCE}".encode() not in table:
        return
    source = source_of(layout).encode()
    for line in table.splitlines():
        place, _, what = line.partition(b" - ")
        kind, *rest = what.split(b" ")
        if kind.partition(b".")[0] == b"fuse" and rest[:1] == [source]:
            point = re.sub(_ESCAPED, lambda found: bytes([int(found[1], 8)]), place.split(b" ")[4])
            yield os.fsdecode(point)


def unmount(folder: str) -> None:
    """Take away what FUSE serves in a folder; who has a file of it open keeps that."""
    import shutil  # noqa: PLC0415  # a run without mounts has no need of it
    import subprocess  # noqa: PLC0415  # as above

    for program in ("fusermount3", "fusermount"):
        if shutil.which(program):
            with suppress(OSError, subprocess.TimeoutExpired):
                command = [program, "-u", "-z", folder]
                subprocess.run(command, check=False, stderr=subprocess.DEVNULL, timeout=_UNMOUNT_S)
            return
