"""Who puts captured values to use, and who frees those that nobody uses: never both at once.

The lock is on the workspace's list of changes, a file that is always there. It ends with the process that holds it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from cellrun.core.store.layout import WorkspaceLayout


@contextmanager
def using_values(workspace: WorkspaceLayout) -> Iterator[None]:
    """Let a run be made in this block: the values that it finds or writes stay until it is there to refer to them."""
    with _locked(workspace, fcntl.LOCK_SH):  # without locks nobody frees values either
        yield


@contextmanager
def freeing_values(workspace: WorkspaceLayout) -> Iterator[bool]:
    """Let values be freed in this block if it gets True: nobody is making a run, and nobody begins to."""
    with _locked(workspace, fcntl.LOCK_EX | fcntl.LOCK_NB) as is_locked:
        yield is_locked


@contextmanager
def _locked(workspace: WorkspaceLayout, how: int) -> Iterator[bool]:
    fd = os.open(workspace.changes, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, how)
        except OSError:  # held by others, or a file system without locks
            yield False
        else:
            yield True
    finally:
        os.close(fd)
