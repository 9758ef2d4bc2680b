"""The run model of cellrun: workspaces, experiments, runs.

Every name is loaded when it is first used (PEP 562), so that a job which only logs doesn't pay for the rest.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from cellrun.core.old_names_hint import hint

if TYPE_CHECKING:
    from cellrun.core.comparison.comparison import compare
    from cellrun.core.current_run import current_run as current_run  # for Run.get_context, which is below it
    from cellrun.core.data.datasets.consumption import DatasetConsumptionConfig
    from cellrun.core.data.datasets.dataset import Dataset
    from cellrun.core.data.datasets.file_dataset import FileDataset
    from cellrun.core.data.datasets.tabular_dataset import TabularDataset
    from cellrun.core.data.in_run.output import OutputFileDatasetConfig
    from cellrun.core.data.stores.data_reference import DataReference
    from cellrun.core.data.stores.datastore import Datastore
    from cellrun.core.data.stores.keyvault import Keyvault
    from cellrun.core.data.tables.data_type import DataType
    from cellrun.core.data.tables.headers import PromoteHeadersBehavior
    from cellrun.core.environments.conda_dependencies import CondaDependencies
    from cellrun.core.environments.environment import Environment
    from cellrun.core.errors import (
        ActivityFailedException,
        CellrunError,
        ComputeTargetException,
        ContextException,
        DamagedRunError,
        DatasetError,
        DatastoreError,
        EventNotKeptError,
        ExperimentExecutionException,
        InvalidMetricError,
        InvalidNameError,
        InvalidSubmissionError,
        KeyvaultError,
        ModelNotFoundException,
        ModelPathNotFoundException,
        NotSupportedError,
        PortalError,
        ResultError,
        RunClosedError,
        RunEnvironmentException,
        RunNotFoundError,
        SnapshotException,
        UntrustedError,
        UserErrorException,
        WebserviceException,
        WorkspaceException,
    )
    from cellrun.core.experiment import Experiment
    from cellrun.core.models.model import Model
    from cellrun.core.runs.run import Run
    from cellrun.core.store.status import Status
    from cellrun.core.submission.configuration.parts import (
        MpiConfiguration,
        PyTorchConfiguration,
        TensorflowConfiguration,
    )
    from cellrun.core.submission.configuration.run_configuration import RunConfiguration
    from cellrun.core.submission.script_run_config import ScriptRunConfig
    from cellrun.core.targets.contract import ComputeTarget
    from cellrun.core.targets.local.cluster import AmlCompute
    from cellrun.core.workspace import Workspace

if os.name == "nt":
    raise ImportError("cellrun needs Linux or macOS; on Windows, run Jupyter inside WSL")

__version__ = "0.1.0"
"""As in labextension/package.json. Written here, as a run's copy of this package has no metadata."""

__all__ = [
    "ActivityFailedException",
    "AmlCompute",
    "CellrunError",
    "ComputeTarget",
    "ComputeTargetException",
    "CondaDependencies",
    "ContextException",
    "DamagedRunError",
    "DataReference",
    "DataType",
    "Dataset",
    "DatasetConsumptionConfig",
    "DatasetError",
    "Datastore",
    "DatastoreError",
    "Environment",
    "EventNotKeptError",
    "Experiment",
    "ExperimentExecutionException",
    "FileDataset",
    "InvalidMetricError",
    "InvalidNameError",
    "InvalidSubmissionError",
    "Keyvault",
    "KeyvaultError",
    "Model",
    "ModelNotFoundException",
    "ModelPathNotFoundException",
    "MpiConfiguration",
    "NotSupportedError",
    "OutputFileDatasetConfig",
    "PortalError",
    "PromoteHeadersBehavior",
    "PyTorchConfiguration",
    "ResultError",
    "Run",
    "RunClosedError",
    "RunConfiguration",
    "RunEnvironmentException",
    "RunNotFoundError",
    "ScriptRunConfig",
    "SnapshotException",
    "Status",
    "TabularDataset",
    "TensorflowConfiguration",
    "UntrustedError",
    "UserErrorException",
    "WebserviceException",
    "Workspace",
    "WorkspaceException",
    "compare",
]

_MODULES = {
    "CondaDependencies": "environments.conda_dependencies",
    "DataReference": "data.stores.data_reference",
    "DataType": "data.tables.data_type",
    "Dataset": "data.datasets.dataset",
    "DatasetConsumptionConfig": "data.datasets.consumption",
    "Datastore": "data.stores.datastore",
    "Environment": "environments.environment",
    "Experiment": "experiment",
    "FileDataset": "data.datasets.file_dataset",
    "Keyvault": "data.stores.keyvault",
    "Model": "models.model",
    "OutputFileDatasetConfig": "data.in_run.output",
    "PromoteHeadersBehavior": "data.tables.headers",
    "Run": "runs.run",
    "RunConfiguration": "submission.configuration.run_configuration",
    "ScriptRunConfig": "submission.script_run_config",
    "Status": "store.status",
    "TabularDataset": "data.datasets.tabular_dataset",
    "Workspace": "workspace",
    **dict.fromkeys(
        ("MpiConfiguration", "PyTorchConfiguration", "TensorflowConfiguration"), "submission.configuration.parts"
    ),
    "AmlCompute": "targets.local.cluster",
    "ComputeTarget": "targets.contract",
    "compare": "comparison.comparison",
    "current_run": "current_run",
}
"""Where each name is; the others are errors."""

hint()


def __getattr__(name: str) -> Any:
    if name not in __all__ and name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES.get(name, 'errors')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
