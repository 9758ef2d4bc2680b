"""A run's files for somebody who doesn't trust the job that made them: a server hands them out with its own rights.

Folder after folder is opened without following a link, so that nothing outside is listed or read, not even if the job
swaps a folder for a link meanwhile. Pipes, sockets and devices aren't opened; a file with a name elsewhere (a hard
link) isn't offered.
"""

from __future__ import annotations

import errno
import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import PurePath
from typing import BinaryIO, NamedTuple

from cellrun.core.disk.control_file import folder_beneath, open_file, open_folder
from cellrun.core.errors import InvalidNameError, NotOfferedError
from cellrun.core.layout import RunLayout
from cellrun.core.store.files.artifacts import DRAFT, file_name_parts

_MOST_FILES = 20_000
_MOST_SKIPPED = 100
"""What isn't offered is named up to here, and counted from then on."""
_DEEPEST = 64
_IS_LINK = "link, skipped"
_IS_SWAPPED = "it was put in place of another while it was being opened; open it again"
_IS_NO_FILE = "no file but a pipe, a socket or a device, skipped"

Inode = tuple[int, int]


class FileEntry(NamedTuple):
    """A file in a list."""

    name: str
    size_bytes: int
    modified_at: float
    """Epoch seconds."""


class Skipped(NamedTuple):
    """What is there but isn't offered."""

    name: str
    why: str


class Listing(NamedTuple):
    """The files that are offered, by name, and what isn't."""

    files: list[FileEntry]
    skipped: list[Skipped]


class OpenFile(NamedTuple):
    """A file to read from: whoever gets it closes `file`."""

    file: BinaryIO
    size_bytes: int
    modified_at: float


class OfferedFiles:
    """Some folders of a run, each under the prefix that its files' names have."""

    def __init__(self, layout: RunLayout, folders: Mapping[str, PurePath]) -> None:
        self._layout = layout
        self._folders = {prefix: folder.relative_to(layout.folder).parts for prefix, folder in folders.items()}

    def listing(self) -> Listing:
        """Return what there is, 20,000 files at the most."""
        files: dict[str, os.stat_result] = {}
        skipped: list[Skipped] = []
        count = 0
        for found in self._entries():
            if isinstance(found, Skipped):
                count += 1
                if count <= _MOST_SKIPPED:
                    skipped.append(found)
            elif len(files) == _MOST_FILES:
                skipped.append(Skipped("…", f"more than {_MOST_FILES:,} files"))
                break
            else:
                files[found[0]] = found[1]
        if count > _MOST_SKIPPED:
            skipped.append(Skipped("…", f"{count - _MOST_SKIPPED:,} more links and the like, skipped"))
        shared = self._shared_beyond(files.values())
        skipped += [Skipped(name, _IS_LINK) for name, about in files.items() if _inode(about) in shared]
        entries = [
            FileEntry(name, about.st_size, about.st_mtime)
            for name, about in files.items()
            if _inode(about) not in shared
        ]
        return Listing(sorted(entries), sorted(skipped))

    def open(self, name: str) -> OpenFile:
        """Open a file by its name.

        Raises InvalidNameError for a name that can't be one, FileNotFoundError if there is no such file,
        NotOfferedError for one that isn't offered.
        """
        *folders, last = self._place(name)
        try:
            with folder_beneath(self._layout.folder, folders) as parent:
                about = os.stat(last, dir_fd=parent, follow_symlinks=False)
                self._refuse(name, about)
                fd = open_file(last, parent)
        except OSError as error:
            if error.errno in {errno.ENOENT, errno.ENOTDIR}:
                raise FileNotFoundError(errno.ENOENT, f"run {self._layout.run_id} has no such file", name) from error
            if error.errno == errno.ELOOP:
                raise NotOfferedError(name, _IS_LINK) from error
            raise NotOfferedError(name, f"it can't be read: {error.strerror}") from error
        try:
            before, about = about, os.fstat(fd)
            has_links = max(about.st_nlink, before.st_nlink) > 1
            if _inode(about) != _inode(before) or (has_links and about.st_ctime_ns != before.st_ctime_ns):
                # A link that was put here and taken away meanwhile is counted by nobody, but it leaves its time.
                raise NotOfferedError(name, _IS_SWAPPED)  # noqa: TRY301  # the descriptor has to be closed
            self._refuse(name, about)
        except BaseException:  # Ctrl-C as well: no descriptor stays open
            os.close(fd)
            raise
        return OpenFile(os.fdopen(fd, "rb"), about.st_size, about.st_mtime)

    def _refuse(self, name: str, about: os.stat_result) -> None:
        """Raise what `open` raises for what isn't offered: before it is opened, and for what then was opened."""
        if stat.S_ISDIR(about.st_mode):
            raise FileNotFoundError(errno.ENOENT, "a folder is no file", name)
        why = _why_not(name, about) or (_IS_LINK if self._shared_beyond([about]) else "")
        if why:
            raise NotOfferedError(name, why)

    def _place(self, name: str) -> list[str]:
        """Return where a file of that name is below the run's folder."""
        parts = file_name_parts(name)
        for prefix, folder in self._folders.items():
            if not prefix or f"{parts[0]}/" == prefix:
                below = parts[1:] if prefix else parts
                if not below:
                    break
                return [*folder, *below]
        raise FileNotFoundError(errno.ENOENT, f"run {self._layout.run_id} has no such file", name)

    def _entries(self) -> Iterator[tuple[str, os.stat_result] | Skipped]:
        for prefix, folder in self._folders.items():
            try:
                with folder_beneath(self._layout.folder, folder) as fd:
                    yield from _walk(fd, prefix)
            except FileNotFoundError:
                continue
            except OSError:  # the job has put something else there
                yield Skipped(prefix.rstrip("/") or folder[-1], _IS_LINK)

    def _shared_beyond(self, found: Iterable[os.stat_result]) -> set[Inode]:
        """Return which of these files have a name outside the run's folder, too."""
        links = {_inode(about): about.st_nlink for about in found if about.st_nlink > 1}
        if not links:
            return set()
        with folder_beneath(self._layout.folder) as fd:
            inside = Counter(
                _inode(each[1]) for each in _walk(fd, "", everything=True) if not isinstance(each, Skipped)
            )
        return {inode for inode, count in links.items() if count > inside[inode]}


class OutputFiles(OfferedFiles):
    """The files that a run made or was given, under the names that `Run.get_file_names` has; not its log."""

    def __init__(self, layout: RunLayout) -> None:
        super().__init__(layout, {"outputs/": layout.outputs, "logs/": layout.logs, "": layout.files})


class SnapshotFiles(OfferedFiles):
    """The code that was submitted."""

    def __init__(self, layout: RunLayout) -> None:
        super().__init__(layout, {"": layout.snapshot})


def _walk(
    folder: int, prefix: str, depth: int = 0, *, everything: bool = False
) -> Iterator[tuple[str, os.stat_result] | Skipped]:
    """Iterate over the files of an open folder, names with the prefix; `everything`: drafts and unusual names too."""
    for name in sorted(os.listdir(folder)):
        full = prefix + name
        try:
            about = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except OSError:  # it went
            continue
        if stat.S_ISDIR(about.st_mode):
            yield from _walk_into(folder, name, full, depth, everything=everything)
        elif everything:
            yield full, about
        elif not name.startswith(DRAFT):
            why = _why_not(full, about)
            yield Skipped(_printable(full), why) if why else (full, about)


def _walk_into(
    parent: int, name: str, full: str, depth: int, *, everything: bool
) -> Iterator[tuple[str, os.stat_result] | Skipped]:
    if depth == _DEEPEST:
        yield Skipped(_printable(full), f"more than {_DEEPEST} folders deep")
        return
    try:
        fd = open_folder(name, parent)
    except OSError as error:
        yield Skipped(_printable(full), f"it can't be read: {error.strerror}")
        return
    try:
        yield from _walk(fd, f"{full}/", depth + 1, everything=everything)
    finally:
        os.close(fd)


def _why_not(name: str, about: os.stat_result) -> str:
    if stat.S_ISLNK(about.st_mode):
        return _IS_LINK
    if not stat.S_ISREG(about.st_mode):
        return _IS_NO_FILE
    with suppress(InvalidNameError):
        file_name_parts(name)
        return "" if _printable(name) == name else "its name is no text"
    return "its name can't be asked for"


def _printable(name: str) -> str:
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _inode(about: os.stat_result) -> Inode:
    return about.st_dev, about.st_ino
