"""The files of a run's folder where it runs: found and opened, without following a link."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from cellrun.core.context.manifest import Context, has_context
from cellrun.core.disk.control_file import UNREADABLE, folder_beneath, names_in, open_file
from cellrun.core.errors import CellrunError
from cellrun.core.layout import RunLayout
from cellrun.core.mirror.sync_modes import MOST_FILES, MOST_GROWING, SyncMode, is_plain_path, mode_of, trees_of
from cellrun.core.store.files.artifacts import DRAFT, Artifacts


class RemoteFiles:
    """What is there of one run. Raises nothing for what can't be seen: `left_out` has it."""

    def __init__(self, layout: RunLayout) -> None:
        self._layout = layout
        self._artifacts = Artifacts(layout)
        self.left_out: dict[str, str] = {}
        """Files that can't be sent, by their paths, and why."""

    def growing(self) -> list[str]:
        """Return the paths of event logs and logs, events first."""
        paths = [
            path
            for folder in ("events", "user_logs")
            for name in sorted(self._names(folder))
            if mode_of(path := f"{folder}/{name}") is SyncMode.GROWING
        ]
        return self._so_many(paths, MOST_GROWING)

    def once(self) -> list[str]:
        """Return the paths of what is written once, results before their values."""
        top = [name for name in sorted(self._names("")) if mode_of(name) in {SyncMode.ONCE, SyncMode.NOTES}]
        return [*top, *self._below(SyncMode.ONCE), *self._values()]

    def at_end(self, besides: int = 0) -> list[str]:
        """Return the paths of what comes when the run has ended, besides so many of what is written once."""
        return self._so_many(self._below(SyncMode.AT_END), MOST_FILES - MOST_GROWING - besides)

    def path_of_artifact(self, name: str) -> str | None:
        """Return the path of a run's file by the name that its users see; None for one that can't be."""
        with suppress(CellrunError, ValueError):
            path = self._artifacts.path(name).relative_to(self._layout.folder).as_posix()
            return path if mode_of(path) in {SyncMode.AT_END, SyncMode.ONCE} else None
        return None

    def open(self, path: str) -> int | None:
        """Open a file; None for one that isn't there, is no regular file, or isn't to be read."""
        root, parts = self._place(path)
        try:
            with folder_beneath(root, parts[:-1]) as folder:
                fd = open_file(parts[-1], folder)
        except FileNotFoundError:
            return None
        except OSError as error:
            self.left_out[path] = error.strerror or str(error)
            return None
        if stat.S_ISREG(os.fstat(fd).st_mode):
            return fd
        os.close(fd)
        return None

    def size(self, path: str) -> int:
        """Return a file's size; 0 for one that can't be opened."""
        fd = self.open(path)
        if fd is None:
            return 0
        try:
            return os.fstat(fd).st_size
        finally:
            os.close(fd)

    def _place(self, path: str) -> tuple[Path, list[str]]:
        parts = path.split("/")
        if mode_of(path) is SyncMode.VALUE:
            return self._layout.workspace.values, [parts[1][:2], parts[1]]
        return self._layout.folder, parts

    def _names(self, folder: str) -> list[str]:
        where = self._layout.folder / folder if folder else self._layout.folder
        with suppress(*UNREADABLE):
            return os.listdir(where) if not folder else names_in(self._layout.folder, where)  # noqa: PTH208  # names alone
        return []

    def _below(self, mode: SyncMode) -> Iterator[str]:
        for tree in trees_of(mode):
            yield from self._in_tree(tree)

    def _in_tree(self, tree: str) -> Iterator[str]:
        with suppress(OSError), folder_beneath(self._layout.folder) as root:
            if not stat.S_ISDIR(os.stat(tree, dir_fd=root, follow_symlinks=False).st_mode):
                return
            for folder, folders, names, fd in os.fwalk(tree, dir_fd=root, onerror=self._cannot_look):
                folders.sort()
                for name in sorted(names):
                    path = f"{folder}/{name}"
                    if name.startswith(DRAFT) or not _is_regular(name, fd):
                        continue
                    if mode_of(path) is not SyncMode.OURS:
                        yield path
                    elif not is_plain_path(path):
                        self.left_out[path] = "its path is too long"

    def _so_many(self, paths: Iterable[str], most: int) -> list[str]:
        """Return the first ones, as many as are taken; the next one is told of."""
        rest = iter(paths)
        found = list(islice(rest, max(most, 0)))
        if (further := next(rest, None)) is not None:
            self.left_out[further] = f"it is one of more than {most:,}"
        return found

    def _cannot_look(self, error: OSError) -> None:
        self.left_out[str(error.filename)] = error.strerror or str(error)

    def _values(self) -> list[str]:
        results = self._layout.results
        with suppress(*UNREADABLE, CellrunError):
            if has_context(results):
                return sorted({f"values/{blob.hash}" for blob in Context.read(results).blobs()})
        return []


def _is_regular(name: str, folder: int) -> bool:
    try:
        return stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return False
