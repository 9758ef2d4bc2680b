"""The files by which a run is known and controlled, read without trust in whoever put them there.

A run folder may be copied, shared or broken. What is in it is read here and nowhere else: no links, pipes or devices,
regular files up to a size, never waiting for another end; and what their JSON holds is of the types that it should be.
What doesn't fit is a DamagedRunError, which says what is wrong with which file.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import errno
import json
import math
import os
import stat
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from cellrun.core.errors import DamagedRunError

MOST_BYTES = 64_000_000
"""Longer than this no control file is: of what grows, the summary of 20,000 metrics has 25 MB."""

MOST_PARTS = 2_500_000
"""More lists, objects and commas its JSON hasn't: each may take 100 bytes of memory. 20,000 metrics have 1,300,000."""

UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, ArithmeticError, RecursionError)
"""What reading a damaged run may raise, DamagedRunError included: one such run must not hide the others."""

Check: TypeAlias = Callable[[Any], bool]
Shape: TypeAlias = Mapping[str, Check]

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
_TO_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_LARGEST_INT = 2**63
_LARGEST_PID = 2**31
_IN_THE_WAY = {
    errno.ELOOP: "is a link, or stands behind one",
    errno.ENOTDIR: "can't be there: a file is in the place of its folder",
    errno.ENXIO: "is a socket or a pipe, not a regular file",
}


def open_control_file(root: Path, path: Path) -> int:
    """Open a regular file below a run's folder, `root`, to read it; return its descriptor.

    Raises FileNotFoundError, DamagedRunError for what is no such file, and OSError for what can't be read at all.
    """
    *folders, name = _below(root, path)
    try:
        with folder_beneath(root, folders) as folder:
            fd = open_file(name, folder)
    except OSError as error:
        if error.errno in _IN_THE_WAY:
            raise damaged(root, path, _IN_THE_WAY[error.errno]) from error
        raise
    kind = stat.S_IFMT(os.fstat(fd).st_mode)
    if kind != stat.S_IFREG:
        os.close(fd)
        raise damaged(root, path, f"is {_KINDS.get(kind, 'something else')}, not a regular file")
    return fd


def read_control_file(root: Path, path: Path, most_bytes: int = MOST_BYTES) -> bytes:
    """Return what is in a control file. Raises as `open_control_file`, also for one that is too large."""
    with open(open_control_file(root, path), "rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most_bytes:
            raise damaged(root, path, f"has {size:,} bytes, more than the {most_bytes:,} that it may have")
        parts, left = [], most_bytes  # it may grow meanwhile: what is read has an end
        while left and (block := file.read(min(left, size + 1))):
            parts.append(block)
            left -= len(block)
    return b"".join(parts)


def open_to_append(root: Path, path: Path, mode: int = 0o600) -> int:
    """Open a regular file below a run's folder, made if needed, to write at its end; return its descriptor.

    Raises DamagedRunError for what is no such file, OSError.
    """
    *folders, name = _below(root, path)
    try:
        with folder_beneath(root, folders) as folder:
            fd = os.open(name, _TO_APPEND, mode, dir_fd=folder)
    except OSError as error:
        if error.errno in _IN_THE_WAY:  # of a pipe nobody reads, too
            raise damaged(root, path, _IN_THE_WAY[error.errno]) from error
        raise
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise damaged(root, path, "is not a regular file")
    return fd


def append(root: Path, path: Path, line: bytes) -> None:
    """Add a line to a control file, made if needed. Raises DamagedRunError for what is no such file, OSError."""
    fd = open_to_append(root, path, 0o666)
    try:
        if (written := os.write(fd, line)) < len(line):  # a full disk takes a part: the next line would join it
            os.ftruncate(fd, os.fstat(fd).st_size - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    finally:
        os.close(fd)


def read_object(
    root: Path, path: Path, shape: Shape | None = None, needed: Collection[str] | None = None
) -> dict[str, Any]:
    """Return the JSON object that a control file holds, of a shape if one is given: see `check`.

    Raises as `read_control_file`, also for what is no such.
    """
    data = parsed(root, path, read_control_file(root, path))
    check(root, path, data, shape or {}, needed)
    return data


def read_named(root: Path, path: Path, key: str, fits: Check) -> dict[str, Any]:
    """Return what a control file has under a key, by name; nothing where there is no such file, or none that fits."""
    with suppress(OSError, DamagedRunError):
        return dict(read_object(root, path, {key: is_mapping_of(fits)})[key])
    return {}


def parsed(root: Path, path: Path, text: bytes) -> dict[str, Any]:
    """Return the JSON object that a text is, or a line of it. Raises DamagedRunError."""
    try:
        check_parts(text)
        found, problem = json.loads(text), ""
    except (ValueError, RecursionError) as error:
        problem = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
    if problem:  # raised here, not there: error and frame, and with them the text, would keep one another
        raise damaged(root, path, f"is no JSON: {problem}")
    if not isinstance(found, dict):
        raise damaged(root, path, f"isn't a JSON object: it is a {type(found).__name__}")
    return found


def check_parts(text: bytes) -> None:
    """Raise ValueError for JSON that would fill the memory, and hold up all threads while it is read."""
    if len(text) > MOST_PARTS and sum(map(text.count, (b",", b"[", b"{"))) > MOST_PARTS:
        raise ValueError(f"it has more than {MOST_PARTS:,} values")


def check(root: Path, path: Path, data: Mapping[str, Any], shape: Shape, needed: Collection[str] | None = None) -> None:
    """Raise DamagedRunError unless the values of an object that a shape knows are as it says.

    `needed` are those that have to be there, all if not given. What the shape doesn't know may be anything.
    """
    missing = [key for key in (shape if needed is None else needed) if key not in data]
    if missing:
        raise damaged(root, path, f"has no {', '.join(missing)}")
    for key, fits in shape.items():
        if key in data and not fits(data[key]):
            raise damaged(root, path, f"has a {key} that can't be: {_cut(repr(data[key]))}")


def names_in(root: Path, folder: Path) -> list[str]:
    """Return the names of what is in a folder of a run's, [] if it isn't there. Raises DamagedRunError, OSError."""
    try:
        with folder_beneath(root, _below(root, folder)) as fd:
            return os.listdir(fd)  # noqa: PTH208  # an open folder has no path
    except FileNotFoundError:
        return []
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise damaged(root, folder, "is a link or a file, not a folder") from error
        raise


def damaged(root: Path, path: Path, problem: str) -> DamagedRunError:
    """Return the error for a run one of whose files can't be what it should be."""
    return DamagedRunError(root.name, "/".join(_below(root, path)), problem)


def _below(root: Path, path: Path) -> list[str]:
    """Return the parts of a path below a run's folder: a tenth of what pathlib takes, and lists ask it for each run."""
    return str(path)[len(str(root)) + 1 :].split(os.sep)  # noqa: PTH206  # see above


def is_text(value: Any) -> bool:
    """Whether a value is a text."""
    return isinstance(value, str)


def is_system_text(value: Any) -> bool:
    """Whether a value is a text that the system takes: as a path, a variable, an argument."""
    try:
        return isinstance(value, str) and b"\0" not in os.fsencode(value)
    except UnicodeEncodeError:  # half of a surrogate pair
        return False


def is_text_or_none(value: Any) -> bool:
    """Whether a value is a text or null."""
    return value is None or isinstance(value, str)


def is_number(value: Any) -> bool:
    """Whether a value is a number that a clock or a duration can be."""
    return type(value) in {int, float} and abs(value) < _LARGEST_INT and math.isfinite(value)


def is_number_or_none(value: Any) -> bool:
    """Whether a value is such a number or null."""
    return value is None or is_number(value)


def is_count(value: Any) -> bool:
    """Whether a value is a whole number from 0 on, as a database can hold it."""
    return type(value) is int and 0 <= value < _LARGEST_INT


def are_texts(value: Any) -> bool:
    """Whether a value is a list of texts."""
    return isinstance(value, list) and all(map(is_text, value))


def is_mapping_of(fits: Check) -> Check:
    """Return the check for an object whose values all fit."""
    return lambda value: isinstance(value, dict) and all(map(fits, value.values()))


def is_scalar(value: Any) -> bool:
    """Whether a value is null, a text, a boolean or a number."""
    return value is None or isinstance(value, (str, bool)) or is_number(value)


def is_process(value: Any) -> bool:
    """Whether a value is a process's identity."""
    return (
        isinstance(value, dict)
        and is_text(value.get("host"))
        and is_text(value.get("boot"))
        and is_count(value.get("pid"))
        and 0 < value["pid"] < _LARGEST_PID
        and is_count(value.get("started"))
    )


def is_process_or_none(value: Any) -> bool:
    """Whether a value is a process's identity, null or an empty object."""
    return value is None or value == {} or is_process(value)


def _cut(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


@contextmanager
def folder_beneath(root: Path, parts: Sequence[str] = (), *, makes: bool = False) -> Iterator[int]:
    """Open a folder below another one, part by part; one that `makes` makes what of them isn't there.

    Raises OSError: ELOOP for a link, the root included.
    """
    fd = os.open(root, _FOLDER)
    try:
        for part in parts:
            if makes:
                with suppress(FileExistsError):
                    os.mkdir(part, dir_fd=fd)
            child = open_folder(part, fd)
            os.close(fd)
            fd = child
        yield fd
    finally:
        os.close(fd)


def open_folder(name: str, parent: int) -> int:
    """Open a folder in an open one. Raises OSError: ELOOP for a link."""
    try:
        return os.open(name, _FOLDER, dir_fd=parent)
    except NotADirectoryError:
        if stat.S_ISLNK(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), name) from None
        raise


def open_file(name: str, parent: int) -> int:
    """Open something in an open folder to read it, without waiting for the other end of a pipe.

    Raises OSError: ELOOP for a link. Whether it is a file is for the caller to look at.
    """
    return os.open(name, _FILE, dir_fd=parent)


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file, also through links, without waiting for another end. Raises OSError for anything else."""
    fd = os.open(path, _FILE & ~os.O_NOFOLLOW)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return os.fdopen(fd, "rb")
