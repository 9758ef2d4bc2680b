"""Data from one step to another: known by who makes it, found where that one's run has put it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cellrun.core.data.files.definition import FILE
from cellrun.core.data.in_run.output import OutputIdentity
from cellrun.core.run_data import DataPlaceholder, InputMode, RunInput, RunOutput

if TYPE_CHECKING:
    from typing import TypeAlias

Definition: TypeAlias = "Callable[[str, str], Mapping[str, Any]]"

_NOT_YET = "(what the step before makes)"


def place(store: str, path: str) -> dict[str, Any]:
    """Return the definition of whatever is at a path of a datastore."""
    return {"kind": FILE, "paths": [{"datastore": store, "path": path}]}


@dataclass(frozen=True)
class EdgeInput:
    """What one step makes, as an input of another."""

    name: str
    identity: OutputIdentity
    output_name: str
    """What the step that makes it calls it."""
    mode: InputMode = "mount"
    path_on_compute: str | None = None
    definition: Definition = field(default=place, compare=False)
    """Gives its definition once it is known in which store it is, and where there."""
    is_dataset: bool = False
    """Whether it is a dataset for the step, and no mere place."""

    def run_data(self) -> RunInput:
        """Return it as a step wants it, before anybody knows where it will be: see `found`."""
        return RunInput(
            self.name,
            self.definition("", _NOT_YET),
            mode=self.mode,
            path_on_compute=self.path_on_compute,
        )

    def argument(self) -> DataPlaceholder:
        """Return what stands in the arguments for it."""
        return DataPlaceholder(self.name)


def found(wanted: RunInput, output: RunOutput, store: str, run_id: str, *, is_dataset: bool) -> RunInput:
    """Return a step's input, now that the run is known that has made it."""
    (unknown,) = wanted.dataset["paths"]
    path = unknown["path"].replace(_NOT_YET, output.path_of(run_id))
    dataset = {**wanted.dataset, "paths": [{"datastore": store, "path": path}]}
    if not is_dataset:
        return replace(wanted, dataset=dataset)
    from cellrun.core.data.datasets.abstract_dataset import AbstractDataset  # noqa: PLC0415  # for datasets alone
    from cellrun.core.data.files.definition import DatasetDefinition  # noqa: PLC0415  # as above

    return replace(wanted, dataset=dataset, dataset_id=AbstractDataset(DatasetDefinition.from_json(dataset)).id)
