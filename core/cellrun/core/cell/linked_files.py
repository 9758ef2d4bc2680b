"""Keeps the originals of linked files: what the cell changes becomes a copy of its own just before.

Python tells of each file that it opens, removes or renames, and of the commands that it starts (an audit hook,
PEP 578). What a program or a library opens by itself isn't seen: what may be changed so is copied before the cell
begins. Where the file system lets two files share their content until one is changed, every linked file is copied so.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit

_WRITES = os.O_WRONLY | os.O_RDWR
_MOST_COPIED_BYTES = 1 << 30  # for a command that may as well only read it
_JOURNALS = ("-wal", "-journal")  # what SQLite keeps beside a database: parts of its content
_BETWEEN_WORDS = re.compile(r"[\s'\"<>|;&()=,:`]+")
_MOST_CHARS = 255  # in a file's name
_ENV_FILE = ".env"
_CLONE = 0x40049409  # FICLONE of Linux; fcntl has the name since Python 3.13


class LinkedFiles:
    """The links of a cell: their paths, relative to the folder where it runs.

    `copies` are those of them, or paths below them, that something may change without Python telling of it.
    """

    def __init__(self, folder: Path, names: Iterable[str], copies: Iterable[str] = ()) -> None:
        names = tuple(names)
        folders = (folder, folder.resolve())  # the process may be told of either
        self._names = [Path(os.path.normpath(folder / name)) for name in names]
        self._copies = [folder / name for name in copies]
        self._links = {os.path.normpath(each / name) for name in names for each in folders}

    def protect(self) -> None:
        """Copy what has to be, and begin to watch this process and those that it forks."""
        for path in self._copies:
            self._own(path, _copy_here)
        for link in self._names:
            if link.is_symlink() and link.is_file() and not link.name.startswith(_ENV_FILE):  # its text is never copied
                _share_here(link)
        _watch.add(self)

    def release(self) -> None:
        """Watch no longer."""
        _watch.discard(self)

    @classmethod
    def change(cls, event: str) -> Callable[..., None] | None:
        """Return what is to be done of some links when Python tells of an event; None if nothing is."""
        return cls._changes.get(event)

    def _open(self, path: Any, _: Any, flags: Any) -> None:
        if isinstance(flags, int) and flags & _WRITES:
            is_new = bool(flags & os.O_EXCL)  # it fails for a file that is there, and changes nothing
            is_rewritten = bool(flags & os.O_TRUNC)
            self._own(path, Path.unlink if is_rewritten else _copy_here, is_entry=is_new)

    def _entry(self, path: Any, *_: Any) -> None:
        self._own(path, _copy_here, is_entry=True)

    def _content(self, path: Any, *_: Any) -> None:
        self._own(path, _copy_here)

    def _rename(self, path: Any, to: Any, *_: Any) -> None:
        self._entry(path)
        self._entry(to)
        kinds = (str, bytes, os.PathLike)
        if isinstance(path, kinds) and isinstance(to, kinds) and _absolute(path) in self._links:
            self._links.add(_absolute(to))

    def _second(self, _: Any, path: Any, *__: Any) -> None:
        self._entry(path)

    def _tree(self, path: Any, *_: Any) -> None:
        self._own(path, _empty_here)

    def _database(self, database: Any, *_: Any) -> None:
        path = _path_of_database(database)
        if path is not None:
            self._own(path, _copy_database_here)

    def _command(self, *arguments: Any) -> None:
        """Copy what a command names, as it may change that."""
        for word in _words(arguments):
            self._own(word, _copy_if_small)

    def _program(self, _: Any, words: Any, folder: Any, *__: Any) -> None:
        for word in _words((words,)):
            self._own(Path(os.fsdecode(folder or ""), word), _copy_if_small)

    def _own(self, path: Any, act: Callable[[Path], object], *, is_entry: bool = False) -> None:
        """Make a path that leads through a link the run's own: the folders on the way, and by `act` what it names.

        With `is_entry` only the folders: the entry itself is made, removed or renamed, not its content.
        """
        if not isinstance(path, (str, bytes, os.PathLike)):
            return
        absolute = _absolute(path)
        link = next((each for each in self._links if f"{absolute}/".startswith(f"{each}/")), None)
        if link is None:
            return
        step = Path(link)
        for part in Path(absolute).relative_to(link).parts:
            if step.is_symlink():
                _links_here(step)
            step /= part
        if step.is_symlink() and not is_entry:
            act(step)

    _changes: ClassVar[Mapping[str, Callable[..., None]]] = {
        "open": _open,
        "os.truncate": _content,
        "os.chmod": _content,
        "os.utime": _content,
        "sqlite3.connect": _database,
        "os.system": _command,
        "os.exec": _command,
        "os.posix_spawn": _command,
        "os.spawn": _command,
        "pty.spawn": _command,
        "subprocess.Popen": _program,
        "os.mkdir": _entry,
        "os.remove": _entry,
        "os.rmdir": _entry,
        "os.rename": _rename,
        "os.link": _second,
        "os.symlink": _second,
        "shutil.rmtree": _tree,
    }


class _Watch:
    """The one audit hook of this process, which can't be removed again, and the links that it watches."""

    def __init__(self) -> None:
        self._linked: tuple[LinkedFiles, ...] = ()
        self._is_hooked = False
        self._working = threading.local()

    def add(self, linked: LinkedFiles) -> None:
        self._linked = (*self._linked, linked)
        if not self._is_hooked:
            self._is_hooked = True
            sys.addaudithook(self._hook)

    def discard(self, linked: LinkedFiles) -> None:
        self._linked = tuple(each for each in self._linked if each is not linked)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        change = LinkedFiles.change(event)
        if change is None or not self._linked or getattr(self._working, "is_set", False):
            return
        self._working.is_set = True
        try:
            for linked in self._linked:
                change(linked, *arguments)
        finally:
            self._working.is_set = False


_watch = _Watch()


def _path_of_database(database: Any) -> Any:
    """Return the path of a database that is opened so that it may be changed; None if it is only read."""
    text = os.fsdecode(database) if isinstance(database, (str, bytes, os.PathLike)) else ""
    if not text.startswith("file:"):
        return database
    uri = urlsplit(text)
    options = dict(parse_qsl(uri.query))
    is_read = options.get("mode") in {"ro", "memory"} or options.get("immutable", "0") not in {"0", "no", "off"}
    return None if is_read else unquote(uri.path)


def _words(arguments: Iterable[Any]) -> Iterator[str]:
    """Iterate over what may be a path in the parts of a command: each as a whole, and its words."""
    for each in arguments:
        if isinstance(each, (list, tuple)):
            yield from _words(each)
        elif isinstance(each, (str, bytes, os.PathLike)):
            text = os.fsdecode(each)
            for word in dict.fromkeys((text, *_BETWEEN_WORDS.split(text))):
                if "\0" not in word and all(len(part) <= _MOST_CHARS for part in word.split("/")):
                    yield word


def _absolute(path: str | bytes | os.PathLike[Any]) -> str:
    return os.path.abspath(os.fsdecode(path))  # noqa: PTH100  # `..` as it is written: links aren't followed


def _copy_here(link: Path) -> None:
    """Put a copy of a file in the place of the link to it; of a folder's files, links to each."""
    target = link.resolve()
    if target.is_dir():
        _links_here(link)
    elif target.is_file() and not _share_here(link):
        part = _beside(link)
        try:
            shutil.copy2(target, part)
            part.replace(link)
        finally:
            part.unlink(missing_ok=True)


def _copy_if_small(link: Path) -> None:
    if link.exists() and link.stat().st_size <= _MOST_COPIED_BYTES:
        _copy_here(link)


def _copy_database_here(link: Path) -> None:
    """Put a copy of an SQLite database in the place of the link to it, with its journals."""
    target = link.resolve()
    for each in _JOURNALS:
        journal = Path(f"{target}{each}")
        if journal.is_file() and not Path(f"{link}{each}").exists():
            shutil.copy2(journal, f"{link}{each}")
    _copy_here(link)


def _share_here(link: Path) -> bool:
    """Put a file that shares its content with the original in the place of the link, where the file system can."""
    try:
        import fcntl  # noqa: PLC0415  # Windows has none
    except ImportError:
        return False
    part, target = _beside(link), link.resolve()
    try:
        with target.open("rb") as original, part.open("xb") as shared:
            fcntl.ioctl(shared.fileno(), _CLONE, original.fileno())
        shutil.copystat(target, part)
        part.replace(link)
    except OSError:  # it can't, or the two are on different ones
        return False
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return True


def _beside(link: Path) -> Path:
    """Return where a copy is made: nobody finds half of one in the place of the link."""
    return link.with_name(f".{link.name[:200]}.{os.getpid()}-{threading.get_ident()}")


def _links_here(link: Path) -> None:
    """Put a folder of links in the place of a link to a folder."""
    target = link.resolve()
    if target.is_dir():
        link.unlink()
        link.mkdir()
        for each in target.iterdir():
            (link / each.name).symlink_to(each)


def _empty_here(link: Path) -> None:
    """Put an empty folder in the place of a link to a folder that is about to be removed."""
    link.unlink()
    link.mkdir()
