"""What a run reads where it is, and what of it is copied when the run starts, as the cell may change it.

A run on another machine finds no file where it is, but for those of shared folders.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path, PurePath

from cellrun.core.context.manifest import Need
from cellrun.core.likely_secrets import is_secret
from cellrun.core.resources import size_text
from cellrun.magics.capture.destination import Place
from cellrun.magics.capture.found import Refusal

_MOST_OWN_BYTES = 1 << 30
_MOST_DATABASE_BYTES = 256 << 20
_MOST_SMALL_BYTES = 16 << 20
_DATABASES = frozenset({".db", ".db3", ".duckdb", ".h5", ".hdf", ".hdf5", ".nc", ".sqlite", ".sqlite3"})
_DATABASE_HEADERS = (b"SQLite format 3\0", b"\x89HDF\r\n\x1a\n")


class Links:
    """The links beside a cell, by their paths as seen from the notebook's folder.

    Responsibilities: which links there are; which are copied when the run starts; which can't be, as the run's place
    doesn't have what they lead to; what to say of them.
    """

    def __init__(self, folder: Path, place: Place) -> None:
        self._folder = folder
        self._place = place
        self._needs: dict[str, Need] = {}
        self._changed: dict[str, str] = {}  # with the places

    def add(self, path: str, source: Path, place: str, size: int) -> None:
        """Link a file or folder; links below it aren't needed any more."""
        absolute = os.path.normpath(source.absolute())
        self._needs = {each: need for each, need in self._needs.items() if not each.startswith(f"{path}/")}
        self._needs.setdefault(path, Need(path, "file", f"link to {absolute}", place, size, how="link"))

    def change(self, path: str, place: str) -> None:
        """Note that something may change a file without Python telling of it."""
        self._changed.setdefault(path, place)

    def note_database(self, path: str, place: str) -> bool:
        """Tell whether a file is one that libraries change in place; it is noted unless it is large."""
        source = self._folder / path
        if not is_database(source):
            return False
        if source.stat().st_size <= _MOST_DATABASE_BYTES:
            self.change(path, place)
        return True

    def cover(self, path: str) -> bool:
        """Whether a path leads to a link or through one."""
        return _covers(self._needs, path)

    def paths(self) -> list[str]:
        """Return the paths of the links."""
        return list(self._needs)

    def refusals(self) -> list[Refusal]:
        """Return what is too large to be copied, and can't be read where it is."""
        return [
            Refusal(
                path,
                f"`{path}` ({size_text(need.bytes)}) is too large to be copied beside the cell, and {self._place} "
                "has no such file",
                need.place,
                f"Load it into a variable, whose value goes along; or put it there and name it by its absolute path; "
                f"or leave it out: `--without {path}`",
            )
            for path, need in self._lacking().items()
            if not self._is_secret(path)
        ]

    def pack(self) -> dict[str, str]:
        """Return the links to make, path to absolute path."""
        return {path: _original(need) for path, need in self._found_there().items()}

    def copies(self) -> tuple[str, ...]:
        """Return the links, and paths below them, that are copied when the run starts."""
        found = self._found_there()
        return tuple(path for path in self._changed if _covers(found, path) and not self._why_not_copied(path))

    def account(self) -> Iterator[Need]:
        """Iterate over what is linked, or copied when the run starts."""
        copies = self.copies()
        for path, need in self._found_there().items():
            is_copied = path in copies and (self._folder / path).is_file()
            yield replace(need, what="file", how="copy") if is_copied else need

    def notes(self) -> list[str]:
        """Return what is worth saying of each."""
        return [
            *(self._note(need) for need in self.account()),
            *(
                f"{path} ({need.place}) is secret by its name: it isn't copied, and {self._place} doesn't have it; the "
                "variables that it sets go along one by one: `--env NAME=VALUE`"
                for path, need in self._lacking().items()
                if self._is_secret(path)
            ),
        ]

    def _found_there(self) -> dict[str, Need]:
        return {path: need for path, need in self._needs.items() if self._place.finds(Path(_original(need)))}

    def _lacking(self) -> dict[str, Need]:
        return {path: need for path, need in self._needs.items() if not self._place.finds(Path(_original(need)))}

    def _is_secret(self, path: str) -> bool:
        return is_secret(PurePath(path).name, is_folder=(self._folder / path).is_dir())

    def _note(self, need: Need) -> str:
        size = size_text(need.bytes)
        if need.how == "copy":
            return f"{need.name} ({size}) is copied when the run starts, as {self._changed[need.name]} may change it"
        if self._is_secret(need.name):
            return f"{need.name} ({size}) is secret by its name and isn't copied; the run reads it where it is"
        note = (
            f"{need.name} ({size}) isn't copied, the run reads it where it is; what Python changes there becomes the "
            "run's own first, a program or a library that opens it by itself changes the original"
        )
        place, why = self._changed.get(need.name, ""), self._why_not_copied(need.name)
        return f"{note}: {place} may, and {why}" if place and why else note

    def _why_not_copied(self, path: str) -> str:
        """Return why what may be changed isn't copied for that; empty if it is."""
        source = self._folder / path
        if is_secret(source.name):
            return "a file that is secret by its name is never copied"
        try:
            is_large = source.is_file() and source.stat().st_size > _MOST_OWN_BYTES
        except OSError:
            return "it can't be"
        return f"files over {size_text(_MOST_OWN_BYTES)} aren't copied" if is_large else ""


def _original(need: Need) -> str:
    return need.what.removeprefix("link to ")


def _covers(links: Iterable[str], path: str) -> bool:
    return any(f"{path}/".startswith(f"{link}/") for link in links)


def is_database(path: Path) -> bool:
    """Whether it is a file that libraries open by themselves, and change in place."""
    if not path.is_file():
        return False
    if path.suffix.lower() in _DATABASES:
        return True
    if path.stat().st_size <= _MOST_SMALL_BYTES:  # it is copied anyway
        return False
    try:
        with path.open("rb") as file:
            return file.read(16).startswith(_DATABASE_HEADERS)
    except OSError:
        return False
