"""The workspace's list of runs that changed: where the index reads on from, and who uses or frees captured values.

It only says where to look; the run folders are the truth. It is always there, so the lock by which nobody frees values
while a run is being made is on it; that ends with the process that holds it. Standard library only: the supervisor
shares it.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

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


PATIENCE_S = 5.0
"""So long a submission is waited for: values that aren't freed with their last run wait for the next submission."""
_LOOK_S = 0.02


@contextmanager
def using_values(workspace: WorkspaceLayout) -> Iterator[None]:
    """Let a run be made in this block: the values that it finds or writes stay until it is there to refer to them."""
    with _list_of_changes(workspace) as fd:
        _lock(fd, fcntl.LOCK_SH)  # without locks nobody frees values either
        yield


@contextmanager
def freeing_values(workspace: WorkspaceLayout, patience_s: float | None = None) -> Iterator[bool]:
    """Let values be freed in this block if it gets True: nobody is making a run, and nobody begins to.

    Else it is noted that values may be left which no run names.
    """
    if are_linked(workspace):
        yield False
        return
    until = time.monotonic() + (PATIENCE_S if patience_s is None else patience_s)
    with _list_of_changes(workspace) as fd:
        while (is_locked := _lock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)) is None and time.monotonic() < until:
            time.sleep(_LOOK_S)
        if not is_locked:
            note_orphans(workspace)
        yield bool(is_locked)


def are_linked(workspace: WorkspaceLayout) -> bool:
    """Return whether runs or values stand behind a link: they may be another workspace's, whose runs nobody asks."""
    return workspace.values.is_symlink() or workspace.runs.is_symlink()


def note_orphans(workspace: WorkspaceLayout) -> None:
    """Note that values may be there which no run names: somebody was killed, or could not free them."""
    with suppress(OSError):  # no values, a full or read-only disk
        workspace.orphans.touch(mode=0o600)


@contextmanager
def _list_of_changes(workspace: WorkspaceLayout) -> Iterator[int]:
    fd = os.open(workspace.changes, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        yield fd
    finally:
        os.close(fd)


def _lock(fd: int, how: int) -> bool | None:
    """Lock a file; None while others hold it, False where there are no locks."""
    try:
        fcntl.flock(fd, how)
    except BlockingIOError:
        return None
    except OSError:
        return False
    return True
