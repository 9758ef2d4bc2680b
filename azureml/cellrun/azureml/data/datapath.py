"""azureml.data.datapath: a path of a datastore, and how a run is given it."""

from __future__ import annotations

from cellrun.core import DataReference, Datastore
from cellrun.core.data.stores.data_reference import ReferenceMode


class DataPath(DataReference):
    """A path of a datastore: what datasets are made of, and what a pipeline may take as a parameter."""

    def __init__(self, datastore: Datastore, path_on_datastore: str | None = None, name: str | None = None) -> None:
        super().__init__(datastore, name, path_on_datastore)

    def create_data_reference(
        self, data_reference_name: str | None = None, datapath_compute_binding: DataPathComputeBinding | None = None
    ) -> DataReference:
        """Return a reference to it, for a script's arguments."""
        bound = datapath_compute_binding or DataPathComputeBinding()
        name = data_reference_name or self.data_reference_name
        return DataReference(
            self.datastore, name, self.path_on_datastore, bound.mode, bound.path_on_compute, bound.overwrite
        )


class DataPathComputeBinding:
    """How a run is given a path of a datastore: as a mount or a download, and where."""

    def __init__(
        self,
        mode: ReferenceMode = "mount",
        path_on_compute: str | None = None,
        overwrite: bool = False,  # noqa: FBT001, FBT002  # Azure's signature
    ) -> None:
        self.mode: ReferenceMode = mode
        self.path_on_compute = path_on_compute
        self.overwrite = overwrite
