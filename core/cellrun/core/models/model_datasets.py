"""The datasets that a model names: kept by their ids and definitions, found again by either."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from cellrun.core.errors import DatasetError, UserErrorException, shown

if TYPE_CHECKING:
    from cellrun.core.data.datasets.abstract_dataset import AbstractDataset
    from cellrun.core.workspace import Workspace


def kept_datasets(given: Iterable[tuple[str, AbstractDataset]] | None) -> tuple[Mapping[str, Any], ...]:
    """Return pairs of a scenario ("training") and a dataset as a model keeps them. Raises UserErrorException."""
    try:
        pairs = [(str(scenario), dataset) for scenario, dataset in given or ()]
    except (TypeError, ValueError, DatasetError) as error:
        raise UserErrorException(
            f"datasets is a list of pairs, [(Dataset.Scenario.TRAINING, dataset)]; got {shown(given)}"
        ) from error
    return tuple(_kept(scenario, dataset) for scenario, dataset in pairs)


def kept_dataset(dataset: AbstractDataset | None) -> Mapping[str, Any] | None:
    """Return a dataset as a model keeps it, None for none. Raises UserErrorException for what is no dataset."""
    return None if dataset is None else _kept("", dataset)


def _kept(scenario: str, dataset: AbstractDataset) -> Mapping[str, Any]:
    if not (hasattr(dataset, "to_json") and hasattr(dataset, "id")):
        raise UserErrorException(f"a model's dataset is a FileDataset or a TabularDataset; got {shown(dataset)}")
    return {"scenario": scenario, "id": dataset.id, "definition": dict(dataset.to_json())}


def dataset_kept(kept: Mapping[str, Any] | None, workspace: Workspace) -> AbstractDataset | None:
    """Return the dataset: the registered one, or one as it was defined; None for none. Raises DatasetError."""
    if kept is None:
        return None
    from cellrun.core.data.datasets.dataset import Dataset, dataset_of  # noqa: PLC0415  # few models name one
    from cellrun.core.data.files.definition import DatasetDefinition  # noqa: PLC0415  # as above

    try:
        return Dataset.get_by_id(workspace, kept["id"])
    except DatasetError:  # it never was registered, or isn't any more
        return dataset_of(DatasetDefinition.from_json(kept["definition"]), workspace)
