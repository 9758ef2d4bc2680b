"""Whose a folder is: what others can write to isn't trusted."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cellrun.core.errors import WorkspaceException

_WRITABLE_BY_OTHERS = 0o022


def refuse_foreign(folder: Path, found: os.stat_result, variable: str = "CELLRUN_HOME") -> None:
    """Raise WorkspaceException if it isn't a folder of this user, or others can write to it.

    `variable` is what names another place.
    """
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise WorkspaceException(
            f"{folder} is not a folder of this user (uid {os.geteuid()}, it belongs to {found.st_uid}); "
            f"set {variable} to one that is"
        )
    if found.st_mode & _WRITABLE_BY_OTHERS:
        mode = stat.S_IMODE(found.st_mode)
        raise WorkspaceException(f"{folder} is writable by others (mode {mode:o}); run: chmod go-w '{folder}'")
