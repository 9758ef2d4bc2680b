"""A copy of cellrun for a job whose Python hasn't got it, made once for each version.

Its folder stands first in PYTHONPATH, so that a script's processes find it too; it holds `cellrun.core` and the names
of Azure ML's first SDK, with an `azureml` that lets them be found.
Packages in pure Python that parts of it need stand apart and are looked for last: what the environment has of them
comes first.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path

from cellrun.core.disk.whole_files import remove_tree
from cellrun.core.environments import library_folder
from cellrun.core.environments.fallback_library import FALLBACK_LIBRARY
from cellrun.core.layout import RunLayout
from cellrun.core.places import home, home_folder
from cellrun.core.store.using_runs import UsingRuns

CORE = Path(__file__).parents[1]
PYTHON_PATH = "PYTHONPATH"
_BROUGHT = ("cloudpickle", "fsspec", "packaging", "pathspec", "yaml")
_LIBRARY = "library"
_USED_BY = ".used_by"
_UNUSED_S = 30 * 24 * 3600.0


@dataclass(frozen=True)
class LibraryArchive:
    """The copy as another machine is sent it; there the text of `library_folder.py` makes a folder of it."""

    files: Mapping[str, bytes]
    """By their paths, sorted."""

    @cached_property
    def name(self) -> str:
        """By its content: the same for the same sources, whenever and wherever they were installed."""
        return library_folder.name_of(self.files.items())

    @cached_property
    def data(self) -> bytes:
        """What is sent to a machine that lacks it. To pack it takes longer than to name it."""
        return library_folder.packed(self.files.items())


def job_library() -> Path:
    """Return the folder of this cellrun's copy, made if needed; where this code is of such a copy, that one."""
    if folder := own_library():
        with suppress(OSError):
            os.utime(folder)  # it is in use
        return folder
    sources = _sources()
    folder = home_folder(_LIBRARY) / _name(_state(sources))
    if folder.is_dir():
        with suppress(OSError):
            os.utime(folder)
    else:
        library_folder.make(folder, dict(_read(sources)))
        remove_unused()
    return folder


def own_library() -> Path | None:
    """Return the folder of the copy that this code is of; None where cellrun is installed."""
    folder = Path(__file__).parents[3]
    return folder if (folder / FALLBACK_LIBRARY).is_dir() else None


def is_own(interpreter: str) -> bool:
    """Whether an interpreter is the one that runs this code, under whichever of its names: `python`, `python3`."""
    ours = Path(sys.executable)
    return Path(interpreter).parent == ours.parent and os.path.realpath(interpreter) == os.path.realpath(ours)


def needs_library(interpreter: str) -> bool:
    """Whether an interpreter has this cellrun by a copy alone: any but this process's own, and that if it has it so."""
    return not is_own(interpreter) or own_library() is not None


def library_archive() -> LibraryArchive:
    """Return this cellrun's copy for another machine."""
    return LibraryArchive(dict(_read(_sources())))


def with_library(python_path: str) -> str:
    """Return a PYTHONPATH with this cellrun's copy in front; another version's gives way to it."""
    others = [path for path in python_path.split(os.pathsep) if path and not _is_library(path)]
    return os.pathsep.join([str(job_library()), *others])


def has_library(python_path: str) -> bool:
    """Whether some version's copy is in a PYTHONPATH."""
    return any(map(_is_library, python_path.split(os.pathsep)))


def use_library(python_path: str, layout: RunLayout) -> None:
    """Note that a run uses the copies in its PYTHONPATH, until it has ended: they aren't removed before."""
    for path in filter(_is_library, python_path.split(os.pathsep)):
        with suppress(OSError):  # a full disk: then they are as old as their last use
            _using(Path(path)).add(layout)


def remove_unused() -> None:
    """Remove the copies, and parts of such, that nobody has used for long and no run that goes on uses."""
    for folder in home_folder(_LIBRARY).iterdir():
        with suppress(OSError):
            is_old = time.time() - folder.stat().st_mtime > _UNUSED_S
            if is_old and folder.suffix != _USED_BY and folder != own_library() and not _using(folder).living():
                remove_tree(folder)
                remove_tree(_using(folder).folder)


def _is_library(path: str) -> bool:
    return Path(path).parent == home() / _LIBRARY or (bool(path) and Path(path) == own_library())


def _using(folder: Path) -> UsingRuns:
    return UsingRuns(folder.with_name(folder.name + _USED_BY))


def _sources() -> dict[str, Path]:
    """Return all files of the copy, by their paths in it, sorted."""
    if folder := own_library():
        packages = {path.name: path for path in folder.iterdir()}
        return dict(sorted(_python_files(packages)))
    packages = {"cellrun/core": CORE}
    for name in _BROUGHT:
        if found := _package(name):
            packages[f"{FALLBACK_LIBRARY}/{name}"] = found
    if old_names := _package("cellrun.azureml"):
        packages["cellrun/azureml"] = old_names
    sources = dict(_python_files(packages))
    if old_names:
        sources["azureml/__init__.py"] = old_names / "bootstrap.py"
    return dict(sorted(sources.items()))


def _package(name: str) -> Path | None:
    """Return where a package is; that of the old SDK's names may be beside this one, or in a folder of its own."""
    found = find_spec(name)
    return Path(found.origin).parent if found and found.origin else None


def _python_files(packages: dict[str, Path]) -> Iterator[tuple[str, Path]]:
    for place, package in packages.items():
        for folder, _, names in os.walk(package):
            for name in names:
                if name.endswith(".py"):
                    file = Path(folder, name)
                    yield f"{place}/{file.relative_to(package).as_posix()}", file


def _read(sources: dict[str, Path]) -> Iterator[tuple[str, bytes]]:
    return ((path, file.read_bytes()) for path, file in sources.items())


_State = tuple[tuple[str, str, int, int], ...]


def _state(sources: dict[str, Path]) -> _State:
    """Return what changes when a source is edited."""
    found = ((path, file, file.stat()) for path, file in sources.items())
    return tuple((path, str(file), about.st_size, about.st_mtime_ns) for path, file, about in found)


@lru_cache(maxsize=2)
def _name(state: _State) -> str:
    return library_folder.name_of(_read({path: Path(file) for path, file, _, _ in state}))
