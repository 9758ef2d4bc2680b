"""Who puts captured values to use, and who frees those that nobody uses: never both at once.

The lock is on the workspace's list of changes, a file that is always there. It ends with the process that holds it.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from cellrun.core.layout import WorkspaceLayout

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
