"""The files that travel with a cell: local modules and files that its code names; and the folder that it runs in.

A cell whose paths begin with `..` runs as deep in the working folder as the notebook is in what they name:
`../data/x.csv` in /home/me/project/notebooks/ becomes data/x.csv there, and the cell runs in notebooks/.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from cellrun.core.context.manifest import Need
from cellrun.core.layout import RUN_FOLDERS
from cellrun.core.resources import limits, size_text
from cellrun.magics.capture.choices import LeftOut
from cellrun.magics.capture.found import Refusal

_CELL = "cell.py"  # the submitted cell itself
_TOP = PurePath()
_TAKEN = RUN_FOLDERS | {_CELL}  # on top of the working folder


@dataclass(frozen=True)
class _Parcel:
    source: Path
    bytes: int
    place: str
    kind: str


class Shipment:
    """What is copied along: local modules to the top of the working folder, files to where the cell's paths lead."""

    def __init__(self, left_out: LeftOut) -> None:
        self._left_out = left_out
        self._parcels: dict[tuple[str, str], _Parcel] = {}
        self._folders: set[str] = set()

    def leaves_out(self, name: str, place: str) -> bool:
        """Whether the user leaves out a module, or a path or a folder that it is in."""
        return self._left_out.has(name, place)

    def add(self, path: str, source: Path, place: str, kind: str) -> None:
        """Take a file along, unless it is left out; the first one for a path stays."""
        if self.leaves_out(path, place):
            return
        self._parcels.setdefault((kind, path), _Parcel(source, source.stat().st_size, place, kind))

    def add_folder(self, path: str) -> None:
        """Make an empty folder in the run: the cell may write into it."""
        self._folders.add(path)

    def leave_below(self, folder: str) -> None:
        """Leave out the files below a folder, which arrives as a whole in another way."""
        self._folders = {each for each in self._folders if not f"{each}/".startswith(f"{folder}/")}
        below = [key for key in self._parcels if key[0] != "module" and key[1].startswith(f"{folder}/")]
        for key in below:
            del self._parcels[key]

    def paths(self, kind: str) -> list[str]:
        """Return the paths of what goes along: of files as seen from the notebook's folder."""
        return [path for each, path in self._parcels if each == kind]

    def check(self, cell_folder: PurePath = _TOP) -> list[Refusal]:
        """Return why the files can't go along, if they can't."""
        for kind, path in self._parcels:
            if self._target(kind, path, cell_folder) == _CELL:
                what = f"{path} can't go along, as the submitted cell itself has that name there"
                return [Refusal(path, what, self._parcels[kind, path].place, "Rename it")]
        most = limits()
        size, count = sum(each.bytes for each in self._parcels.values()), len(self._parcels)
        if size <= most.snapshot_bytes and count <= most.snapshot_files:
            return []
        largest = sorted(self._parcels.items(), key=lambda item: -item[1].bytes)[:3]
        listed = ", ".join(f"{path} {size_text(each.bytes)} ({each.place})" for (_, path), each in largest)
        what = (
            f"the cell's local modules and files are {size_text(size)} in {count:,} files (limit "
            f"{size_text(most.snapshot_bytes)}, {most.snapshot_files:,} files); largest: {listed}"
        )
        remedy = "Name large files by their absolute path, or set CELLRUN_SNAPSHOT_BYTES or CELLRUN_SNAPSHOT_FILES"
        return [Refusal("", what, remedy=remedy)]

    def pack(self, folder: Path, cell_folder: PurePath = _TOP) -> None:
        """Copy the files into a folder, in which the cell will run in `cell_folder`."""
        for (kind, path), parcel in self._parcels.items():
            target = folder / self._target(kind, path, cell_folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(parcel.source, target)
        for path in self._folders:
            (folder / placed(cell_folder, path)).mkdir(parents=True, exist_ok=True)

    def _target(self, kind: str, path: str, cell_folder: PurePath) -> str:
        return path if kind == "module" else placed(cell_folder, path)

    def account(self) -> Iterator[Need]:
        """Iterate over what goes along, a line for each module, file or folder on top."""
        tops: dict[tuple[str, str], dict[str, _Parcel]] = {}
        for (kind, path), parcel in self._parcels.items():
            tops.setdefault((_top(path), kind), {})[path] = parcel
        for (top, kind), parcels in tops.items():
            size, (path, first) = sum(each.bytes for each in parcels.values()), next(iter(parcels.items()))
            many = len(parcels) > 1
            what = "local module" if kind == "module" else "folder" if many else "file"
            words = f"{what}, {len(parcels):,} files" if many else what
            name = top.removesuffix(".py") if kind == "module" else top if many else path
            yield Need(name, kind, words, first.place, size, "source" if kind == "module" else "copy")


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
