"""azureml.core: workspaces, experiments, runs, and what they are made of."""

from typing import Any

from cellrun.azureml.lazy import lazily

VERSION = "1.61.0"
"""Of the old SDK: the one whose names and behaviours these are."""
__version__ = VERSION

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.azureml.core": ["VERSION", "get_run"],
        "cellrun.core": [
            "Dataset",
            "Datastore",
            "Environment",
            "Experiment",
            "Keyvault",
            "Run",
            "ScriptRunConfig",
            "Workspace",
        ],
        "cellrun.azureml.core.compute": ["ComputeTarget"],
        "cellrun.azureml.core.model": ["Model"],
        "cellrun.azureml.core.runconfig": ["RunConfiguration"],
    },
)


def get_run(experiment: Any, run_id: str, rehydrate: bool = True, clean_up: bool = True) -> Any:  # noqa: FBT001, FBT002  # its signature
    """Return a run of an experiment by its id. Raises RunNotFoundError if there is none."""
    del rehydrate, clean_up
    return experiment.workspace.get_run(run_id)
