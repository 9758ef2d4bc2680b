"""What a workspace has by name: a folder of files, one for each name or one for each version of a name.

They are written whole, and read without trust in whoever put them there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Generic, TypeVar

from cellrun.core import names
from cellrun.core.disk.whole_files import write_once
from cellrun.core.errors import CellrunError, UserErrorException, did_you_mean, problem_of, shown, system_reason
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.store.record import Missed, refuse_elsewhere

Version = TypeVar("Version", int, str)


class Registry:
    """A folder of a workspace in which names are kept: as the files `<name>.json`, if nothing else is said."""

    def __init__(
        self, workspace: WorkspaceLayout, folder: Path, what: Missed | None = None, own: Sequence[str] = ()
    ) -> None:
        """`own` are names that are known without a file.

        Raises WorkspaceElsewhereError in a run that was sent to another machine than its workspace is on, if it says
        `what` is missed there.
        """
        if what:
            refuse_elsewhere(workspace, what)
        self._workspace = workspace
        self._folder = folder
        self._own = own

    def names(self) -> list[str]:
        """Return all names, those that are always known first."""
        found = sorted(name for name in _stems(self._folder, ".json") if names.is_plain(name))
        return [*self._own, *(name for name in found if name not in self._own)]

    def write_new(self, path: Path, text: str) -> bool:
        """Write a file, unless it is there; return whether it wasn't. Raises OSError."""
        for folder in (self._folder, path.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
        with suppress(FileExistsError):  # somebody else was first
            write_once(path, text)
            return True
        return False


class VersionedRegistry(Registry, Generic[Version]):
    """A folder in which names are folders, and in each of these a version is what is called `<version><suffix>`."""

    def __init__(  # noqa: PLR0913  # what kinds of them differ in
        self,
        workspace: WorkspaceLayout,
        folder: Path,
        what: Missed,
        version_of: Callable[[str], Version | None],
        *,
        suffix: str = ".json",
        is_name: Callable[[str], bool] = names.is_plain,
    ) -> None:
        """`version_of` returns the version that a text stands for, None for a text that is none. Raises as above."""
        super().__init__(workspace, folder, what)
        self._version_of: Callable[[str], Version | None] = version_of
        self._suffix = suffix
        self._is_name = is_name

    def names(self) -> list[str]:
        """Return all names that have a version."""
        return [name for name in sorted(_stems(self._folder)) if self.versions(name)]

    def versions(self, name: str) -> list[Version]:
        """Return the versions of a name, the lowest one first; none if it isn't registered."""
        found = _stems(self._folder / name, self._suffix) if self._is_name(name) else ()
        return sorted(version for version in map(self._version_of, found) if version is not None)

    def _path(self, name: str, version: Version) -> Path:
        return self._folder / name / f"{version}{self._suffix}"


def number(text: str) -> int | None:
    """Return the number of a version that a text stands for, None for a text that is none."""
    return int(text) if text.isascii() and text.isdigit() and text[0] != "0" else None


@contextmanager
def wrap_read_errors(error: Callable[[str], CellrunError], problem: str) -> Iterator[None]:
    """Raise what reading a damaged file in this block raises as an error of the registry's own, behind a problem."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, UserErrorException) as why:
        raise error(f"{problem}: {problem_of(why)}") from why


@contextmanager
def wrap_system_errors(error: Callable[[str], CellrunError], problem: str) -> Iterator[None]:
    """Raise what the system refuses in this block as an error of the registry's own, behind a problem."""
    try:
        yield
    except OSError as why:
        raise error(f"{problem}: {system_reason(why)}") from why


def known_words(name: object, known: Iterable[str], how: str, none: str = "none") -> str:
    """Return which names are known where one is none of them, which one may be meant, and `how` to have one."""
    known = list(known)
    return f"known: {', '.join(known) or none}; {did_you_mean(name, known, goes_on=True)}{how}"


def check_about(
    error: Callable[[str], CellrunError], what: str, description: object, *tags: Mapping[str, object]
) -> None:
    """Raise an error for a description that is no text, InvalidNameError for tags and properties that can't be."""
    if description is not None and not isinstance(description, str):
        raise error(f"a {what}'s description is a text; got {shown(description)}")
    for name, value in (pair for each in tags for pair in each.items()):
        names.tag_name(name)
        names.tag_value(value)


def _stems(folder: Path, suffix: str = "") -> list[str]:
    try:
        found = os.listdir(folder)  # noqa: PTH208  # names alone
    except OSError:
        return []
    return [name[: len(name) - len(suffix)] for name in found if name.endswith(suffix)]
