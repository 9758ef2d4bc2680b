"""Cleans a job's working folder up: what the job made or changed stays.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from cellrun.core.layout import RunLayout


def tidy(layout: RunLayout) -> None:
    """Remove the unchanged copies of the snapshot from the working folder, and byte code; what the job wrote stays."""
    if layout.work.is_symlink():  # it isn't the run's, however alike the files are that it leads to
        return
    kept, work = {layout.outputs, layout.logs}, layout.work.resolve()
    for folder, _, names in os.walk(layout.snapshot, topdown=False):
        below = Path(folder).relative_to(layout.snapshot)
        copy = layout.work / below
        try:
            is_ours = copy.resolve() == work / below
        except RuntimeError:  # a link that leads to itself, before Python 3.13
            is_ours = False
        if not is_ours:  # the job has put a link there: what it leads to isn't the run's
            continue
        for name in names:
            with suppress(OSError):
                if _is_same(Path(folder, name), copy / name):
                    (copy / name).unlink()
        _remove_byte_code(copy / "__pycache__")
        if copy != layout.work and copy not in kept:
            with suppress(OSError):  # the job has put something there
                copy.rmdir()


def _remove_byte_code(folder: Path) -> None:
    if os.path.isdir(folder):  # noqa: PTH112  # a link that leads to itself is none
        import shutil  # noqa: PLC0415  # costs 4 ms, and few jobs leave byte code

        shutil.rmtree(folder, ignore_errors=True)


def _is_same(original: Path, copy: Path) -> bool:
    """Whether a copy is as it was made: the copy has its original's size and time, down to the nanosecond."""
    mine, its = original.lstat(), copy.lstat()
    return (mine.st_size, mine.st_mtime_ns) == (its.st_size, its.st_mtime_ns)
