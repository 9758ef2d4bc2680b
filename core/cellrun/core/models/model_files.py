"""The files of a model on their way: into the registry, whole and unchangeable, and out of it as a user's own."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from cellrun.core.disk.ownership import doubt
from cellrun.core.disk.whole_files import copy_plain, draft_name
from cellrun.core.errors import ModelPathNotFoundException, UserErrorException, shown
from cellrun.core.front_end import plain
from cellrun.core.layout import RunLayout
from cellrun.core.models.metadata import LATEST
from cellrun.core.store.files.run_files import OutputFiles
from cellrun.core.unsupported import warn_once

_READABLE = 0o444
_WRITABLE = 0o200
_MOST_NAMED = 10
_LOCAL_CACHE = "azureml-models"


class ModelSource(Protocol):
    """What becomes a model: a file or a folder."""

    name: str
    """Its own name, which it keeps."""

    def copy_into(self, folder: Path) -> object:
        """Copy it into a folder, under its name."""


class LocalFiles:
    """A file or a folder of the user's that becomes a model; of a folder some files alone if they are named."""

    def __init__(self, path: str | os.PathLike[str], children: Sequence[str | os.PathLike[str]] | None = None) -> None:
        """Look at it. Raises ModelPathNotFoundException for what isn't there, UserErrorException for another path."""
        if not isinstance(path, (str, os.PathLike)):
            raise UserErrorException(f"model_path is the path of a file or a folder; got {shown(path)}")
        self._path = Path(path).expanduser().absolute()
        if not (self._path.is_file() or self._path.is_dir()):
            raise ModelPathNotFoundException(
                f"there is no file or folder {os.fspath(path)!r} to be registered as a model"
            )
        self.name = self._path.resolve().name if self._path.name in {"", ".."} else self._path.name
        self.is_folder = self._path.is_dir()
        self._files = list(self._chosen(children)) if self.is_folder else [self._path]
        if not self._files:
            raise ModelPathNotFoundException(f"the folder {os.fspath(path)!r} has no file to be registered as a model")

    def copy_into(self, folder: Path) -> None:
        """Copy it into a folder, under its own name. Raises OSError."""
        for file in self._files:
            target = folder / self.name
            target = target / file.relative_to(self._path) if self.is_folder else target
            target.parent.mkdir(parents=True, exist_ok=True)
            copy_plain(file, target)
            _protect(target)

    def _chosen(self, children: Sequence[str | os.PathLike[str]] | None) -> Iterator[Path]:
        if children is None:
            yield from _files_below(self._path)
            return
        for child in children:
            below = self._path / child
            if not below.resolve().is_relative_to(self._path.resolve()) or not below.exists():
                raise ModelPathNotFoundException(
                    f"child_paths={os.fspath(child)!r}: there is no such file in {self._path}"
                )
            yield from _files_below(below) if below.is_dir() else [below]


class FilesOfRun:
    """A file or a folder of what a run keeps that becomes a model: read without trust in the job that made it."""

    def __init__(self, layout: RunLayout, name: str) -> None:
        """Look for it. Raises ModelPathNotFoundException for what the run hasn't got, or isn't to be read."""
        self._offered = OutputFiles(layout)
        wanted = "/".join(part for part in name.split("/") if part not in {"", "."})
        listing = self._offered.listing()
        names = [file.name for file in listing.files]
        self.is_folder = wanted not in names
        self._files = [name for name in names if _is_in(name, wanted)] if self.is_folder else [wanted]
        for skipped in listing.skipped:
            if skipped.name == wanted or _is_in(skipped.name, wanted):
                raise ModelPathNotFoundException(f"{skipped.name!r} of run {layout.run_id}: {skipped.why}")
        if not self._files:
            known = ", ".join(map(repr, names[:_MOST_NAMED])) or "none"
            more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
            raise ModelPathNotFoundException(
                f"Could not locate the provided model_path {name} in the set of files of the run {layout.run_id}: "
                f"{known}{more}"
            )
        self._wanted = wanted
        self.name = wanted.rpartition("/")[-1] or "outputs"

    def copy_into(self, folder: Path) -> None:
        """Copy it into a folder, under its own name. Raises OSError, NotOfferedError for what was changed meanwhile."""
        for file in self._files:
            below = file.removeprefix(self._wanted).lstrip("/") if self.is_folder else ""
            target = folder / self.name / below if below else folder / self.name
            target.parent.mkdir(parents=True, exist_ok=True)
            opened = self._offered.open(file)
            with opened.file, target.open("xb") as copy:
                shutil.copyfileobj(opened.file, copy)
            _protect(target)


def in_current_folder(name: str, version: int | str | None) -> Path | None:
    """Return a model of Azure ML's local layout below the current folder, None if there is none.

    One that others can write to, as in /tmp, is passed over: whoever loads a pickle runs it.
    """
    folder = Path(_LOCAL_CACHE, str(name))
    try:
        there = {int(path.name): path for path in folder.iterdir() if path.name.isdecimal()}
    except OSError:
        return None
    chosen = there.get(int(version)) if version is not None and str(version).isdecimal() else None
    if version in {None, LATEST} and there:
        chosen = there[max(there)]
    if chosen is None:
        return None
    inside = list(chosen.iterdir()) if chosen.is_dir() else []
    found = inside[0] if len(inside) == 1 else chosen
    if whose := doubt(found):
        warn_once(plain(f"a model was passed over: {whose}"))
        return None
    return found


def bring(source: Path, target: Path, *, overwrite: bool) -> None:
    """Copy a model's file or folder to a path of the user's, who may change it there; each file whole.

    Raises UserErrorException for what is there already, unless it may be overwritten; OSError.
    """
    if not overwrite and os.path.lexists(target):
        raise UserErrorException(f"{target} is there already; exist_ok=True puts the model in its place")
    for file in _files_below(source) if source.is_dir() else [source]:
        place = target / file.relative_to(source) if source.is_dir() else target
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = place.with_name(draft_name())
        try:
            copy_plain(file, draft)
            draft.chmod(stat.S_IMODE(draft.stat().st_mode) | _WRITABLE)
            draft.replace(place)
        finally:
            draft.unlink(missing_ok=True)


def _files_below(folder: Path) -> Iterator[Path]:
    """Iterate over the files of a folder, through links to files. Raises UserErrorException for a link to a folder."""
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in folders:
            if Path(parent, name).is_symlink():
                raise UserErrorException(
                    f"{Path(parent, name)} is a link to a folder, whose files wouldn't be part of the model; "
                    "put them there, or leave the link out by child_paths"
                )
        yield from (path for path in (Path(parent, name) for name in sorted(names)) if path.is_file())


def _is_in(name: str, folder: str) -> bool:
    return not folder or name.startswith(f"{folder}/")


def _protect(path: Path) -> None:
    """Let a registered file be read alone: `Model.get_model_path` hands out the file itself."""
    path.chmod((stat.S_IMODE(path.stat().st_mode) | _READABLE) & ~0o222)
