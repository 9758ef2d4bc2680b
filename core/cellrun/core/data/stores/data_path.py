"""A path of a datastore, as Azure ML's pipelines are given one, and how a run is to find it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cellrun.core.data.stores.data_reference import DataReference, ReferenceMode
from cellrun.core.errors import UserErrorException, shown
from cellrun.core.run_data import data_name

if TYPE_CHECKING:
    from cellrun.core.data.stores.datastore import Datastore


class DataPathComputeBinding:
    """How a run finds a DataPath (Azure ML's name): mounted, downloaded, or as a folder that is uploaded."""

    def __init__(
        self,
        mode: ReferenceMode = "mount",
        path_on_compute: str | None = None,
        overwrite: bool = False,  # noqa: FBT001, FBT002  # Azure ML's signature
    ) -> None:
        if mode not in {"mount", "download", "upload"}:
            raise UserErrorException(f"mode={shown(mode)} of a data path: give 'mount', 'download' or 'upload'")
        self.mode: ReferenceMode = mode
        self.path_on_compute = path_on_compute
        self.overwrite = overwrite

    def create_data_reference(self, data_reference_name: str, datapath: DataPath) -> DataReference:
        """Return a path of a datastore as a run finds it by this name."""
        return datapath.create_data_reference(data_reference_name, self)


class DataPath:
    """A path of a datastore, which isn't yet said how a run finds it (Azure ML's name)."""

    def __init__(
        self, datastore: Datastore | None = None, path_on_datastore: str | None = None, name: str | None = None
    ) -> None:
        if datastore is not None and not hasattr(datastore, "datastore_type"):
            raise UserErrorException(f"datastore={shown(datastore)} of a data path: give a Datastore")
        self.datastore = datastore
        self.path_on_datastore = path_on_datastore
        self.name = name

    @property
    def datastore_name(self) -> str | None:
        """The datastore's name."""
        return None if self.datastore is None else self.datastore.name

    def create_data_reference(
        self, data_reference_name: str | None = None, datapath_compute_binding: DataPathComputeBinding | None = None
    ) -> DataReference:
        """Return it as a run finds it, by a name; mounted if that isn't said. Raises UserErrorException without one."""
        if self.datastore is None:
            raise UserErrorException("a data path without a datastore is no place: DataPath(datastore, 'path')")
        binding = datapath_compute_binding or DataPathComputeBinding()
        name = data_reference_name or self.name
        return DataReference(
            self.datastore,
            None if name is None else data_name(name),
            self.path_on_datastore,
            binding.mode,
            binding.path_on_compute,
            binding.overwrite,
        )

    def __repr__(self) -> str:
        return f"DataPath({self.datastore_name!r}, {self.path_on_datastore!r})"
