"""The workspace's list of runs that changed: where the index reads on from.

Standard library only: the supervisor shares it. It only says where to look; the run folders are the truth.
"""

from __future__ import annotations

import os
from contextlib import suppress

from cellrun.core.disk.control_file import MOST_BYTES, open_control_file
from cellrun.core.errors import DamagedRunError
from cellrun.core.layout import RunLayout, WorkspaceLayout


def note_change(layout: RunLayout) -> None:
    """Append a run's id to its workspace's list; nothing to do for a folder that was copied out of its workspace."""
    if layout.run_id.startswith("."):  # still being built: it gets its id and its place at once
        return
    with suppress(OSError):  # full disk, read-only share: the index looks at runs that haven't ended anyway
        fd = os.open(layout.workspace.changes, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            os.write(fd, f"{layout.run_id}\n".encode())
        finally:
            os.close(fd)


def read_changes(workspace: WorkspaceLayout, offset: int) -> tuple[set[str], int]:
    """Return the ids appended since an offset, and the offset to read on from (from the start if the list shrank)."""
    try:
        with os.fdopen(open_control_file(workspace.folder, workspace.changes), "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(offset if offset <= size else 0)
            start = file.tell()
            block = file.read(MOST_BYTES)  # what is beyond is read at the next look
    except (FileNotFoundError, DamagedRunError):
        return set(), 0
    whole = block.rfind(b"\n") + 1
    return {line.decode("ascii", "replace") for line in block[:whole].split(b"\n") if line}, start + whole


def end_of_changes(workspace: WorkspaceLayout) -> int:
    """Return the offset from which `read_changes` tells only what is noted from now on."""
    try:
        return workspace.changes.stat().st_size
    except FileNotFoundError:
        return 0
