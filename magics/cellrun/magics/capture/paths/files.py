"""Decides what of the files that texts name goes along: small ones are copied, large and secret ones are linked."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path, PurePath
from urllib.parse import unquote

from cellrun.core.layout import RUN_FOLDERS
from cellrun.core.likely_secrets import is_env_file, is_secret
from cellrun.core.resources import size_text
from cellrun.core.submission.snapshot import Snapshot
from cellrun.magics.capture.destination import Place
from cellrun.magics.capture.local.local_modules import imported_by
from cellrun.magics.capture.paths.patterns import TooManyFilesError, Tree, folder_of, is_bounded, is_clear
from cellrun.magics.capture.paths.shipment import Links, Shipment, steps_up
from cellrun.magics.capture.source.analysis import Text

_MOST_COPIED_BYTES = 16 << 20
_MOST_COPIED_FILES = 2_000
_MOST_NAMED = 5
_LEAST_PARTS = 3  # `/data/x.csv`; `/data` and `/` are words for many things
_OF_THE_SYSTEM = frozenset(
    ["bin", "boot", "dev", "etc", "lib", "lib64", "opt", "proc", "run", "sbin", "sys", "usr", "var"]
)
"""Folders that another machine has its own of."""
_IN_MEMORY = "/dev/shm"  # noqa: S108  # where people keep data; nothing is written there
_MOST_LINKS = 100  # of one pattern
_JOURNALS = ("-wal", "-journal")  # what SQLite keeps beside a database: parts of its content
_URI = re.compile(r"(?:file:(?!/)|sqlite:///(?!/))([^?#]+)")
_MOST_CHARS = 1_000
_ABOVE = frozenset({".", ".."})
_ENV_FILE = ".env"


class Files:
    """What stands beside the notebook, and what `..` leads to from there.

    Responsibilities: what of it is copied or linked; where below the working folder the cell has to run for that.
    """

    def __init__(self, folder: Path, place: Place, shipment: Shipment, links: Links) -> None:
        self._folder = folder
        self._place = place
        self._shipment = shipment
        self._links = links
        self._seen = set(RUN_FOLDERS)
        self._absolute: dict[str, str] = {}  # with the places
        self._warnings: list[str] = []
        self._entered: list[str] = []
        self.steps_up = 0
        """How many folders the paths go up from the notebook's, at the most."""
        self.has_env_file = False
        """Whether a `.env` file is read in the run."""

    def take(self, text: Text, *, is_pattern: bool = False, is_changed: bool = False) -> frozenset[str]:
        """Take the file or folder that a text names, or what fits it; return the modules that scripts of them import.

        A text with wildcards is a pattern if it is one without doubt, or if `is_pattern`: something looks for files by
        it. With `is_changed` what it names may be changed without Python telling of it.
        """
        modules: frozenset[str] = frozenset()
        if len(text.value) > _MOST_CHARS:
            return modules
        named = _named(text.value)
        if named[:1] in {"/", "~"}:
            self._note_absolute(named, text.place)
        is_wild = glob.has_magic(named)
        if not (self._may_be_there(named) or (is_wild and (is_pattern or is_clear(named)))):
            return modules
        for path in self._paths(named):
            if not is_wild or os.path.lexists(self._folder / path):
                modules |= self._take_named(path, text.place, is_changed=is_changed)
            elif is_pattern or is_clear(named):
                modules |= self._take_pattern(path, text.place, is_changed=is_changed)
        return modules

    def take_env_file(self, place: str) -> None:
        """Let the run read the `.env` file that is found here: beside the notebook, or in a folder above."""
        for folder in (self._folder, *self._folder.parents):
            file = folder / _ENV_FILE
            if os.access(file, os.R_OK) and file.is_file():
                self._link(_ENV_FILE, file, place, file.stat().st_size)
                return

    def enter(self, path: str) -> None:
        """Let paths that are found from now on begin at another folder as well: the code makes it the current one."""
        entered = _relative(path)
        if entered is not None and os.path.isdir(self._folder / entered):  # noqa: PTH112  # as in _take
            self._entered.append(entered)
            self._reach(entered)

    def notes(self) -> list[str]:
        """Return what is worth saying about files."""
        absolute = (f"{path} ({place})" for path, place in self._absolute.items())
        listed = ", ".join(islice(absolute, _MOST_NAMED)) + (" …" if len(self._absolute) > _MOST_NAMED else "")
        note = f"named by an absolute path, read on {self._place} and not sent: {listed}"
        return [*self._warnings, *self._links.notes(), *([note] if listed else [])]

    def _note_absolute(self, path: str, place: str) -> None:
        """Note a file or folder that is here by an absolute path, and may not be where the run will be."""
        full = Path(path).expanduser() if path.startswith("~/") else Path(path)
        is_systems = len(full.parts) < _LEAST_PARTS or (
            full.parts[1] in _OF_THE_SYSTEM and not full.is_relative_to(_IN_MEMORY)
        )
        if self._place.is_here or is_systems or not os.path.exists(full):  # noqa: PTH110  # False, never an error
            return
        if not self._place.finds(full):
            self._absolute.setdefault(path, place)

    def _may_be_there(self, text: str) -> bool:
        """Whether a text can be a path: most texts aren't, and few need a look at the disk to tell."""
        first = text.partition("/")[0]
        return first in self._names or first in _ABOVE or bool(self._entered)

    @cached_property
    def _tree(self) -> Tree:
        return Tree(self._folder)

    @cached_property
    def _names(self) -> frozenset[str]:
        try:
            return frozenset(os.listdir(self._folder))  # noqa: PTH208  # names alone
        except OSError:  # a folder that may be entered, not listed
            return frozenset()

    def _paths(self, text: str) -> Iterator[str]:
        """Iterate over the paths, as seen from the notebook's folder, that a text may be."""
        path = _relative(text)
        if path is None:
            return
        for start in ("", *self._entered):
            each = os.path.normpath(f"{start}/{path}") if start else path
            if set(each) <= set("./"):  # a folder above, whole: nobody means all that is in it
                self._reach(each)
            else:
                yield each

    def _reach(self, path: str) -> None:
        """Let the cell run so deep that a path doesn't lead out of the working folder."""
        steps = steps_up(path)
        if steps < len(self._folder.parts):
            self.steps_up = max(self.steps_up, steps)

    def _take_named(
        self, path: str, place: str, *, is_changed: bool, is_linked: bool = False, is_wild: bool = False
    ) -> frozenset[str]:
        if is_changed:
            self._links.change(path, place)
        if path in self._seen:
            return frozenset()
        self._seen.add(path)
        return self._take(path, place, is_linked=is_linked, is_wild=is_wild)

    def _take_pattern(self, pattern: str, place: str, *, is_changed: bool) -> frozenset[str]:
        """Take what a pattern fits; what is too much to copy is linked, or the folder that all of it is in."""
        matches, why = self._matches(pattern)
        folder = folder_of(pattern)
        if why and not folder and (not matches or len(matches) > _MOST_LINKS):
            self._warnings.append(f"what {pattern!r} ({place}) fits isn't captured: {why}")
            return frozenset()
        if why and folder:
            matches = [folder]
        how = {"is_changed": is_changed, "is_linked": bool(why), "is_wild": True}
        return frozenset().union(*(self._take_named(path, place, **how) for path in matches))

    def _matches(self, pattern: str) -> tuple[list[str], str]:
        """Return what a pattern fits, and why that isn't copied; empty if it is."""
        if not is_bounded(pattern):
            return [], "it fits all that is in the folder and below; name the folder, or an extension"
        try:
            matches = list(islice(self._tree.matches(pattern), _MOST_COPIED_FILES + 1))
        except TooManyFilesError:
            return [], "too many files to look through; name the folder"
        size = count = 0
        for each in matches:
            if each not in self._seen:
                more_bytes, more_files = _measured(self._folder / each)
                size, count = size + more_bytes, count + more_files
            if size > _MOST_COPIED_BYTES or count > _MOST_COPIED_FILES:
                limit = f"{size_text(_MOST_COPIED_BYTES)} or {_MOST_COPIED_FILES:,} files"
                return matches, f"it is more than {limit}; name it by an absolute path"
        return matches, ""

    def _take(self, path: str, place: str, *, is_linked: bool, is_wild: bool) -> frozenset[str]:
        """Take what a path leads to, if it is there; return the modules that a script imports."""
        source = self._folder / path
        if self._shipment.leaves_out(path, place) or not self._is_there(path):
            return frozenset()
        if not os.access(source, os.R_OK):
            self._warnings.append(f"{path!r} ({place}) can't be read here, and isn't captured")
            return frozenset()
        if steps_up(path) >= len(self._folder.parts):
            self._warnings.append(
                f"{path!r} ({place}) leads to {source.resolve()}, out of all folders: name that instead"
            )
            return frozenset()
        self._reach(path)
        self._take_journals(path, place)
        if self._links.cover(path):
            return imported_by(source) if path.endswith(".py") else frozenset()
        size, count = _measured(source)
        is_too_much = size > _MOST_COPIED_BYTES or count > _MOST_COPIED_FILES
        if is_linked or is_too_much or is_secret(source.name, is_folder=source.is_dir()):
            self._link(path, source, place, size)
        elif source.is_file():
            self._shipment.add(path, source, place, "file")
            if path.endswith(".py"):  # %run and the like
                return imported_by(source)
        else:
            self._take_folder(path, source, place, is_wild=is_wild)
        return frozenset()

    def _is_there(self, path: str) -> bool:
        """Whether a file or folder is there; if only the folder is that it would be in, the run gets such a folder."""
        if os.path.exists(self._folder / path):  # noqa: PTH110  # False, never an error
            return True
        parent = str(PurePath(path).parent)
        is_place = parent != "." and os.path.isdir(self._folder / parent)  # noqa: PTH112  # as above
        if is_place and not self._links.cover(parent) and steps_up(path) < len(self._folder.parts):
            self._reach(path)
            self._shipment.add_folder(parent)
        return False

    def _take_journals(self, path: str, place: str) -> None:
        """Take what SQLite keeps beside a database, and note that the database may be changed."""
        if self._links.note_database(path, place):
            for journal in (f"{path}{each}" for each in _JOURNALS):
                if os.path.lexists(self._folder / journal):
                    self._take_named(journal, place, is_changed=True)

    def _take_folder(self, path: str, source: Path, place: str, *, is_wild: bool) -> None:
        snapshot = Snapshot(source)
        for file in snapshot.files:
            if not (is_wild and "/." in f"/{file.path}"):  # wildcards take nothing that is hidden
                self._shipment.add(f"{path}/{file.path}", Path(file.source), place, "file")
        for below, secret in snapshot.secrets.items():
            if not (is_wild and "/." in f"/{below}"):
                self._link(f"{path}/{below}", Path(secret), place, _measured(Path(secret))[0])

    def _link(self, path: str, source: Path, place: str, size: int) -> None:
        self.has_env_file |= is_env_file(source.name)
        self._shipment.leave_below(path)
        self._links.add(path, source, place, size)


def _named(text: str) -> str:
    """Return the path that a text names: itself, or that of `file:x.db?mode=rw` and `sqlite:///x.db`."""
    found = _URI.match(text) if text.startswith(("file:", "sqlite:")) else None
    return unquote(found[1]) if found else text


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
