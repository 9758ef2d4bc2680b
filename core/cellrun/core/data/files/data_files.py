"""The files that a dataset's paths name, as they are now: found by listing, nothing of them is read."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

from cellrun.core.data.stores.datastore import Datastore
from cellrun.core.data.stores.transfer import ASIDE
from cellrun.core.digest import hasher
from cellrun.core.errors import CellrunError, DatasetError, problem_of
from cellrun.core.resources import size_text

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

    from cellrun.core.workspace import Workspace

_MOST_NAMED = 8
_TAGS = ("etag", "ETag", "md5Hash", "content_md5", "blob_id", "Content-MD5", "Digest", "Last-Modified")
"""What stores, Hugging Face and web servers call what changes with a file's content, the surest first."""


class Place(Protocol):
    """What holds files: a datastore, this machine, the web."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def local_root(self) -> Path | None:
        """Its folder on this machine, if it is one."""

    def filesystem(self) -> AbstractFileSystem:
        """Return its files, by paths relative to its root."""

    def location(self, path: str = "") -> str:
        """Return where a path of it is, for people."""

    def translate_errors(self, path: str = "", *passes: type[Exception]) -> AbstractContextManager[None]:
        """Raise as errors of ours what its package raises in a block, but for those kinds that pass."""


class DataFile(NamedTuple):
    """One file of a dataset, as a listing tells of it."""

    path: str
    """Its path in the dataset: what its files have in common before the first wildcard is left out."""
    place: Place
    inside: str
    """Its path in that place."""
    size_bytes: int | None
    modified: float | None
    """Unix time, if the place tells it."""
    tag: str
    """What the place says changes with the content (an ETag, a checksum); empty if it says nothing."""
    entry: Mapping[str, Any] = {}
    """All that the listing tells."""

    @property
    def local_path(self) -> Path | None:
        """Where it is on this machine, None if it is elsewhere."""
        root = self.place.local_root
        return None if root is None else root / self.inside

    @property
    def location(self) -> str:
        """Where it is, for people."""
        return self.place.location(self.inside)

    def open(self) -> Any:
        """Open it to read its bytes. Raises DatasetError."""
        local = self.local_path
        try:
            if local is not None:
                return local.open("rb")
            with self.place.translate_errors(self.inside):
                return self.place.filesystem().open(self.inside, "rb")
        except OSError as error:
            raise DatasetError(f"{self.location} can't be read: {problem_of(error)}") from error


class ThisMachine:
    """The files of this machine, by their absolute paths."""

    name = "this machine"
    local_root = Path("/")

    def filesystem(self) -> AbstractFileSystem:
        """Return its files."""
        from fsspec.implementations.dirfs import DirFileSystem  # noqa: PLC0415  # a job without data needs none of it
        from fsspec.implementations.local import LocalFileSystem  # noqa: PLC0415  # as above

        return DirFileSystem("/", LocalFileSystem())

    def location(self, path: str = "") -> str:
        """Return where a path is."""
        return f"/{path}"

    def translate_errors(self, path: str = "", *passes: type[Exception]) -> AbstractContextManager[None]:  # noqa: ARG002  # as the contract has it
        """Let errors be as they are."""
        return nullcontext()


class Web:
    """One file behind an https address."""

    name = "the web"
    local_root = None

    def __init__(self, url: str) -> None:
        self._url = url

    def filesystem(self) -> AbstractFileSystem:
        """Return the web, by addresses."""
        import fsspec  # noqa: PLC0415  # a job without data needs none of it

        return fsspec.filesystem("http")

    def location(self, path: str = "") -> str:  # noqa: ARG002  # it has one place
        """Return its address without what may be a key in its query."""
        return self._url.partition("?")[0]

    @contextmanager
    def translate_errors(self, path: str = "", *passes: type[Exception]) -> Iterator[None]:  # noqa: ARG002  # it has one place
        """Raise as a DatasetError what asking for it raises in a block."""
        try:
            yield
        except Exception as error:
            if isinstance(error, (CellrunError, *passes)):
                raise
            raise self.unavailable(error) from error

    def unavailable(self, error: Exception) -> DatasetError:
        """Return why it can't be had. What a package says of it may hold its whole address, and a key in that."""
        cause = error.__cause__ or error
        status = getattr(cause, "status", None)
        status = status or (404 if isinstance(cause, FileNotFoundError) else None)
        why = f"its server answers {status}" if status else getattr(cause, "strerror", None) or type(cause).__name__
        return DatasetError(f"the file at {self.location()} can't be had: {why}")


def place_of(path: Mapping[str, str], workspace: Workspace | None) -> tuple[Place, str]:
    """Return what holds a definition's path, and the path there. Raises DatasetError, DatastoreError."""
    if "url" in path:
        return Web(path["url"]), path["url"]
    if "local" in path:
        return ThisMachine(), path["local"].lstrip("/")
    if workspace is None:
        raise DatasetError(f"the datastore {path['datastore']!r} is one of a workspace, and none is given")
    return Datastore(workspace, path["datastore"]), path["path"]


def found_files(
    paths: Sequence[Mapping[str, str]],
    workspace: Workspace | None,
    *,
    are_files: bool = False,
    is_missing_fine: bool = False,
) -> list[DataFile]:
    """Return the files that paths name, each once: path by path, by name.

    `are_files`: no path is a folder; `is_missing_fine`: a path may name none. Raises DatasetError for a path that names
    none, with what there is instead, for names that lead out of their place, and for two files of one path;
    DatastoreError for stores that can't be asked.
    """
    named = [_Named(*place_of(path, workspace)) for path in paths]
    roots = _roots(named)
    found: dict[tuple[str, str], DataFile] = {}
    by_path: dict[str, DataFile] = {}
    for one, root in zip(named, roots, strict=True):
        for inside, about in one.files(are_files=are_files, is_missing_fine=is_missing_fine):
            path = root(inside)
            if ".." in path.split("/"):
                raise DatasetError(f"{one.place.location(inside)!r} has a name that would lead out of its folder")
            key = (one.place.name, inside)
            if key in found:
                continue
            if path in by_path:
                raise DatasetError(
                    f"two files of the dataset would be {path!r}: {by_path[path].location} and "
                    f"{one.place.location(inside)}"
                )
            found[key] = by_path[path] = DataFile(
                path, one.place, inside, about.get("size"), _modified(about), _tag(about), about
            )
    return list(found.values())


class _Named(NamedTuple):
    """A path of a definition in its place."""

    place: Place
    path: str

    @property
    def parts(self) -> list[str]:
        return [part for part in self.path.split("/") if part]

    @property
    def has_wildcard(self) -> bool:
        return not isinstance(self.place, Web) and "*" in self.path

    @property
    def fixed(self) -> str:
        """What stands before the first wildcard."""
        parts = self.parts
        first = next((n for n, part in enumerate(parts) if "*" in part), len(parts))
        return "/".join(parts[:first])

    def files(self, *, are_files: bool, is_missing_fine: bool) -> Iterator[tuple[str, Mapping[str, Any]]]:
        filesystem = self.place.filesystem()
        try:
            with self.place.translate_errors(self.path, FileNotFoundError):
                filesystem.invalidate_cache()
                listed = self._listed(filesystem, are_files=are_files)
        except FileNotFoundError as error:
            if isinstance(self.place, Web) and not is_missing_fine:
                raise self.place.unavailable(error) from error
            listed = []
        except OSError as error:
            raise DatasetError(f"{self.place.location(self.path)} can't be listed: {problem_of(error)}") from error
        if not listed and not is_missing_fine:
            raise self._none(filesystem)
        yield from listed

    def _listed(self, filesystem: AbstractFileSystem, *, are_files: bool) -> list[tuple[str, Mapping[str, Any]]]:
        if not self.has_wildcard:
            about = filesystem.info(self.path)
            if about["type"] == "other":  # of this machine: it might never end
                raise DatasetError(f"{self.place.location(self.path)} is a pipe or a device, no file")
            if about["type"] != "directory":
                return [(self.path, about)]
            if are_files:
                raise DatasetError(f"{self.place.location(self.path)} is a folder; without is_file=True it is taken")
        depth = None if not self.has_wildcard or "**" in self.path else len(self.parts) - len(self.fixed.split("/"))
        if depth is not None and not self.fixed:
            depth = len(self.parts)
        found = filesystem.find(self.fixed, maxdepth=depth, detail=True)
        fits = _pattern(self.parts).fullmatch if self.has_wildcard else None
        return sorted(
            (name, about)
            for name, about in found.items()
            if (not fits or fits(name))
            and self._is_file(name, about)
            and not name.endswith("/")  # what some tools put there for a folder
            and not any(part.startswith(ASIDE) for part in name.split("/")[:-1])
        )

    def _is_file(self, name: str, about: Mapping[str, Any]) -> bool:
        """Whether what was listed is no pipe or device of this machine; a link is what it leads to."""
        root = self.place.local_root
        return root is None or about["type"] != "other" or (bool(about["islink"]) and (root / name).is_file())

    def _none(self, filesystem: AbstractFileSystem) -> DatasetError:
        where = self.place.location(self.path)
        of_store = f" (datastore {self.place.name!r})" if isinstance(self.place, Datastore) else ""
        folder = self.fixed
        if not self.has_wildcard:
            folder = posixpath.dirname(self.path)
        while True:
            try:
                there = sorted(posixpath.basename(name.rstrip("/")) for name in filesystem.ls(folder, detail=False))
                break
            except (FileNotFoundError, NotADirectoryError):
                if not folder:
                    there = []
                    break
                folder = posixpath.dirname(folder)
            except OSError:
                there = []
                break
        rest = f" and {len(there) - _MOST_NAMED} more" if len(there) > _MOST_NAMED else ""
        has = f"has: {', '.join(there[:_MOST_NAMED])}{rest}" if there else "is empty"
        what = "no file matches" if self.has_wildcard else "there is no file in, or at,"
        return DatasetError(f"{what} {where}{of_store}; the folder {self.place.location(folder)} {has}")


def matching_files(folder: Path, pattern: str) -> list[Path]:
    """Return the files below a folder that a pattern matches. Raises DatasetError if there are none."""
    fits = _pattern([part for part in pattern.split("/") if part]).fullmatch
    found = sorted(path for path in folder.rglob("*") if path.is_file() and fits(path.relative_to(folder).as_posix()))
    if not found:
        raise DatasetError(f"no file of {folder} matches {pattern!r}")
    return found


def _roots(named: Sequence[_Named]) -> list[Callable[[str], str]]:
    """Return how the paths in a place become paths in the dataset, for each path of its definition."""
    if len(named) == 1:
        return [_Below(_start(named[0]))]
    places = {one.place.name: [other for other in named if other.place.name == one.place.name] for one in named}
    starts = {name: posixpath.commonpath([_start(one) for one in of_it] or [""]) for name, of_it in places.items()}
    prefix = len(places) > 1
    return [
        _Below(
            starts[one.place.name] if not isinstance(one.place, Web) else _start(one), one.place.name if prefix else ""
        )
        for one in named
    ]


class _Below:
    """Makes a path in a place one below a folder of it; of a file that is its start, its own name."""

    def __init__(self, start: str, prefix: str = "") -> None:
        self._start = start
        self._prefix = prefix

    def __call__(self, inside: str) -> str:
        if "://" in inside:
            path = unquote(posixpath.basename(urlsplit(inside).path)) or "index"
        elif self._start and (inside == self._start or inside.startswith(f"{self._start}/")):
            path = inside[len(self._start) :].lstrip("/") or posixpath.basename(inside)
        else:
            path = inside if not self._start else posixpath.basename(inside)
        return f"{self._prefix}/{path}" if self._prefix else path


def _start(one: _Named) -> str:
    """Return what paths are relative to: what stands before a wildcard, a folder."""
    return "" if isinstance(one.place, Web) else one.fixed


def _pattern(parts: Sequence[str]) -> re.Pattern[str]:
    """Return what full paths match: `*` any part of a name, `**` any folders."""
    pattern = ""
    for n, part in enumerate(parts):
        is_last = n == len(parts) - 1
        if part == "**":
            pattern += ".*" if is_last else "(?:[^/]+/)*"
        else:
            pattern += "[^/]*".join(map(re.escape, re.split(r"\*+", part))) + ("" if is_last else "/")
    return re.compile(pattern, re.DOTALL)


def _modified(about: Mapping[str, Any]) -> float | None:
    for key in ("mtime", "last_modified", "LastModified", "updated"):
        given = about.get(key)
        if isinstance(given, str):
            try:
                given = datetime.fromisoformat(given.replace("Z", "+00:00"))
            except ValueError:
                continue
        if isinstance(given, datetime):
            return (given if given.tzinfo else given.replace(tzinfo=timezone.utc)).timestamp()
        if isinstance(given, (int, float)):
            return float(given)
    return None


def _tag(about: Mapping[str, Any]) -> str:
    return next((str(about[key]) for key in _TAGS if about.get(key)), "")


class FilesSeen(NamedTuple):
    """How many files there are, how large, and what changes when one of them does."""

    files: int
    size_bytes: int
    digest: str

    @classmethod
    def of(cls, files: Iterable[DataFile]) -> FilesSeen:
        """Return what is seen of files: by their paths, sizes, and times or tags."""
        count = size = 0
        seen = hasher()
        for file in files:
            count += 1
            size += file.size_bytes or 0
            seen.update(
                f"{file.path}\0{file.size_bytes}\0{file.tag or file.modified}\n".encode("utf-8", "surrogateescape")
            )
        return cls(count, size, seen.hexdigest())

    def __str__(self) -> str:
        return f"{self.files} file{'s' * (self.files != 1)}, {size_text(self.size_bytes)}"
