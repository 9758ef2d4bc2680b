"""The control group (cgroup) that bounds a process's memory: its limit, and how many it has lost to it.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from cellrun.core.resources import size_text


class _Names(NamedTuple):
    """What the files of a group are called."""

    kills: str
    """Has a line `oom_kill`: how many of the group were killed for want of memory, the group's or the machine's."""
    limit: str
    peak: str


_V1 = _Names("memory.oom_control", "memory.limit_in_bytes", "memory.max_usage_in_bytes")
_V2 = _Names("memory.events", "memory.max", "memory.peak")
_NO_LIMIT_BYTES = 1 << 60


class MemoryGroup:
    """The memory cgroup of one process, version 1 or 2."""

    def __init__(self, folder: Path, top: Path, names: _Names) -> None:
        self._folder = folder
        self._top = top
        self._names = names

    @classmethod
    def of(cls, pid: int) -> MemoryGroup | None:
        """Return the group of a process; None if it has none, or none that can be seen."""
        for names, root, top in _mounts():
            for path in _paths(pid, is_v2=names is _V2):
                folder = top / os.path.relpath(path, root)
                if os.access(folder / names.kills, os.R_OK):
                    return cls(folder, top, names)
        return None

    def kills(self) -> int | None:
        """Return how many of its processes the out-of-memory killer has killed so far; None if that isn't told."""
        with suppress(OSError, ValueError):
            for line in (self._folder / self._names.kills).read_text().splitlines():
                name, _, count = line.partition(" ")
                if name == "oom_kill":
                    return int(count)
        return None

    def use(self) -> str:
        """Return its limit and its peak in words: "limit 40.0 MB, peak 39.9 MB"; empty if it has no limit."""
        inside = [self._folder, *self._folder.parents]
        folders = inside[: inside.index(self._top) + 1] if self._top in inside else inside[:1]
        limits = [limit for folder in folders if (limit := _number(folder / self._names.limit)) is not None]
        limit = min((limit for limit in limits if limit < _NO_LIMIT_BYTES), default=None)
        peak = _number(self._folder / self._names.peak)
        if limit is not None and peak is not None:
            return f"limit {size_text(limit)}, peak {size_text(peak)}"
        return "" if limit is None else f"limit {size_text(limit)}"


def _mounts() -> Iterator[tuple[_Names, str, Path]]:
    """Iterate over where groups of memory are seen: the names of their files, the group at the top, and its folder."""
    with suppress(OSError):
        for line in _lines("/proc/self/mountinfo"):
            mount, _, kind = line.partition(" - ")
            fields, (system, _, options) = mount.split(" "), kind.split(" ", 2)
            if system == "cgroup2":
                yield _V2, fields[3], Path(fields[4])
            elif system == "cgroup" and "memory" in options.split(","):
                yield _V1, fields[3], Path(fields[4])


def _paths(pid: int, *, is_v2: bool) -> Iterator[str]:
    with suppress(OSError):
        for line in _lines(f"/proc/{pid}/cgroup"):
            number, controllers, path = line.split(":", 2)
            if number == "0" and not controllers if is_v2 else "memory" in controllers.split(","):
                yield path


def _lines(table: str) -> list[str]:
    """Return the lines of a file of the system that names paths, which may hold any byte but a line's end."""
    return os.fsdecode(Path(table).read_bytes()).removesuffix("\n").split("\n")


def _number(file: Path) -> int | None:
    with suppress(OSError, ValueError):  # not there, or "max"
        return int(file.read_text())
    return None
