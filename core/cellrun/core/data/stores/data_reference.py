"""A path of a datastore as a variable of the job (Azure ML's older way to data)."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from cellrun.core.errors import UserErrorException, shown
from cellrun.core.identity import REFERENCE
from cellrun.core.run_data import RunInput, RunOutput, data_name

if TYPE_CHECKING:
    from cellrun.core.data.stores.data_path import DataPath, DataPathComputeBinding
    from cellrun.core.data.stores.datastore import Datastore

ReferenceMode = Literal["mount", "download", "upload"]


class DataReference:
    """A path of a datastore, whose text is a variable that becomes a local path in the job (Azure ML's name).

    Made by `datastore.path(path)`. mode: "mount" and "download" give the script what is there, "upload" a folder whose
    content is brought there at the end.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        self,
        datastore: Datastore,
        data_reference_name: str | None = None,
        path_on_datastore: str | None = None,
        mode: ReferenceMode = "mount",
        path_on_compute: str | None = None,
        overwrite: bool = False,  # noqa: FBT001, FBT002  # Azure ML's signature
    ) -> None:
        if mode not in ("mount", "download", "upload"):
            raise UserErrorException(f"mode={shown(mode)} of a data reference: give 'mount', 'download' or 'upload'")
        self.datastore = datastore
        self.data_reference_name = data_name(data_reference_name or re.sub(r"\W", "_", datastore.name, flags=re.ASCII))
        self.path_on_datastore = path_on_datastore
        self.mode: ReferenceMode = mode
        self.path_on_compute = path_on_compute
        self.overwrite = overwrite

    @staticmethod
    def create(
        data_reference_name: str | None = None,
        datapath: DataPath | None = None,
        datapath_compute_binding: DataPathComputeBinding | None = None,
    ) -> DataReference:
        """Return a DataPath as a run finds it by a name: `datapath.create_data_reference(…)`."""
        if datapath is None or not hasattr(datapath, "create_data_reference"):
            raise UserErrorException(f"datapath={shown(datapath)}: give a DataPath, DataPath(datastore, 'path')")
        return datapath.create_data_reference(data_reference_name, datapath_compute_binding)

    def path(self, path: str | None = None, data_reference_name: str | None = None) -> DataReference:
        """Return a reference to a path below this one."""
        below = "/".join(part.strip("/") for part in (self.path_on_datastore or "", path or "") if part.strip("/"))
        name = data_reference_name or self.data_reference_name
        return self._with(path_on_datastore=below or None, data_reference_name=data_name(name))

    def as_mount(self) -> DataReference:
        """Return it as a path to what is there, read in place where the store allows that."""
        return self._with(mode="mount")

    def as_download(self, path_on_compute: str | None = None, overwrite: bool = False) -> DataReference:  # noqa: FBT001, FBT002  # Azure ML's signature
        """Return it as a path to files that were brought before the script starts."""
        return self._with(mode="download", path_on_compute=path_on_compute, overwrite=overwrite)

    def as_upload(self, path_on_compute: str | None = None, overwrite: bool = False) -> DataReference:  # noqa: FBT001, FBT002  # Azure ML's signature
        """Return it as a folder whose content is brought there at the run's end."""
        return self._with(mode="upload", path_on_compute=path_on_compute, overwrite=overwrite)

    def to_config(self) -> DataReferenceConfiguration:
        """Return it as a RunConfiguration's `data_references` hold it, by name."""
        place, where = self.path_on_datastore, self.path_on_compute
        return DataReferenceConfiguration(self.datastore.name, self.mode, place, where, self.overwrite)

    def run_data(self) -> RunInput | RunOutput:
        """Return it as a run wants it."""
        name, place = self.data_reference_name, self.path_on_datastore or ""
        where = None if self.path_on_compute is None else str(self.path_on_compute)
        if self.mode == "upload":
            return RunOutput(name, self.datastore.name, place, "upload", overwrite=self.overwrite, source=where)
        definition = {"kind": "file", "paths": [{"datastore": self.datastore.name, "path": place}]}
        return RunInput(name, definition, mode=self.mode, path_on_compute=where)

    def __deepcopy__(self, memo: object) -> DataReference:
        """Return a copy for a config: what it is about stays the same."""
        return copy.copy(self)

    def argument(self) -> str:
        """Return what stands in the arguments for it: its text, which the run replaces."""
        return str(self)

    def __str__(self) -> str:
        return f"${REFERENCE}{self.data_reference_name}"

    def __repr__(self) -> str:
        return f"DataReference({self.datastore.name!r}, {self.path_on_datastore!r}, {self.mode!r}): {self}"

    def _with(self, **changes: object) -> DataReference:
        changed = copy.copy(self)
        vars(changed).update(changes)
        return changed


class _StoreNamed(NamedTuple):
    """A datastore of which only the name is known yet: the run's workspace has it."""

    name: str


@dataclass
class DataReferenceConfiguration:
    """A place in a datastore that a run reads or fills, as a RunConfiguration holds it by name (Azure ML's name)."""

    datastore_name: str | None = None
    mode: ReferenceMode = "mount"
    path_on_datastore: str | None = None
    path_on_compute: str | None = None
    overwrite: bool = False

    def named(self, name: str) -> DataReference:
        """Return the reference that it is under a name."""
        store: Any = _StoreNamed(self.datastore_name or "")
        return DataReference(
            store, name, self.path_on_datastore, self.mode, self.path_on_compute, overwrite=self.overwrite
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as Azure ML's file has it."""
        return {key: getattr(self, name) for name, key in _IN_FILE.items()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> DataReferenceConfiguration:
        """Return what `to_json` returned."""
        return cls(**{name: data[key] for name, key in _IN_FILE.items() if key in data})


_IN_FILE = {
    "datastore_name": "dataStoreName",
    "mode": "mode",
    "path_on_datastore": "pathOnDataStore",
    "path_on_compute": "pathOnCompute",
    "overwrite": "overwrite",
}
