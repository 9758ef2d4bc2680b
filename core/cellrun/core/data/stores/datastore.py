"""A datastore: a named place where data is kept, and the way to it."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from cellrun.core.data.stores.azure_attributes import WHERE_IN_AZURE, AzureAttributes
from cellrun.core.data.stores.keyvault import Keyvault
from cellrun.core.data.stores.registration import Registration, purpose
from cellrun.core.data.stores.store_errors import StorePlace
from cellrun.core.data.stores.store_kinds import StoreKind, kind_of
from cellrun.core.data.stores.workspace_datastores import WorkspaceDatastores
from cellrun.core.errors import DatastoreError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

    from cellrun.core.data.stores.data_reference import DataReference
    from cellrun.core.workspace import Workspace


class Datastore(AzureAttributes, Registration):
    """A named place where data is kept: the workspace's own folder, another folder, or a container of a cloud.

    `Datastore(workspace, name)` is the registered one of that name, the default one if none is given. It holds no
    secret: credentials are in the keyvault, and asked for when the store is. Raises DatastoreError for an unknown name.
    """

    def __init__(self, workspace: Workspace, name: str | None = None) -> None:
        self._workspace = workspace
        known = WorkspaceDatastores(workspace.layout)
        self._definition = known.get(known.default() if name is None else name)
        self._kind = kind_of(self._definition)

    @staticmethod
    def get(workspace: Workspace, datastore_name: str) -> Datastore:
        """Return a registered store by its name. Raises DatastoreError if there is none."""
        return Datastore(workspace, datastore_name)

    @staticmethod
    def get_default(workspace: Workspace) -> Datastore:
        """Return the store that is used when none is named."""
        return Datastore(workspace)

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
        return self._kind.type if self._kind else "Local"

    @property
    def kind(self) -> StoreKind | None:
        """What is known of its kind, None for a folder of this machine."""
        return self._kind

    @property
    def local_root(self) -> Path | None:
        """The folder that it is, None for one that is elsewhere."""
        return None if self._kind else Path(self._definition.settings["folder"])

    def filesystem(self) -> AbstractFileSystem:
        """Return its files: paths are relative to the store's own root.

        Raises DatastoreError if the store can't be reached with what is known of it. So do its verbs for whatever they
        meet; FileNotFoundError stays what it is. What was opened raises its package's own errors: `translate_errors`
        makes them ours.
        """
        from cellrun.core.data.stores.store_filesystem import StoreFileSystem, local_filesystem  # noqa: PLC0415  # fsspec

        if self._kind is None:
            return local_filesystem(self)
        place = self._place(self._kind)
        place.reach()
        return StoreFileSystem(self, self._kind.root(self._definition.settings), place.connect(), place)

    def translate_errors(self, path: str = "", *passes: type[Exception]) -> AbstractContextManager[None]:
        """Raise as a DatastoreError what is raised in a block by what was opened of it, but for what `passes`."""
        return self._place(self._kind).translate_errors(path, *passes) if self._kind else nullcontext()

    def location(self, path: str | PurePosixPath = "") -> str:
        """Return where a path of it is, for people: no credentials are in it."""
        if self._kind is None:
            return str(Path(self._definition.settings["folder"], path))
        place = self._kind.place(self._definition.settings)
        return f"{place}/{str(path).lstrip('/')}" if str(path) else place

    def signed_url(self, path: str, valid_s: float) -> str:
        """Return a URL by which whoever has it reads a file for so long, in seconds, without credentials.

        The store isn't asked: the file needn't be there yet. Raises DatastoreError for a kind that has no such URLs,
        and credentials that don't suffice for one.
        """
        if self._kind is None or not self._kind.signs_urls:
            raise DatastoreError(self.name, f"at {self.location()} has no URLs by which others read its files")
        place = self._place(self._kind)
        with place.translate_errors(path):
            root = self._kind.root(self._definition.settings)
            return str(place.connect().sign(f"{root}/{path}", expiration=int(valid_s)))

    def path(self, path: str | None = None, data_reference_name: str | None = None) -> DataReference:
        """Return a reference to a folder or file of it, to be given to a run; all of it if no path is given."""
        from cellrun.core.data.stores.data_reference import DataReference  # noqa: PLC0415  # it imports this module

        return DataReference(self, data_reference_name, path)

    def as_mount(self) -> DataReference:
        """Return a reference to all of it, which a run finds as a folder."""
        return self.path().as_mount()

    def as_download(self, path_on_compute: str | None = None) -> DataReference:
        """Return a reference to all of it, which is downloaded for a run."""
        return self.path().as_download(path_on_compute)

    def as_upload(self, path_on_compute: str | None = None) -> DataReference:
        """Return a reference to it, to which a run's files are uploaded."""
        return self.path().as_upload(path_on_compute)

    def upload(
        self,
        src_dir: str | os.PathLike[str],
        target_path: str | None = None,
        overwrite: bool = False,  # noqa: FBT001, FBT002  # Azure ML's signature
        show_progress: bool = True,  # noqa: FBT001, FBT002  # as above
    ) -> DataReference:
        """Upload a folder, all that is in it, and return a reference to where it is now.

        Files that are there stay as they are unless `overwrite`: then those go that differ. Links that lead out of the
        folder, and what is no file, are left out with a warning. Raises UserErrorException for what is no folder,
        DatastoreError for what a store doesn't take; what is there then is whole, and another call goes on from it.
        """
        from cellrun.core.data.stores.store_transfer import upload_folder  # noqa: PLC0415  # a job without data needs none of it

        upload_folder(self, Path(src_dir), target_path, overwrite=overwrite, show_progress=show_progress)
        return self.path(target_path)

    def upload_files(
        self,
        files: Sequence[str | os.PathLike[str]],
        relative_root: str | os.PathLike[str] | None = None,
        target_path: str | None = None,
        overwrite: bool = False,  # noqa: FBT001, FBT002  # Azure ML's signature
        show_progress: bool = True,  # noqa: FBT001, FBT002  # as above
    ) -> DataReference:
        """Upload files, laid out as below `relative_root` (the folder that all are in), and return a reference.

        Raises as `upload`, also for a file that isn't there or isn't below `relative_root`.
        """
        from cellrun.core.data.stores.store_transfer import upload_files  # noqa: PLC0415  # as above

        root = None if relative_root is None else Path(relative_root)
        upload_files(self, files, root, target_path, overwrite=overwrite, show_progress=show_progress)
        return self.path(target_path)

    def download(
        self,
        target_path: str | os.PathLike[str],
        prefix: str | None = None,
        overwrite: bool = False,  # noqa: FBT001, FBT002  # Azure ML's signature
        show_progress: bool = True,  # noqa: FBT001, FBT002  # as above
    ) -> int:
        """Download the files whose path begins with `prefix`, or all, into a folder, and return how many came.

        Each gets its whole path below the folder. Files that are there stay as they are unless `overwrite`: then those
        come that differ. Raises DatastoreError for what isn't there, a path that leads out of the folder, and a full
        disk; what is there then is whole, and another call goes on from it.
        """
        from cellrun.core.data.stores.store_transfer import download  # noqa: PLC0415  # as above

        return download(self, Path(target_path), prefix, overwrite=overwrite, show_progress=show_progress)

    def set_as_default(self) -> None:
        """Let it be the store that is used when none is named."""
        WorkspaceDatastores(self.workspace.layout).set_default(self.name)

    def unregister(self) -> None:
        """Forget it and its credentials; what it holds stays. Raises DatastoreError for the workspace's own store."""
        WorkspaceDatastores(self.workspace.layout).remove(self.name)
        if self._kind:
            Keyvault(self.workspace).forget_credentials(self.name)

    def to_json(self) -> dict[str, Any]:
        """Return what is known of it, without secrets."""
        return {"name": self.name, **self._definition.to_json()}

    def __getattr__(self, name: str) -> str:
        """Return a setting by its name: `container_name`, `account_name`, `bucket`."""
        settings = self.__dict__["_definition"].settings if "_definition" in self.__dict__ else {}
        if name in settings:
            return str(settings[name])
        if name in WHERE_IN_AZURE and settings:
            return ""
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

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

    def _credentials(self) -> Mapping[str, str]:
        return (Keyvault(self.workspace).credentials(self.name, purpose(self._definition)) or {}) if self._kind else {}

    def _place(self, kind: StoreKind) -> StorePlace:
        credentials = Keyvault(self.workspace).credentials(self.name, purpose(self._definition))
        if credentials is None and kind.takes_own_login and "endpoint" in self._definition.settings:
            raise DatastoreError(
                self.name,
                f"is at {self._definition.settings['endpoint']}, as the workspace's files say: your own login isn't "
                "sent there before you have registered it yourself, with overwrite=True",
            )
        return StorePlace(self.name, kind, self._definition.settings, credentials or {})


def datastores(workspace: Workspace) -> dict[str, Datastore]:
    """Return all stores of a workspace by name; one that can't be read is left out with a warning that says why."""
    found = {}
    for name in WorkspaceDatastores(workspace.layout).names():
        try:
            found[name] = Datastore(workspace, name)
        except DatastoreError as error:
            warnings.warn(str(error), stacklevel=3)
    return found
