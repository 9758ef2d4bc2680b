"""A place in a datastore as the value of a parameter, and how a step comes to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cellrun.core.data.stores.data_reference import DataReference, ReferenceMode
from cellrun.core.errors import UserErrorException

if TYPE_CHECKING:
    from cellrun.core.data.stores.datastore import Datastore


class DataPath(DataReference):
    """A path of a datastore (Azure ML's name): what datasets are made of, and what a PipelineParameter may be."""

    def __init__(
        self, datastore: Datastore | None = None, path_on_datastore: str | None = None, name: str | None = None
    ) -> None:
        if datastore is None:
            raise UserErrorException("DataPath needs datastore=, as in DataPath(ws.get_default_datastore(), 'a/b')")
        super().__init__(datastore, name, path_on_datastore)

    @property
    def datastore_name(self) -> str:
        """The name of its datastore."""
        return self.datastore.name

    def create_data_reference(
        self, data_reference_name: str | None = None, datapath_compute_binding: DataPathComputeBinding | None = None
    ) -> DataReference:
        """Return a reference to it, for a script's arguments."""
        how = datapath_compute_binding or DataPathComputeBinding()
        name = data_reference_name or self.data_reference_name
        return DataReference(self.datastore, name, self.path_on_datastore, how.mode, how.path_on_compute, how.overwrite)

    def __repr__(self) -> str:
        return f"DataPath({self.datastore_name!r}, {self.path_on_datastore!r})"


class DataPathComputeBinding:
    """How a step comes to a DataPath (Azure ML's name): `mode` is "mount", "download" or "upload"."""

    def __init__(
        self,
        mode: ReferenceMode = "mount",
        path_on_compute: str | None = None,
        overwrite: bool = False,  # noqa: FBT001, FBT002  # Azure ML's signature
    ) -> None:
        self.mode: ReferenceMode = mode
        self.path_on_compute = path_on_compute
        self.overwrite = overwrite
