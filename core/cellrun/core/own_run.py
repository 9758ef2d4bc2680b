"""The run that this process is part of, by its environment: told to a job, and asked there.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from cellrun.core.layout import RunLayout

RUN_FOLDER = "CELLRUN_RUN_FOLDER"
RUN_ID = "CELLRUN_RUN_ID"
ATTEMPT = "CELLRUN_RUN_ATTEMPT"
REFERENCE = "AZUREML_DATAREFERENCE_"
"""How the variable begins that has the path of an input or output, before its name."""
INPUT_NAMES = "AZUREML_DATASET_ENVIRONMENT_VARS"
"""`train:mount,rows:direct`."""
OUTPUT_NAMES = "AZUREML_DATASET_FILE_OUTPUTS"
"""`model;figures`."""
_OPEN_RUN = "CELLRUN_RUN_OPEN"
_told_by_parent = os.environ.get(_OPEN_RUN)


def own_run(environ: Mapping[str, str] = os.environ) -> RunLayout | None:
    """Return the folder of the submitted run that this process, or one of another environment, is part of; or None."""
    folder = environ.get(RUN_FOLDER)
    return RunLayout(folder) if folder else None


def parents_run() -> RunLayout | None:
    """Return the folder of the interactive run that a parent of this process had open when it started it; or None."""
    owner, _, folder = os.environ.get(_OPEN_RUN, "").partition(":")
    return RunLayout(folder) if folder and owner != str(os.getpid()) else None


def own_attempt(environ: Mapping[str, str] = os.environ) -> int:
    """Return how often an engine had started this process's run before: 0 in its first attempt."""
    told = environ.get(ATTEMPT, "")
    return max(0, int(told) - 1) if told.isascii() and told.isdecimal() else 0


def is_own_run(layout: RunLayout) -> bool:
    """Whether this process is part of a submitted run."""
    return _is(own_run(), layout)


def is_parents_run(layout: RunLayout) -> bool:
    """Whether a run is the interactive one that this process was started in."""
    return _is(parents_run(), layout)


def _is(run: RunLayout | None, layout: RunLayout) -> bool:
    return run is not None and run.is_same(layout)


def tell_children(layout: RunLayout | None) -> None:
    """Let the processes that this one starts be part of an interactive run that it has open, or of its parent's."""
    told = f"{os.getpid()}:{layout.folder}" if layout else _told_by_parent
    if told is None:
        os.environ.pop(_OPEN_RUN, None)
    else:
        os.environ[_OPEN_RUN] = told


def run_variables(layout: RunLayout) -> dict[str, str]:
    """Return the variables by which a run's processes know it, and are known."""
    return {RUN_FOLDER: str(layout.folder), RUN_ID: layout.run_id, "AZUREML_RUN_ID": layout.run_id}


def is_set_by_cellrun(variable: str) -> bool:
    """Whether nobody else may set a variable: a run's processes are known by it."""
    return variable == "AZUREML_RUN_ID" or variable.startswith("CELLRUN_RUN_")


def is_of_a_run(variable: str) -> bool:
    """Whether a variable is one that a run tells its own processes: another run's aren't to hear it."""
    return variable in _OF_AZURE or variable.startswith(REFERENCE) or is_set_by_cellrun(variable)


_OF_AZURE = frozenset({"AZUREML_ARM_PROJECT_NAME", "AZUREML_ARM_WORKSPACE_NAME", INPUT_NAMES, OUTPUT_NAMES})


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
