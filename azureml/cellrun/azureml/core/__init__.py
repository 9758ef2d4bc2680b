"""azureml.core: workspaces, experiments, runs, and what they are made of."""

from __future__ import annotations

import logging
from typing import Any

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.azureml.core": [
            "diagnostic_log",
            "get_run",
            "is_compute_target_prepared",
            "prepare_compute_target",
        ],
        "cellrun.azureml.lazy": ["VERSION"],
        "cellrun.azureml.core.compute": ["ComputeTarget"],
        "cellrun.azureml.core.container_registry": ["ContainerRegistry"],
        "cellrun.azureml.core.model": ["Model"],
        "cellrun.azureml.core.runconfig": ["RunConfiguration"],
        "cellrun.core": [
            "Dataset",
            "Datastore",
            "Environment",
            "Experiment",
            "Keyvault",
            "Run",
            "ScriptRun:Run",
            "ScriptRunConfig",
            "Workspace",
        ],
    },
)


def get_run(
    experiment: Any,
    run_id: str,
    rehydrate: bool = True,  # noqa: FBT001, FBT002  # Azure's signature
    clean_up: bool = True,  # noqa: FBT001, FBT002  # as above
) -> Any:
    """Return a run of an experiment by its id. Raises RunNotFoundError if there is none."""
    del rehydrate, clean_up
    return experiment.workspace.get_run(run_id)


def is_compute_target_prepared(experiment: Any, source_directory: Any = None, run_config: Any = None) -> bool:
    """Return whether a run can be submitted at once: it always can, what it needs is made on its way."""
    del experiment, source_directory, run_config
    return True


def prepare_compute_target(experiment: Any, source_directory: Any = None, run_config: Any = None) -> None:
    """Do nothing, as nothing is to be done before a run is submitted."""
    del experiment, source_directory, run_config


class diagnostic_log:  # noqa: N801  # Azure's name
    """Writes all that is logged by Python's logging into a file, while its block or until `stop_capture`."""

    def __init__(self, log_path: str, context: str | None = None) -> None:
        del context
        self._path = log_path
        self._handler: logging.Handler | None = None

    def start_capture(self) -> None:
        """Begin to write."""
        self._handler = logging.FileHandler(self._path)
        logging.getLogger().addHandler(self._handler)

    def stop_capture(self) -> None:
        """End it."""
        if self._handler is not None:
            logging.getLogger().removeHandler(self._handler)
            self._handler.close()
            self._handler = None

    def __enter__(self) -> diagnostic_log:  # noqa: PYI034  # Self is in typing since 3.11
        self.start_capture()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_capture()
