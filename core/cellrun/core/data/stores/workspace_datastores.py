"""The datastores of a workspace by name: its own folder, and those that were registered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from cellrun.core import names
from cellrun.core.disk import control_file
from cellrun.core.disk.whole_files import json_text, replace_file
from cellrun.core.errors import DamagedRunError, DatastoreError, problem_of
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.store.registry import Registry, known_words, wrap_read_errors

WORKSPACE_STORE = "workspaceblobstore"
"""The store that each workspace has, as Azure ML calls it: the folder `data` of the workspace."""
OWN_STORES = (WORKSPACE_STORE, "workspacefilestore", "workspaceartifactstore")
"""All stores that each workspace of Azure ML has: folders here, made when they are first asked for."""
LOCAL = "local"

_VERSION = 1
_SHAPE: control_file.Shape = {
    "kind": control_file.is_text,
    "settings": control_file.is_mapping_of(control_file.is_text),
}


class DatastoreDefinition(NamedTuple):
    """What a workspace keeps of a store: nothing of it is secret."""

    name: str
    kind: str
    settings: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {"version": _VERSION, "kind": self.kind, "settings": dict(self.settings)}


class WorkspaceDatastores(Registry):
    """The stores that a workspace knows. Each registered one is a file: its kind and its settings, no secret."""

    def __init__(self, workspace: WorkspaceLayout) -> None:
        """Raise WorkspaceElsewhereError as `Registry`."""
        super().__init__(workspace, workspace.datastores, "datastores", OWN_STORES)

    def get(self, name: object) -> DatastoreDefinition:
        """Return what is known of a store. Raises DatastoreError if there is none of that name, or it can't be read."""
        if isinstance(name, str) and name in OWN_STORES:
            folder = self._workspace.data if name == WORKSPACE_STORE else self._workspace.folder / name
            return DatastoreDefinition(name, LOCAL, {"folder": str(folder)})
        path = self._path(name)
        with wrap_read_errors(partial(DatastoreError, str(name)), f"can't be read from {path}"):
            data = control_file.read_object(self._workspace.folder, path, _SHAPE)
        return DatastoreDefinition(str(name), data["kind"], data["settings"])

    def check_free(self, definition: DatastoreDefinition, *, overwrite: bool = False) -> None:
        """Raise DatastoreError if the name of a store is taken by another one, unless `overwrite`."""
        name = definition.name
        if name in OWN_STORES:
            raise DatastoreError(name, "is the workspace's own store and can't be another one; choose another name")
        if not overwrite and name in self.names() and (there := self.get(name)) != definition:
            raise DatastoreError(
                name,
                f"is registered already, as {json.dumps(there.settings)} of the kind {there.kind!r}; "
                "overwrite=True puts the new one in its place",
            )

    def add(self, definition: DatastoreDefinition, *, overwrite: bool = False) -> None:
        """Keep a store. Raises InvalidNameError for a name that is none, DatastoreError as `check_free`."""
        path = self._folder / f"{names.datastore_name(definition.name)}.json"
        self.check_free(definition, overwrite=overwrite)
        if self.write_new(path, text := json_text(definition.to_json())):
            return
        if overwrite:
            replace_file(path, text)
        else:  # the same, or somebody was first
            self.check_free(definition)

    def remove(self, name: str) -> None:
        """Forget a store; what it holds stays. Raises DatastoreError for the workspace's own, or an unknown one."""
        if name in OWN_STORES:
            raise DatastoreError(name, "is the workspace's own store: it is always there")
        self._path(name).unlink(missing_ok=True)
        if self.default() == name:
            self._workspace.default_datastore.unlink(missing_ok=True)

    def default(self) -> str:
        """Return the name of the store that is used when none is named."""
        path = self._workspace.default_datastore
        try:
            data = control_file.read_object(self._workspace.folder, path, {"name": control_file.is_text})
        except FileNotFoundError:
            return WORKSPACE_STORE
        except (OSError, DamagedRunError) as error:
            raise DatastoreError(
                "", f"the default datastore can't be read from {path}: {problem_of(error)}; remove that file"
            ) from error
        name: str = data["name"]
        return name

    def set_default(self, name: str) -> None:
        """Let a store be used when none is named. Raises DatastoreError for an unknown one."""
        self._path(name)
        self._workspace.datastores.mkdir(mode=0o700, exist_ok=True)
        replace_file(self._workspace.default_datastore, f"{json.dumps({'name': name})}\n")

    def _path(self, name: object) -> Path:
        known = self.names()
        if not isinstance(name, str) or name not in known:
            how = "Datastore.register_azure_blob_container(ws, name, …) registers one"
            raise DatastoreError(str(name), f"isn't registered in this workspace; {known_words(name, known, how)}")
        return self._folder / f"{name}.json"
