"""A datastore: a named place where data is kept, and its own way to it."""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from cellrun.core.data.workspace_datastores import LOCAL, DatastoreDefinition, WorkspaceDatastores
from cellrun.core.errors import DatastoreError, UserErrorException, shown

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

    from cellrun.core.workspace import Workspace


class Datastore:
    """A named place where data is kept: the workspace's own folder, another folder, or a container of a cloud.

    `Datastore(workspace, name)` is the registered one of that name, the default one if none is given. It holds no
    secret: credentials are in the keyvault, and asked for when the store is. Raises DatastoreError for an unknown name.
    """

    def __init__(self, workspace: Workspace, name: str | None = None) -> None:
        self._workspace = workspace
        known = WorkspaceDatastores(workspace.layout)
        self._definition = known.get(known.default() if name is None else name)

    @staticmethod
    def get(workspace: Workspace, datastore_name: str) -> Datastore:
        """Return a registered store by its name. Raises DatastoreError if there is none."""
        return Datastore(workspace, datastore_name)

    @staticmethod
    def get_default(workspace: Workspace) -> Datastore:
        """Return the store that is used when none is named."""
        return Datastore(workspace)

    @staticmethod
    def register_folder(
        workspace: Workspace, datastore_name: str, folder: str | os.PathLike[str], *, overwrite: bool = False
    ) -> Datastore:
        """Register a folder of this machine (cellrun's own; Azure ML has none).

        Raises UserErrorException for a folder that isn't there, DatastoreError for a name that is taken.
        """
        path = Path(folder).expanduser().absolute()
        if not path.is_dir():
            raise UserErrorException(f"a datastore's folder is there already; {shown(str(folder))} is no folder")
        definition = DatastoreDefinition(datastore_name, LOCAL, {"folder": str(path)})
        WorkspaceDatastores(workspace.layout).add(definition, overwrite=overwrite)
        return Datastore(workspace, datastore_name)

    @property
    def workspace(self) -> Workspace:
        """The workspace that knows it."""
        return self._workspace

    @property
    def name(self) -> str:
        """Its name in the workspace."""
        return self._definition.name

    @property
    def datastore_type(self) -> str:
        """Its kind, by Azure ML's name where that has it: `AzureBlob`."""
        return "Local"

    @property
    def local_root(self) -> Path | None:
        """The folder that it is, None for one that is elsewhere."""
        return Path(self._definition.settings["folder"]) if self._definition.kind == LOCAL else None

    def filesystem(self) -> AbstractFileSystem:
        """Return its files: paths are relative to the store's own root.

        Raises DatastoreError if the store can't be reached with what is known of it.
        """
        from fsspec.implementations.dirfs import DirFileSystem  # noqa: PLC0415  # a job without data needs none of it
        from fsspec.implementations.local import LocalFileSystem  # noqa: PLC0415  # as above

        root = self.local_root
        if root is None:
            raise DatastoreError(
                self.name, f"is of the kind {self._definition.kind!r}, which this cellrun doesn't know"
            )
        if root == self.workspace.layout.data:
            root.mkdir(mode=0o700, exist_ok=True)
        return DirFileSystem(str(root), LocalFileSystem(auto_mkdir=True))

    def location(self, path: str | PurePosixPath = "") -> str:
        """Return where a path of it is, for people: no credentials are in it."""
        return str(Path(self._definition.settings["folder"], path))

    def set_as_default(self) -> None:
        """Let it be the store that is used when none is named."""
        WorkspaceDatastores(self.workspace.layout).set_default(self.name)

    def unregister(self) -> None:
        """Forget it; what it holds stays. Raises DatastoreError for the workspace's own store."""
        WorkspaceDatastores(self.workspace.layout).remove(self.name)

    def to_json(self) -> dict[str, Any]:
        """Return what is known of it, without secrets."""
        return {"name": self.name, **self._definition.to_json()}

    def __repr__(self) -> str:
        return json.dumps({"name": self.name, **self._definition.settings}, indent=2)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Datastore):
            return NotImplemented
        return (self.workspace, self._definition) == (other.workspace, other._definition)

    def __hash__(self) -> int:
        return hash((self.workspace, self.name))

    def __reduce__(self) -> tuple[Any, ...]:
        return Datastore, (self.workspace, self.name)


def datastores(workspace: Workspace) -> dict[str, Datastore]:
    """Return all stores of a workspace by name; one that can't be read is left out with a warning that says why."""
    found = {}
    for name in WorkspaceDatastores(workspace.layout).names():
        try:
            found[name] = Datastore(workspace, name)
        except DatastoreError as error:
            warnings.warn(str(error), stacklevel=3)
    return found
