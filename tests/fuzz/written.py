"""What this process writes, wherever that is: told by the interpreter itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis.configuration import storage_directory

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_PATHS = {
    "os.mkdir": (0,),
    "os.rename": (0, 1),
    "os.link": (1,),
    "os.symlink": (1,),
    "os.remove": (0,),
    "os.rmdir": (0,),
    "os.truncate": (0,),
    "os.chmod": (0,),
    "os.utime": (0,),
}
"""Which arguments of an audit event are paths that are changed."""
_active: list[set[str]] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _active:
        return
    if event == "open":
        path, _, flags = arguments
        paths = [path] if isinstance(flags, int) and flags & _WRITING else []
    elif event == "sqlite3.connect":
        paths = [str(arguments[0]).removeprefix("file:").partition("?")[0]]
    else:
        paths = [arguments[number] for number in _PATHS.get(event, ())]
    for path in paths:
        if isinstance(path, (str, bytes, os.PathLike)):
            _active[-1].add(os.fsdecode(path))


sys.addaudithook(_hook)


@contextmanager
def nothing_written_outside(*allowed: Path) -> Iterator[None]:
    """Fail if this block changes a file that is below none of some folders.

    A path that is relative is one below an open folder, or below the current one, which is to be among them.
    """
    _active.append(written := set())
    try:
        yield
    finally:
        _active.pop()
    of_hypothesis = storage_directory()  # a path, or what has one: as its version is
    inside = [*map(str, allowed), "/dev", "/proc", str(getattr(of_hypothesis, "path", of_hypothesis))]
    written = {path for path in written if "__pycache__" not in path}  # Python's own, of what is imported on the way
    absolute = {os.path.normpath(path) for path in written if path.startswith("/")}
    climbing = {path for path in written if not path.startswith("/") and os.path.normpath(path).startswith("..")}
    outside = {path for path in absolute if not any(path == each or path.startswith(f"{each}/") for each in inside)}
    assert not outside | climbing, f"written outside: {sorted(outside | climbing)}"
