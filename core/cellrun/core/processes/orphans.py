"""Processes whose parent has ended: on Linux they become children of the nearest one that takes orphans.

A supervisor takes them (`supervisor.py`): a daemon of its run may clear its environment, write over it or begin a
session of its own, but whose child it is it can't change. Standard library only: the supervisor runs it.
"""

from __future__ import annotations

import os
from pathlib import Path

of_run = ""
"""The folder of the run whose orphans this process takes: set by its supervisor alone, whose children they are then."""


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


def are_taken_of(folder: Path) -> bool:
    """Whether this process's children may be orphans of a run."""
    return of_run == str(folder)


def children() -> set[int]:
    """Return the pids of this process's children at one moment, ended ones too; empty where that isn't told."""
    try:
        return {int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}
    except OSError:  # a kernel that was built without it
        return set()
