"""Copies of plain files, with their times and permissions, by reference where the file system can."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

_PART_BYTES = 1 << 27
_BLOCK_BYTES = 1 << 20


def copy_tree(source: Path, target: Path) -> None:
    """Copy a folder's plain files, with their times and permissions: a snapshot into a working folder, or a new run.

    Raises OSError for a link in its place, as a run folder of somebody else may have: it leads to what isn't the run's.
    """
    if source.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(source))
    for folder, _, names in os.walk(source):
        made = target / Path(folder).relative_to(source)
        made.mkdir(parents=True, exist_ok=True)
        for name in names:
            path = Path(folder, name)
            if stat.S_ISREG(path.lstat().st_mode):  # a job may have put a link or a pipe beside them
                copy_plain(path, made / name)


def link_into(folder: Path, links: Mapping[str, str]) -> None:
    """Link paths into a folder, each to where it leads; what is there by that name stays as it is."""
    for path, target in links.items():
        with suppress(OSError):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).symlink_to(target)


def copy_plain(source: str | Path, target: Path, report: Callable[[int], None] | None = None) -> None:
    """Copy one file: by reference where the file system can, so that a large one costs nothing until it is changed.

    `report` is told now and then how many bytes more there are.
    """
    with open(source, "rb") as reader, target.open("xb") as writer:  # noqa: PTH123  # may be a plain string
        found = os.fstat(reader.fileno())
        _copy_content(reader.fileno(), writer.fileno(), found.st_size, report or (lambda _: None))
        with suppress(OSError):  # a file system without permissions
            os.fchmod(writer.fileno(), stat.S_IMODE(found.st_mode) & 0o777)
        os.utime(writer.fileno(), ns=(found.st_atime_ns, found.st_mtime_ns))


def _copy_content(reader: int, writer: int, size: int, report: Callable[[int], None]) -> None:
    if hasattr(os, "copy_file_range"):
        try:
            while copied := os.copy_file_range(reader, writer, min(max(size, 1 << 20), _PART_BYTES)):
                report(copied)
        except OSError:  # two file systems, or one that can't: by hand, from where it stopped
            pass
        else:
            return
    with os.fdopen(os.dup(reader), "rb") as source, os.fdopen(os.dup(writer), "wb") as target:
        while block := source.read(_BLOCK_BYTES):
            target.write(block)
            report(len(block))
