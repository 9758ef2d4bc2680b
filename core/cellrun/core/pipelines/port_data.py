"""Where an output of a step is kept (Azure ML's names)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cellrun.core.data.stores.datastore import Datastore


class PortDataReference:
    """What a step has made (Azure ML's name): which datastore has it, and where there."""

    def __init__(self, data_reference_name: str, datastore: Datastore, path_on_datastore: str) -> None:
        self._name = data_reference_name
        self._datastore = datastore
        self._path_on_datastore = path_on_datastore  # programs read it by this name

    @property
    def data_reference_name(self) -> str:
        """The output's name."""
        return self._name

    @property
    def datastore(self) -> Datastore:
        """Where it is kept."""
        return self._datastore

    @property
    def datastore_name(self) -> str:
        """The name of that."""
        return self._datastore.name

    @property
    def path_on_datastore(self) -> str:
        """Its path there."""
        return self._path_on_datastore

    def download(
        self,
        local_path: str | os.PathLike[str],
        overwrite: bool | None = None,  # noqa: FBT001  # Azure ML's signature
        show_progress: bool | None = None,  # noqa: FBT001  # as above
    ) -> int:
        """Download it to its path on the datastore below a folder; return how many files came: none of an empty one.

        Raises DatastoreError for what isn't there.
        """
        root = self._datastore.local_root
        if root is not None and (place := root / self._path_on_datastore).is_dir() and not any(place.iterdir()):
            return 0
        return self._datastore.download(
            local_path, prefix=self._path_on_datastore, overwrite=bool(overwrite), show_progress=bool(show_progress)
        )

    def __repr__(self) -> str:
        return f"PortDataReference({self._name!r}, {self._datastore.name!r}, {self._path_on_datastore!r})"


class StepRunOutput:
    """An output of a step's run (Azure ML's name)."""

    def __init__(self, name: str, reference: PortDataReference) -> None:
        self.name = name
        self._reference = reference

    def get_port_data_reference(self) -> PortDataReference:
        """Return where it is kept."""
        return self._reference

    def __repr__(self) -> str:
        return f"StepRunOutput({self.name!r})"
