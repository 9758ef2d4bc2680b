"""The run that this process is part of, by its environment: told to a job, and asked there.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from cellrun.core.layout import RunLayout

RUN_FOLDER = "CELLRUN_RUN_FOLDER"
RUN_ID = "CELLRUN_RUN_ID"


def own_run(environ: Mapping[str, str] = os.environ) -> RunLayout | None:
    """Return the folder of the submitted run that this process, or one of another environment, is part of; or None."""
    folder = environ.get(RUN_FOLDER)
    return RunLayout(folder) if folder else None


def is_own_run(layout: RunLayout) -> bool:
    """Whether this process is part of a run."""
    own = own_run()
    return own is not None and own.folder == layout.folder


def run_variables(layout: RunLayout) -> dict[str, str]:
    """Return the variables by which a run's processes know it, and are known."""
    return {RUN_FOLDER: str(layout.folder), RUN_ID: layout.run_id, "AZUREML_RUN_ID": layout.run_id}


def is_set_by_cellrun(variable: str) -> bool:
    """Whether nobody else may set a variable: a run's processes are known by it."""
    return variable == "AZUREML_RUN_ID" or variable.startswith("CELLRUN_RUN_")


def is_of_a_run(variable: str) -> bool:
    """Whether a variable is one that a run tells its own processes: another run's aren't to hear it."""
    return variable in _OF_AZURE or is_set_by_cellrun(variable)


_OF_AZURE = frozenset({"AZUREML_ARM_PROJECT_NAME", "AZUREML_ARM_WORKSPACE_NAME"})
