"""Which rank a process has in a training of several, by what its launcher told it.

Standard library only: what starts the processes shares it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

RANK = "CELLRUN_RUN_RANK"
"""What our own launcher tells each process that it starts; another run's processes aren't told (`own_run`)."""
# A program that a process of ours starts, torchrun or mpirun, tells its own: it stands before ours.
_OF_LAUNCHERS = (("RANK", "WORLD_SIZE"), ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"))


def own_rank(environ: Mapping[str, str] = os.environ) -> int | None:
    """Return the rank that our launcher, torchrun and its kin, or mpirun gave to this process; None if it has none.

    A rank alone, without how many there are, is a variable that somebody has set for a program of his own; a world of
    one has no ranks to tell apart. Slurm's number of a process (SLURM_PROCID) is none: every job there has it.
    """
    for rank, size in _OF_LAUNCHERS:
        if (found := _count(environ, rank)) is not None and max(1, found) < (_count(environ, size) or 0):
            return found
    return _count(environ, RANK)


def _count(environ: Mapping[str, str], variable: str) -> int | None:
    text = environ.get(variable, "")
    return int(text) if text.isascii() and text.isdecimal() else None
