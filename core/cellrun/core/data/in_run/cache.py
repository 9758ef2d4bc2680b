"""The cache of downloaded inputs: kept by content for all runs of this user, downloaded once."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from cellrun.core.data.files.data_files import DataFile
from cellrun.core.data.files.download import bring_files
from cellrun.core.data.stores.parallel_transfer import Progress
from cellrun.core.digest import digest
from cellrun.core.disk.lock import hold_lock
from cellrun.core.disk.whole_files import make_private_folder, remove_tree
from cellrun.core.errors import DatasetError
from cellrun.core.layout import RunLayout
from cellrun.core.places import home_folder
from cellrun.core.resources import size_text
from cellrun.core.store.using_runs import UsingRuns

_FILES, _LOCK, _PART = "files", ".lock", ".part"


class CacheEntry(NamedTuple):
    """Some files that were brought, or are on their way."""

    folder: Path

    @property
    def files(self) -> Path:
        """The folder of the files, which is there once all of them are."""
        return self.folder / _FILES

    @property
    def using(self) -> UsingRuns:
        """The runs that read it."""
        return UsingRuns(self.folder / "used_by")


def brought(files: Sequence[DataFile], run: RunLayout, what: str, tell: Callable[[str], None]) -> Path:
    """Return the folder where files are on this machine, by their paths in the dataset; they are brought if need be.

    Whoever comes while another run brings them waits for it. What had arrived whole before something went wrong isn't
    brought again. `tell` gets lines about how it goes, `what` says whose files they are.
    Raises DatasetError in the words of the store or the disk.
    """
    entry = CacheEntry(home_folder("data") / _key(files))
    make_private_folder(entry.folder)
    with _held(entry, run.run_id, lambda other: tell(f"{what}: waiting for {other}, which brings the same files")):
        entry.using.add(run)
        os.utime(entry.folder)
        draft = entry.folder / f"{_FILES}{_PART}"
        if entry.files.is_dir():
            if all(_is_there(entry.files / file.path, file) for file in files):
                tell(f"{what}: {counted(files)}, here already")
                return entry.files
            entry.files.rename(draft)  # a power cut, or somebody who made room
        _bring(files, draft, what, tell)
        draft.rename(entry.files)
    return entry.files


def unused_entries() -> list[Path]:
    """Return the folders of what was brought and no run reads that goes on."""
    return [entry.folder for entry in entries() if not entry.using.living()]


def entries() -> Iterator[CacheEntry]:
    """Iterate over all that was brought."""
    with suppress(OSError):
        for folder in sorted(home_folder("data").iterdir()):
            if folder.is_dir():
                yield CacheEntry(folder)


def remove_entry(folder: Path) -> None:
    """Remove what was brought, unless a run has come to read it."""
    entry = CacheEntry(folder)
    with _held(entry, "", lambda _: None):
        if not entry.using.living():
            remove_tree(folder)
            folder.with_name(f"{folder.name}{_LOCK}").unlink(missing_ok=True)


def _bring(files: Sequence[DataFile], draft: Path, what: str, tell: Callable[[str], None]) -> None:
    missing = [file for file in files if file.size_bytes is None or not _is_there(draft / file.path, file)]
    wanted = sum(file.size_bytes or 0 for file in missing)
    draft.mkdir(exist_ok=True)
    free = shutil.disk_usage(draft).free
    if wanted > free:
        raise DatasetError(
            f"{what} needs {size_text(wanted)} on the disk of {draft.parent.parent}, where {size_text(free)} are free; "
            "ws.clean() removes what no run reads, CELLRUN_HOME names another disk"
        )
    again = f", {len(files) - len(missing)} of them here already" if len(missing) < len(files) else ""
    tell(f"{what}: bringing {counted(files)} from {places(files)}{again}")
    bring_files(missing, draft, overwrite=True, show=_Lines(what, tell))
    for file in files:
        (draft / file.path).chmod(0o444)  # a script that opens its input with 'w' hears it
    tell(f"{what}: {counted(files)}, all here")


class _Lines:
    """Tells how far a transfer is, at each tenth."""

    def __init__(self, what: str, tell: Callable[[str], None]) -> None:
        self._what, self._tell = what, tell
        self._told = 0

    def __call__(self, now: Progress) -> None:
        done, all_ = (now.done_bytes, now.total_bytes) if now.total_bytes else (now.done_files, now.total_files)
        tenth = 10 * done // (all_ or 1)
        self._told = min(self._told, tenth)  # less than before: another place's files
        if self._told < tenth < 10:
            self._told = tenth
            self._tell(
                f"{self._what}: {now.done_files:,} of {now.total_files:,} files, "
                f"{size_text(now.done_bytes)} of {size_text(now.total_bytes)}"
            )


@contextmanager
def _held(entry: CacheEntry, who: str, wait: Callable[[str], None]) -> Iterator[None]:
    """Hold an entry's lock in this block; it ends with the process. The lock's file stands beside the entry."""
    with hold_lock(entry.folder.with_name(f"{entry.folder.name}{_LOCK}"), who, wait):
        make_private_folder(entry.folder)  # who held it before may have removed it
        yield


def _key(files: Sequence[DataFile]) -> str:
    """Return what two sets of files have in common that are the same, as far as their stores tell."""
    about = [
        (file.path, file.place.location(""), file.inside, file.size_bytes, file.tag or file.modified) for file in files
    ]
    if any(not one[-1] for one in about):  # nothing tells when it changes: nobody else's will do
        about.append(("", "", os.urandom(16).hex(), 0, None))
    return digest(json.dumps(sorted(about, key=str)).encode(), 32)


def _is_there(path: Path, file: DataFile) -> bool:
    """Whether something is there that may be the file: of some a store tells no size."""
    try:
        return path.stat().st_size == file.size_bytes or file.size_bytes is None
    except OSError:
        return False


def counted(files: Sequence[DataFile]) -> str:
    """Return how many files there are and how large they are together."""
    return f"{len(files)} file{'s' * (len(files) != 1)} ({size_text(sum(file.size_bytes or 0 for file in files))})"


def places(files: Sequence[DataFile]) -> str:
    """Return which stores files are in."""
    return ", ".join(sorted({file.place.location("") for file in files}))
