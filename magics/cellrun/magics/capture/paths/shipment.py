"""The files that are captured with a cell, as copies or links, and the folder that it runs in.

A cell whose paths begin with `..` runs as deep in the working folder as the notebook is in what they name:
`../data/x.csv` in /home/me/project/notebooks/ becomes data/x.csv there, and the cell runs in notebooks/.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from cellrun.core.context.manifest import Need
from cellrun.core.layout import RUN_FOLDERS
from cellrun.core.likely_secrets import is_secret
from cellrun.core.resources import limits, size_text
from cellrun.magics.capture.destination import Place
from cellrun.magics.capture.notebook import LeftOut
from cellrun.magics.capture.refusals import Refusal

_CELL = "cell.py"  # the submitted cell itself
_TOP = PurePath()
_TAKEN = RUN_FOLDERS | {_CELL}  # on top of the working folder
_MOST_OWN_BYTES = 1 << 30
_MOST_DATABASE_BYTES = 256 << 20
_MOST_SMALL_BYTES = 16 << 20
_DATABASES = frozenset({".db", ".db3", ".duckdb", ".h5", ".hdf", ".hdf5", ".nc", ".sqlite", ".sqlite3"})
_DATABASE_HEADERS = (b"SQLite format 3\0", b"\x89HDF\r\n\x1a\n")


@dataclass(frozen=True)
class _Copy:
    source: Path
    bytes: int
    place: str
    kind: str


class Shipment:
    """What is copied along: local modules to the top of the working folder, files to where the cell's paths lead."""

    def __init__(self, left_out: LeftOut) -> None:
        self._left_out = left_out
        self._copies: dict[tuple[str, str], _Copy] = {}
        self._folders: set[str] = set()

    def leaves_out(self, name: str, place: str) -> bool:
        """Whether the user leaves out a module, or a path or a folder that it is in."""
        return self._left_out.has(name, place)

    def add(self, path: str, source: Path, place: str, kind: str) -> None:
        """Take a file along, unless it is left out; the first one for a path stays."""
        if self.leaves_out(path, place):
            return
        self._copies.setdefault((kind, path), _Copy(source, source.stat().st_size, place, kind))

    def add_folder(self, path: str) -> None:
        """Make an empty folder in the run: the cell may write into it."""
        self._folders.add(path)

    def leave_below(self, folder: str) -> None:
        """Leave out the files below a folder, which arrives as a whole in another way."""
        self._folders = {each for each in self._folders if not f"{each}/".startswith(f"{folder}/")}
        below = [key for key in self._copies if key[0] != "module" and key[1].startswith(f"{folder}/")]
        for key in below:
            del self._copies[key]

    def paths(self, kind: str) -> list[str]:
        """Return the paths of what goes along: of files as seen from the notebook's folder."""
        return [path for each, path in self._copies if each == kind]

    def check(self, cell_folder: PurePath = _TOP) -> list[Refusal]:
        """Return why the files can't go along, if they can't."""
        for kind, path in self._copies:
            if self._target(kind, path, cell_folder) == _CELL:
                what = f"{path} can't go along, as the submitted cell itself has that name there"
                return [Refusal(path, what, self._copies[kind, path].place, "Rename it")]
        most = limits()
        size, count = sum(each.bytes for each in self._copies.values()), len(self._copies)
        if size <= most.snapshot_bytes and count <= most.snapshot_files:
            return []
        largest = sorted(self._copies.items(), key=lambda item: -item[1].bytes)[:3]
        listed = ", ".join(f"{path} {size_text(each.bytes)} ({each.place})" for (_, path), each in largest)
        what = (
            f"the cell's local modules and files are {size_text(size)} in {count:,} files (limit "
            f"{size_text(most.snapshot_bytes)}, {most.snapshot_files:,} files); largest: {listed}"
        )
        remedy = "Name large files by their absolute path, or set CELLRUN_SNAPSHOT_BYTES or CELLRUN_SNAPSHOT_FILES"
        return [Refusal("", what, remedy=remedy)]

    def pack(self, folder: Path, cell_folder: PurePath = _TOP) -> None:
        """Copy the files into a folder, in which the cell will run in `cell_folder`."""
        for (kind, path), copy in self._copies.items():
            target = folder / self._target(kind, path, cell_folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(copy.source, target)
        for path in self._folders:
            (folder / placed(cell_folder, path)).mkdir(parents=True, exist_ok=True)

    def _target(self, kind: str, path: str, cell_folder: PurePath) -> str:
        return path if kind == "module" else placed(cell_folder, path)

    def account(self) -> Iterator[Need]:
        """Iterate over what goes along, a line for each module, file or folder on top."""
        tops: dict[tuple[str, str], dict[str, _Copy]] = {}
        for (kind, path), copy in self._copies.items():
            tops.setdefault((_top(path), kind), {})[path] = copy
        for (top, kind), copies in tops.items():
            size, (path, first) = sum(each.bytes for each in copies.values()), next(iter(copies.items()))
            many = len(copies) > 1
            what = "local module" if kind == "module" else "folder" if many else "file"
            words = f"{what}, {len(copies):,} files" if many else what
            name = top.removesuffix(".py") if kind == "module" else top if many else path
            yield Need(name, kind, words, first.place, size, "source" if kind == "module" else "copy")


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
        if not _is_database(source):
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


def _top(path: str) -> str:
    """Return the folder or file on top that a path leads to: `../data` of `../data/x.csv`."""
    return "/".join(path.split("/")[: steps_up(path) + 1])


def steps_up(path: str) -> int:
    """Return how many folders a normal path goes up before it goes down."""
    parts = path.split("/")
    return next((number for number, part in enumerate(parts) if part != ".."), len(parts))


def placed(folder: PurePath, path: str) -> str:
    """Return where below the working folder a path leads from the folder where the cell runs."""
    is_of_the_run = path.partition("/")[0] in RUN_FOLDERS  # the run's own outputs are on top, and linked where it runs
    return path if is_of_the_run else os.path.normpath(folder / path)


def cell_folder(notebook: Path, steps: int, files: Iterable[str], modules: Iterable[str]) -> PurePath:
    """Return the folder below the working folder in which a cell runs.

    `steps` are the most that its paths go up from the notebook's folder, `files` the paths of what goes along; local
    modules stand on top of the working folder. The folder is deeper where a file would else take the place of those, or
    of what is the run's.
    """
    if not steps:
        return PurePath()
    taken = _TAKEN | {path.partition("/")[0] for path in modules}
    files = [path for path in files if path.partition("/")[0] not in RUN_FOLDERS]
    for depth in range(steps, len(notebook.parts)):
        folder = PurePath(*notebook.parts[-depth:])
        tops = {folder.parts[0], *(placed(folder, path).partition("/")[0] for path in files)}
        if not tops & taken:
            return folder
    return PurePath(*notebook.parts[-steps:])


def _original(need: Need) -> str:
    return need.what.removeprefix("link to ")


def _covers(links: Iterable[str], path: str) -> bool:
    return any(f"{path}/".startswith(f"{link}/") for link in links)


def _is_database(path: Path) -> bool:
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
