"""Patterns of files, such as `data/*.csv`: which texts are some, and what they fit. Hidden files never do."""

from __future__ import annotations

import fnmatch
import glob
import os
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

_WILD = re.compile(r"[*?[]")
_ODD = re.compile(r"[\\()^$|+{}<>\"'`;&\t\r\n]|  |^ | $")  # in expressions, in code and in prose
_EXTENSION = re.compile(r"\.[A-Za-z]\w{0,9}$")
_ANY_FOLDERS = "**"
_ABOVE = frozenset({"", ".", ".."})
_MOST_LISTED = 50_000
_LAST = "\U0010ffff"


class TooManyFilesError(Exception):
    """A pattern would have more files looked at than anybody wants to wait for."""


def is_clear(text: str) -> bool:
    """Whether a text with wildcards is meant as a path without doubt: it names a folder, or an extension."""
    return not _ODD.search(text) and (_has_extension(text) or bool(_folder_names(text)))


def is_bounded(pattern: str) -> bool:
    """Whether a pattern says of what is in all folders below what it means: an extension, or a folder."""
    return _ANY_FOLDERS not in pattern.split("/") or _has_extension(pattern) or bool(_folder_names(pattern))


def folder_of(pattern: str) -> str:
    """Return the folder that all that fits a pattern is in; empty if that is the current one, or one above."""
    parts = pattern.split("/")
    wild = next(number for number, part in enumerate(parts) if glob.has_magic(part))
    return "/".join(parts[:wild]) if not _ABOVE.issuperset(parts[:wild]) else ""


class Tree:
    """What is in a folder and below, each folder read once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._listings: dict[str, _Listing] = {}
        self._listed = 0

    def matches(self, pattern: str) -> Iterator[str]:
        """Iterate over the paths that fit a pattern, seen from the root. Raises TooManyFilesError."""
        return self._fitting("", pattern.split("/"))

    def _fitting(self, folder: str, parts: Sequence[str]) -> Iterator[str]:
        part, rest = parts[0], parts[1:]
        if part == _ANY_FOLDERS:
            yield from self._fitting(folder, rest or ["*"])
            listing = self._listing(folder)
            for each in listing.folders - listing.links:
                yield from self._fitting(_joined(folder, each), parts)
        elif glob.has_magic(part):
            listing = self._listing(folder)
            for name in listing.fitting(part):
                if not rest:
                    yield _joined(folder, name)
                elif name in listing.folders:
                    yield from self._fitting(_joined(folder, name), rest)
        elif rest:
            yield from self._fitting(_joined(folder, part), rest)
        elif os.path.lexists(self._root / folder / part):
            yield _joined(folder, part)

    def _listing(self, folder: str) -> _Listing:
        if folder not in self._listings:
            found = _Listing(self._root / folder)
            self._listed += len(found.names)
            self._listings[folder] = found
        if self._listed > _MOST_LISTED and len(self._listings) > 1:
            raise TooManyFilesError
        return self._listings[folder]


class _Listing:
    """The names in a folder, without hidden ones."""

    def __init__(self, folder: Path) -> None:
        self.folders: set[str] = set()
        self.links: set[str] = set()
        self.names: list[str] = []
        try:
            with os.scandir(folder) as entries:
                for each in entries:
                    if not each.name.startswith("."):
                        self.names.append(each.name)
                        if each.is_dir():
                            self.folders.add(each.name)
                            if each.is_symlink():  # it may lead to a folder above
                                self.links.add(each.name)
        except OSError:  # no folder, or one that can't be listed
            return
        self.names.sort()

    def fitting(self, part: str) -> list[str]:
        """Return the names that fit one part of a pattern."""
        names = self.names
        start = _WILD.split(part, maxsplit=1)[0]
        extension = _EXTENSION.search(part)
        if start:
            names = names[bisect_left(names, start) : bisect_left(names, start + _LAST)]
        elif extension:
            names = self._by_extension.get(extension.group(), [])
        try:
            return fnmatch.filter(names, part) if names else []  # to compile a pattern takes its time
        except re.error:  # `[z-a]` before Python 3.11
            return []

    @cached_property
    def _by_extension(self) -> dict[str, list[str]]:
        names: dict[str, list[str]] = {}
        for name in self.names:
            names.setdefault((_EXTENSION.search(name) or [""])[0], []).append(name)
        return names


def _has_extension(text: str) -> bool:
    return bool(_EXTENSION.search(text.rpartition("/")[2]))


def _folder_names(text: str) -> list[str]:
    return [each for each in text.split("/")[:-1] if each not in _ABOVE and not glob.has_magic(each)]


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
