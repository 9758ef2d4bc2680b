"""The final sizes of a run's files, as its sender lists them in many frames: kept in `arriving/` as they come."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeGuard

from cellrun.core.disk import control_file
from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.mirror.frame_errors import FrameError
from cellrun.core.mirror.sync_modes import MOST_FILES

_MOST_BYTES = 64_000_000
_LARGEST = 2**62


class FinalSizes:
    """What one list says, the one that was made last there. Each has a file of its own, so that it is read on in."""

    def __init__(self, root: Path, folder: Path) -> None:
        self._root = root
        self._folder = folder
        self._begin(-1)

    def load(self) -> None:
        """Read on in what came: another process may have taken frames meanwhile."""
        made_ns = max((int(path.stem[6:]) for path in self._folder.glob("sizes-*.jsonl")), default=-1)
        if made_ns != self._made_ns:
            self._begin(made_ns)
        with suppress(FileNotFoundError):
            with os.fdopen(control_file.open_control_file(self._root, self._path), "rb") as file:
                file.seek(self._read_to)
                block = file.read()
            for line in block[: block.rfind(b"\n") + 1].splitlines(keepends=True):
                self._read_to += len(line)
                with suppress(*UNREADABLE):
                    self._apply(json.loads(line))

    def add(self, facts: Mapping[str, Any]) -> None:
        """Keep what a frame says, unless a later list has come. Raises FrameError for nonsense."""
        sizes, count, made_ns = (facts.get(key) for key in ("sizes", "count", "made_ns"))
        is_well = isinstance(sizes, dict) and all(type(size) is int and 0 <= size < _LARGEST for size in sizes.values())
        if not is_well or not _is_within(count, MOST_FILES) or not _is_within(made_ns, _LARGEST):
            raise FrameError("a frame of sizes says none")
        if made_ns < self._made_ns:
            return
        if made_ns > self._made_ns:
            if self._made_ns >= 0:
                self._path.unlink(missing_ok=True)
            self._begin(made_ns)
        line = f"{json.dumps({'sizes': sizes, 'count': count})}\n".encode()
        if self._read_to + len(line) > _MOST_BYTES:
            raise FrameError("the frames of sizes are too many")
        control_file.append(self._root, self._path, line)
        self._read_to += len(line)
        self._apply({"sizes": sizes, "count": count})

    def all(self) -> Mapping[str, int] | None:
        """Return how large each file is; None as long as that isn't known of all."""
        return self._sizes if 0 <= self._count <= len(self._sizes) <= MOST_FILES else None

    @property
    def _path(self) -> Path:
        return self._folder / f"sizes-{self._made_ns}.jsonl"

    def _begin(self, made_ns: int) -> None:
        self._made_ns, self._read_to, self._count = made_ns, 0, -1
        self._sizes: dict[str, int] = {}

    def _apply(self, told: Mapping[str, Any]) -> None:
        if len(self._sizes) <= MOST_FILES:  # of more it is none that is waited for
            self._sizes |= told["sizes"]
        self._count = told["count"]


def _is_within(value: Any, most: int) -> TypeGuard[int]:
    return type(value) is int and 0 <= value <= most
