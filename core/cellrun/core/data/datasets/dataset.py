"""The way to datasets: made of files, or found by name."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from cellrun.core.data.datasets.file_dataset import FileDataset
from cellrun.core.data.datasets.file_dataset_factory import FileDatasetFactory
from cellrun.core.data.datasets.legacy_verbs import FirstVerbs
from cellrun.core.data.datasets.registered_datasets import LATEST, DatasetVersion, RegisteredDatasets
from cellrun.core.data.datasets.tabular_dataset import TabularDataset
from cellrun.core.data.datasets.tabular_dataset_factory import TabularDatasetFactory
from cellrun.core.data.files.definition import FILE, DatasetDefinition
from cellrun.core.errors import DatasetError

if TYPE_CHECKING:
    from cellrun.core.workspace import Workspace


class Scenario:
    """What a model's dataset was for (Azure ML's words)."""

    TRAINING = "training"
    VALIDATION = "validation"
    INFERENCE = "inference"
    MODELDATA = "model-data"


class Dataset(FirstVerbs):
    """Makes datasets of files (`Dataset.File`, `Dataset.Tabular`), and finds those that are registered."""

    File = FileDatasetFactory
    Tabular = TabularDatasetFactory
    Scenario = Scenario

    @staticmethod
    def get_by_name(workspace: Workspace, name: str, version: int | str = LATEST) -> FileDataset | TabularDataset:
        """Return a registered dataset, its latest version if none is given. Raises DatasetError if it isn't there."""
        return _of_registration(RegisteredDatasets(workspace.layout).get(name, version), workspace)

    @staticmethod
    def get_by_id(workspace: Workspace, id: str) -> FileDataset | TabularDataset:  # noqa: A002  # Azure ML's name
        """Return a registered dataset by its id. Raises DatasetError if there is none."""
        return _of_registration(RegisteredDatasets(workspace.layout).get_by_id(id), workspace)

    @staticmethod
    def get_all(workspace: Workspace) -> dict[str, FileDataset | TabularDataset]:
        """Return all registered datasets by name, of each the latest version.

        One that can't be read is left out with a warning that says why.
        """
        known = RegisteredDatasets(workspace.layout)
        found = {}
        for name in known.names():
            try:
                found[name] = _of_registration(known.get(name), workspace)
            except DatasetError as error:
                warnings.warn(str(error), stacklevel=2)
        return found

    @staticmethod
    def get(workspace: Workspace, name: str | None = None, id: str | None = None) -> FileDataset | TabularDataset:  # noqa: A002  # Azure ML's name
        """Return a registered dataset by its name, or its id. Raises DatasetError if there is none."""
        return Dataset.get_by_id(workspace, id) if id is not None else Dataset.get_by_name(workspace, str(name))

    @staticmethod
    def list(workspace: Workspace) -> list[FileDataset | TabularDataset]:
        """Return all registered datasets, of each the latest version."""
        return [*Dataset.get_all(workspace).values()]


def dataset_of(
    definition: DatasetDefinition, workspace: Workspace | None, registration: DatasetVersion | None = None
) -> FileDataset | TabularDataset:
    """Return the dataset of a definition, of the kind that it is."""
    kind: type[FileDataset | TabularDataset] = FileDataset if definition.kind == FILE else TabularDataset
    return kind(definition, workspace, registration)


def _of_registration(registration: DatasetVersion, workspace: Workspace) -> FileDataset | TabularDataset:
    return dataset_of(registration.definition, workspace, registration)
