"""How a run takes a dataset in: by which name, and as a path or as the dataset itself."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any, Protocol

from cellrun.core.errors import UserErrorException
from cellrun.core.run_data import DataPlaceholder, InputMode, RunInput, data_name


class ConsumedDataset(Protocol):
    """What a run needs to know of a dataset."""

    @property
    def id(self) -> str:
        """What tells it from others: of a registered one its name and version, else its definition's hash."""

    @property
    def name(self) -> str | None:
        """Its name if it is registered."""

    @property
    def version(self) -> int | None:
        """Its version if it is registered."""

    def to_json(self) -> Mapping[str, Any]:
        """Return its definition."""


class DatasetConsumptionConfig:
    """A dataset as an input of a run (Azure ML's name): what stands among the arguments of a config.

    name: how the run finds it, in `run.input_datasets` and as a variable of its environment.
    mode: "mount" or "download": the script gets a local path; "direct": the dataset's id, and the dataset itself in
        `run.input_datasets`.
    path_on_compute: where the path is to be; left out, wherever the target has it. A relative one begins in the job's
        folder.
    """

    def __init__(
        self, name: str, dataset: ConsumedDataset, mode: InputMode = "direct", path_on_compute: str | None = None
    ) -> None:
        self.name = data_name(name)
        self.dataset = dataset
        self.mode = mode
        self.path_on_compute = path_on_compute

    def as_mount(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        """Let the script get a local path, read in place where the store allows that; return this config."""
        return self._in_mode("mount", path_on_compute)

    def as_download(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        """Let the script get a local path to files that were brought before it started; return this config."""
        return self._in_mode("download", path_on_compute)

    def as_hdfs(self) -> DatasetConsumptionConfig:
        """Refuse: there is no Spark here."""
        raise UserErrorException(
            f"the input {self.name!r} can't be given as HDFS: cellrun has no Spark; use as_mount() or as_download()"
        )

    def _in_mode(self, mode: InputMode, path_on_compute: str | None) -> DatasetConsumptionConfig:
        if self._is_tabular:
            raise UserErrorException(
                f"the input {self.name!r} is a tabular dataset, which has rows and no folder; give it as it is and "
                f"read it in the script by Run.get_context().input_datasets[{self.name!r}].to_pandas_dataframe()"
            )
        self.mode, self.path_on_compute = mode, path_on_compute
        return self

    @property
    def _is_tabular(self) -> bool:
        return getattr(self.dataset, "kind", "file") == "tabular"

    def run_data(self) -> RunInput:
        """Return it as a run wants it."""
        return RunInput(
            name=self.name,
            dataset=self.dataset.to_json(),
            dataset_id=self.dataset.id,
            dataset_name=self.dataset.name,
            dataset_version=self.dataset.version,
            mode=self.mode,
            path_on_compute=None if self.path_on_compute is None else str(self.path_on_compute),
        )

    def __deepcopy__(self, memo: object) -> DatasetConsumptionConfig:
        """Return a copy for a config: what it is about stays the same."""
        return copy.copy(self)

    def argument(self) -> DataPlaceholder:
        """Return what stands in the arguments for it."""
        return DataPlaceholder(self.name)

    @property
    def arg_val(self) -> str:
        """What a record has in its place."""
        return str(self.argument())

    def __repr__(self) -> str:
        return f"DatasetConsumptionConfig({self.name!r}, {self.dataset!r}, {self.mode!r})"


def default_name(dataset: ConsumedDataset) -> str:
    """Return the name of an input whose user gave none: the dataset's own, else one made of its id."""
    given = re.sub(r"\W", "_", dataset.name or "", flags=re.ASCII)
    try:
        return data_name(given)
    except UserErrorException:
        return f"input_{re.sub(r'[^A-Za-z0-9]', '', dataset.id)[:8]}"
