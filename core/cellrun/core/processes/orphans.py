"""Adopts orphaned processes: a subreaper on Linux is the parent of what its descendants leave behind.

A supervisor takes them (`supervisor.py`): a daemon of its run may clear its environment, write over it or begin a
session of its own, but whose child it is it can't change. Standard library only: the supervisor runs it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from cellrun.core.processes import process_table

_SET_CHILD_SUBREAPER = 36  # linux/prctl.h

of_run = ""
"""The folder of the run whose orphans this process takes: set by its supervisor alone, whose children they are then."""
since = 0
"""When the first process of that run was started at the earliest, in clock ticks since boot; 0 where nobody knows."""


def become_subreaper() -> None:
    """Let this process be the parent of whatever its descendants leave behind, where the system does that."""
    import ctypes  # noqa: PLC0415  # a supervisor, which has done it when it comes here, isn't to wait for it

    with suppress(AttributeError, OSError):  # macOS
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants() -> set[int]:
    """Return the pids of all living processes that descend from this one; empty where that isn't told."""
    parents = {entry.pid: entry.parent for entry in process_table.processes()}
    found, new = set[int](), {os.getpid()}
    while new := {pid for pid, parent in parents.items() if parent in new} - found:
        found |= new
    return found


def reap(but: int) -> None:
    """Let go of the orphans that have ended; `but` is the pid of a child whose end somebody else asks for."""
    while of_run:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None or ended.si_pid == but:  # the others' turn comes when it has been asked
            return
        os.waitpid(ended.si_pid, 0)


def are_adopted_of(folder: Path) -> bool:
    """Whether this process's children may be orphans of a run."""
    return of_run == str(folder)


def children() -> set[int]:
    """Return the pids of this process's children at one moment, and maybe ended ones; empty where that isn't told."""
    try:
        return {int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}
    except OSError:  # a kernel that was built without it: a slower look, of which several are needed
        return {entry.pid for entry in process_table.processes() if entry.parent == os.getpid()}
