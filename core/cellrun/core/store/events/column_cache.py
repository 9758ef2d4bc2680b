"""A cache of the columns of long event logs, so that the next process needn't parse them again.

A cache in the user's own home: deleting it costs time only, and whoever else can write to a run has no word in it.
Readers alone write it, never a job. It is used only if the event files still begin with what was read of them then.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from cellrun.core.digest import hasher
from cellrun.core.disk.whole_files import make_private_folder
from cellrun.core.errors import CellrunError
from cellrun.core.layout import RunLayout
from cellrun.core.places import cache_of
from cellrun.core.resources import limits
from cellrun.core.store.events.columns_file import PackedColumns, pack
from cellrun.core.store.events.metrics import Metrics
from cellrun.core.store.events.reader import EventReader

_LONG_BYTES = 4_000_000
"""So much is parsed in a tenth of a second."""
_SHARE = 0.25
"""By so much a log has to grow until what is kept of it is written again."""
_SETTLED_NS = 2_000_000_000
_CHUNK_BYTES = 1 << 20
_DRAFT_S = 600.0


class ColumnCache:
    """The kept columns of one run."""

    def __init__(self, layout: RunLayout) -> None:
        self._layout = layout
        self._kept_bytes = 0

    @property
    def path(self) -> Path:
        """The file that they are kept in."""
        return cache_of(self._layout.workspace) / "columns" / self._layout.run_id

    def metrics(self, tags: Mapping[str, str | None] | None = None) -> Metrics:
        """Return the run's metrics as far as they are kept, nothing else: `update` reads on from there."""
        try:
            packed = PackedColumns(self.path.read_bytes())
            files = packed.about["files"]
            if all(_begins_as_before(self._layout.events / f"{writer}.jsonl", file) for writer, file in files.items()):
                cursor = {writer: int(file["offset"]) for writer, file in files.items()}
                kept = Metrics(EventReader(self._layout, cursor, packed.damage(self._layout.events)))
                packed.fill(kept)
                self._kept_bytes = sum(cursor.values())
                os.utime(self.path)  # it was of use: others go first
                return kept
        except (
            CellrunError,
            OSError,
            ValueError,
            KeyError,
            TypeError,
            IndexError,
        ):  # none, or of no use: all is read again
            pass
        return Metrics(EventReader(self._layout), tags)

    def keep(self, metrics: Metrics) -> None:
        """Keep what was read, if that is much more than is kept and all that is there was read."""
        cursor = metrics.reader.cursor
        read_bytes = sum(cursor.values())
        if read_bytes - self._kept_bytes < max(_LONG_BYTES, _SHARE * self._kept_bytes) or metrics.reader.has_more:
            return
        self._kept_bytes = read_bytes
        with suppress(CellrunError, OSError):  # a full disk, no home: then it is read again next time
            if self._layout.workspace.record.exists():  # not in a folder that a run was only copied to
                self._write(metrics, cursor)

    def forget(self) -> None:
        """Remove what is kept."""
        with suppress(CellrunError, OSError):
            self.path.unlink()

    def _write(self, metrics: Metrics, cursor: Mapping[str, int]) -> None:
        files = {writer: _about(self._layout.events / f"{writer}.jsonl", end) for writer, end in cursor.items()}
        path = self.path
        folder = path.parent
        make_private_folder(folder)
        draft = folder / f".{os.urandom(8).hex()}"
        try:
            with draft.open("xb") as file:
                os.fchmod(file.fileno(), 0o600)
                for block in pack(metrics, {"files": files}):
                    file.write(block)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        _make_room(folder, limits().column_cache_bytes)


def _about(path: Path, offset: int) -> dict[str, Any]:
    """Return what a file of events is known again by, up to where it was read."""
    found = path.stat()
    is_settled = time.time_ns() - found.st_ctime_ns > _SETTLED_NS
    return {
        "offset": offset,
        "size": found.st_size,
        "inode": found.st_ino,
        "changed_ns": found.st_ctime_ns if is_settled else None,
        "digest": _digest(path, offset),
    }


def _begins_as_before(path: Path, before: Mapping[str, Any]) -> bool:
    found = path.stat()
    if (found.st_size, found.st_ino, found.st_ctime_ns) == (before["size"], before["inode"], before["changed_ns"]):
        return True
    end: int = before["offset"]
    return found.st_size >= end and _digest(path, end) == before["digest"]


def _digest(path: Path, end: int) -> str:
    seen = hasher()
    with path.open("rb") as file:
        while end and (chunk := file.read(min(end, _CHUNK_BYTES))):
            seen.update(chunk)
            end -= len(chunk)
    return seen.hexdigest()


def _make_room(folder: Path, most_bytes: int) -> None:
    """Remove what was of no use for longest, until the rest is small enough; and what killed writers left."""
    found = sorted(_stats(folder), key=lambda each: each[1].st_mtime, reverse=True)
    size_bytes = 0
    for path, about in found:
        is_left = path.name.startswith(".") and time.time() - about.st_mtime > _DRAFT_S
        size_bytes += about.st_size
        if is_left or size_bytes > most_bytes:
            path.unlink(missing_ok=True)


def _stats(folder: Path) -> Iterable[tuple[Path, os.stat_result]]:
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            yield path, path.stat()
