"""Carries files that the code names by a relative path: small ones are copied, large ones are linked."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from cellrun.core.context.manifest import Need
from cellrun.core.submission.resources import size_text
from cellrun.core.submission.snapshot import Snapshot
from cellrun.magics.capture.analysis import Text
from cellrun.magics.capture.found import Found
from cellrun.magics.capture.local_modules import imported_by
from cellrun.magics.capture.shipment import Shipment

_MOST_COPIED_BYTES = 16 << 20
_MOST_COPIED_FILES = 2_000
_MOST_CHARS = 1_000
_OF_THE_RUN = frozenset({".", "outputs", "logs"})  # folders that a run has for itself


class FileCarrier:
    """Carries what stands beside the notebook."""

    def __init__(self, folder: Path, shipment: Shipment) -> None:
        self._folder = folder
        self._shipment = shipment
        self._seen = set(_OF_THE_RUN)
        self._links: dict[str, Need] = {}
        self._warnings: list[str] = []

    def find(self, text: Text) -> Found:
        """Take the file or folder that a text names, or the files that it is a pattern of."""
        place = f"{text.where}, line {text.line}" if text.where else f"line {text.line}"
        path = _relative(text.value)
        found = Found()
        if path is None:
            return found
        for each in self._matches(path) if glob.has_magic(path) else [path]:
            if each not in self._seen:
                self._seen.add(each)
                found.modules |= self._take(each, place)
        return found

    def _matches(self, pattern: str) -> Iterable[str]:
        matches = glob.iglob(pattern, root_dir=self._folder, recursive=True)  # noqa: PTH207  # as the cell itself does
        return islice(matches, _MOST_COPIED_FILES)

    def _take(self, path: str, place: str) -> frozenset[str]:
        """Take what a path leads to, if it is there; return the modules that a script imports."""
        source = self._folder / path
        if not source.exists():
            return frozenset()
        if path.startswith(".."):
            self._warnings.append(
                f"{path!r} ({place}) is outside of the notebook's folder and doesn't travel; "
                "the run finds it by its absolute path"
            )
            return frozenset()
        size, count = _measured(source)
        if size > _MOST_COPIED_BYTES or count > _MOST_COPIED_FILES:
            self._links[path] = Need(path, "file", f"link to {source}", place, size, how="link")
        elif source.is_file():
            self._shipment.add(path, source, place, "file")
            if path.endswith(".py"):  # %run and the like
                return imported_by(source)
        else:
            for file in Snapshot(source).files:
                self._shipment.add(f"{path}/{file.path}", Path(file.source), place, "file")
        return frozenset()

    def pack(self) -> dict[str, str]:
        """Return the links to make beside the cell, path to absolute path."""
        return {path: str((self._folder / path).absolute()) for path in self._links}

    def account(self) -> Iterable[Need]:
        """Return what is linked."""
        return self._links.values()

    def notes(self) -> list[str]:
        """Return what is worth saying about files."""
        linked = [
            f"{need.name} ({size_text(need.bytes)}) isn't copied, the run reads it where it is"
            for need in self._links.values()
        ]
        return [*self._warnings, *linked]


def _relative(text: str) -> str | None:
    """Return a text as a relative path if it can be one."""
    if not 0 < len(text) <= _MOST_CHARS or text[0] in "/~" or "\n" in text or "\0" in text or "://" in text:
        return None
    return os.path.normpath(text)


def _measured(source: Path) -> tuple[int, int]:
    """Return the size in bytes and the number of files, counted until they are too many to copy."""
    if source.is_file():
        return source.stat().st_size, 1
    size = count = 0
    for folder, _, names in os.walk(source):
        for name in names:
            count += 1
            size += Path(folder, name).lstat().st_size
        if size > _MOST_COPIED_BYTES or count > _MOST_COPIED_FILES:
            break
    return size, count
