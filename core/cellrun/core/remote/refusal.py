"""The answer to an order that isn't carried out: why, in words and by kind."""

from __future__ import annotations

import errno
import os
from typing import Any

from cellrun.core.disk.whole_files import NO_ROOM
from cellrun.core.errors import CellrunError
from cellrun.core.remote.messages import DISK_FULL, FOLDER, INCOMPLETE, ORDER

_OF_FOLDER = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ELOOP, errno.EISDIR, errno.ENOENT})


class BadOrderError(CellrunError):
    """An order that can't be right: a name that is no name, a path that leads out of the run."""


class IncompleteError(CellrunError):
    """A run that can't be started yet: `missing` are the files, and `lacks` the values, that haven't come."""

    def __init__(self, missing: list[str], lacks: list[str]) -> None:
        self.missing = missing
        self.lacks = lacks
        super().__init__(f"{len(missing)} files and {len(lacks)} values of the run haven't come")


def refusal(error: Exception) -> dict[str, Any]:
    """Return what is answered for an error: `error` in words, `kind`, and what else is known of it."""
    if isinstance(error, IncompleteError):
        return {"error": str(error), "kind": INCOMPLETE, "missing": error.missing, "lacks": error.lacks}
    if isinstance(error, BadOrderError):
        return {"error": str(error), "kind": ORDER}
    cause = error.__cause__
    if isinstance(error, CellrunError) and not isinstance(cause, OSError):
        return {"error": str(error), "kind": type(error).__name__}
    of_system = error if isinstance(error, OSError) else cause
    if isinstance(of_system, OSError):
        kind = DISK_FULL if of_system.errno in NO_ROOM else FOLDER if of_system.errno in _OF_FOLDER else "system"
        words = os.strerror(of_system.errno) if of_system.errno else str(of_system)
        return {"error": words, "kind": kind, "path": str(of_system.filename or "")}
    return {"error": f"{type(error).__name__}: {error}", "kind": "internal"}
