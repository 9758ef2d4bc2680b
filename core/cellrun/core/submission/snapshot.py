"""The snapshot: a source folder as it was when it was submitted."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cellrun.core.disk.whole_files import NO_ROOM, copy_plain
from cellrun.core.errors import SnapshotException
from cellrun.core.resources import limits, size_text
from cellrun.core.submission.ignore_rules import GIT_FILE, NAMES, IgnoreRules

_COUNT_BEYOND = 5  # a folder of ten times the files allowed is refused as surely as one of five times


class SnapshotFile(NamedTuple):
    """A file that goes into a snapshot. `path` is relative, with slashes."""

    path: str
    size_bytes: int
    source: str


class Snapshot:
    """A source folder as it would be taken along: scanned first, refused or copied afterwards.

    Links are followed and their targets copied; a link back to a folder above, a pipe, a socket or a device is left out
    with a warning and never opened. `out` are folders that never go along, such as the workspace's own.
    """

    def __init__(self, folder: Path, out: tuple[Path, ...] = ()) -> None:
        self.folder = folder
        self.files: list[SnapshotFile] = []
        self.folders: list[str] = []
        self.secrets: dict[str, str] = {}
        """What stays out as it is secret by its name: paths, a folder's for all that is in it, with where they are."""
        self.warnings: list[str] = []
        self.rules = IgnoreRules(folder)
        self._out = {_identity(path.stat()) for path in out if path.exists()}
        self._most = limits().snapshot_files * _COUNT_BEYOND
        self._scan("", (_identity(folder.stat()),))

    @property
    def size_bytes(self) -> int:
        """The size of all its files."""
        return sum(file.size_bytes for file in self.files)

    def secret_words(self) -> str:
        """Return what to say of secrets that stay out; empty if there are none."""
        if not self.secrets:
            return ""
        first, *others = self.secrets
        more = f" and {len(others) - 2} more" if len(others) > 2 else ""
        ignore_file = self.rules.file_name or NAMES[0]
        if ignore_file == GIT_FILE:  # git would take the secret along, too
            ignore_file = f"{NAMES[0]}, which then counts in place of {GIT_FILE},"
        return (
            f"{', '.join([first, *others[:2]])}{more} left out, as secret by name; "
            f"a line `!{first}` in {ignore_file} takes {'it' if not others else 'the first'} along"
        )

    def problems(self) -> list[str]:
        """Return why the folder can't be taken along as it is: nothing, or that it is too big and because of what."""
        most = limits()
        size, count = self.size_bytes, len(self.files)
        if size <= most.snapshot_bytes and count <= most.snapshot_files and len(self.folders) <= self._most:
            return []
        largest = sorted(self.files, key=lambda file: file.size_bytes, reverse=True)[:3]
        listed = ", ".join(f"{file.path} {size_text(file.size_bytes)}" for file in largest)
        folders = f" and {len(self.folders):,} folders" if len(self.folders) > self._most else ""
        more = " or more" if max(count, len(self.folders)) > self._most else ""
        text = (
            f"the snapshot of {self.folder} is {size_text(size)} in {count:,} files{folders}{more} "
            f"(limit {size_text(most.snapshot_bytes)}, {most.snapshot_files:,} files); largest: {listed or 'none'}; "
            f"add what isn't needed to {' or '.join(NAMES[:2])}, "
            "or set CELLRUN_SNAPSHOT_BYTES or CELLRUN_SNAPSHOT_FILES"
        )
        return [text]

    def copy_to(self, target: Path) -> None:
        """Copy the files into a folder, with their times and permissions.

        Raises SnapshotException for a file that can't be read, OSError where there is no room for the copy.
        """
        for folder in ("", *self.folders):
            (target / folder).mkdir(parents=True, exist_ok=True)
        for file in self.files:
            try:
                copy_plain(file.source, target / file.path)
            except FileNotFoundError:  # removed since the scan
                continue
            except OSError as error:
                if error.errno in NO_ROOM:
                    raise
                raise SnapshotException(f"{file.source} can't be copied: {error.strerror}") from error

    def _scan(self, folder: str, above: tuple[tuple[int, int], ...]) -> None:
        for entry in sorted(self._entries(folder), key=lambda entry: entry.name):
            if max(len(self.files), len(self.folders)) > self._most:  # of few links that cross each folder has millions
                return
            path = f"{folder}/{entry.name}" if folder else entry.name
            try:
                found = entry.stat()
            except OSError as error:
                if not self.rules.leaves_out(path, is_folder=False):
                    self.warnings.append(f"{path}: left out: {error.strerror}")
                continue
            is_folder = stat.S_ISDIR(found.st_mode)
            if self.rules.leaves_out(path, is_folder=is_folder):
                if self.rules.is_held_back(path, is_folder=is_folder):
                    self.secrets[path] = os.path.abspath(entry.path)  # noqa: PTH100  # a text; links stay links
                continue
            if is_folder:
                self._enter(path, _identity(found), above)
            elif stat.S_ISREG(found.st_mode):
                self.files.append(SnapshotFile(path, found.st_size, entry.path))
            else:
                self.warnings.append(f"{path}: left out: a pipe, socket or device")

    def _enter(self, path: str, identity: tuple[int, int], above: tuple[tuple[int, int], ...]) -> None:
        if identity in self._out:
            return
        if identity in above:
            self.warnings.append(f"{path}: left out: a link to a folder that it is in")
            return
        self.folders.append(path)
        self._scan(path, (*above, identity))

    def _entries(self, folder: str) -> Iterator[os.DirEntry[str]]:
        try:
            with os.scandir(self.folder / folder) as entries:
                yield from entries
        except OSError as error:
            self.warnings.append(f"{folder or '.'}: left out: {error.strerror}")


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
