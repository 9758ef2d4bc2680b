"""`--input train=mydata` and `--output model=best`: a run's data as a magic's line names it."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cellrun.core.context.manifest import Need
from cellrun.core.data.datasets.registered_datasets import RegisteredDatasets
from cellrun.core.data.files.data_files import FilesSeen
from cellrun.core.data.files.dataset_paths import given_paths
from cellrun.core.data.files.definition import FILE, TABULAR, DatasetDefinition
from cellrun.core.data.in_run.binding import files_of, is_brought, workspace_of
from cellrun.core.data.in_run.output import OutputFileDatasetConfig
from cellrun.core.data.stores.datastore import Datastore
from cellrun.core.data.stores.workspace_datastores import WorkspaceDatastores
from cellrun.core.errors import CellrunError, UserErrorException
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.run_data import DataPlaceholder, RunInput, RunOutput
from cellrun.magics.named_data import NamedData

_URL = re.compile(r"https?://")
_REGISTERED = re.compile(r"(?P<name>[^:]+)(?::(?P<version>[^:]+))?")
_MOST_LISTED = 8


class GivenInput(NamedTuple):
    """An input as a config takes it."""

    wanted: RunInput

    def run_data(self) -> RunInput:
        """Return it as a run wants it."""
        return self.wanted

    def argument(self) -> DataPlaceholder:
        """Return what stands in arguments for it."""
        return DataPlaceholder(self.wanted.name)


def data_of(
    inputs: Sequence[NamedData], outputs: Sequence[NamedData], namespace: Mapping[str, Any], workspace: WorkspaceLayout
) -> list[Any]:
    """Return a run's data as a config takes it. Raises UserErrorException for a name that is nothing's."""
    found = [GivenInput(_input(given, namespace, workspace)) for given in inputs]
    return [*found, *(_output(given, workspace) for given in outputs)]


def needs_of(data: Sequence[Any], workspace: WorkspaceLayout) -> Iterator[Need]:
    """Iterate over the lines of a card for a run's data: what it is, how large, and how the run comes to it."""
    for given in data:
        wanted = given.run_data()
        if isinstance(wanted, RunOutput):
            where = wanted.datastore or "the default datastore"
            what = f"registered as {wanted.register.name}, in {where}" if wanted.register else f"kept in {where}"
            yield Need(wanted.name, "output", what, "--output", how="folder")
            continue
        size, words, how = 0, wanted.words, "in place"
        try:
            seen = FilesSeen.of(files_of(wanted, workspace))
            size, words = seen.size_bytes, f"{wanted.words}, {seen.files} file{'s' * (seen.files != 1)}"
            how = "brought before" if is_brought(wanted, workspace.run("none")) else how
        except (CellrunError, OSError) as error:
            how = str(error)
        yield Need(wanted.name, "input", words, "--input", size, "dataset" if wanted.mode == "direct" else how)


def _input(given: NamedData, namespace: Mapping[str, Any], workspace: WorkspaceLayout) -> RunInput:
    """Return the input that is meant: a variable's dataset, a registered one, an address, a path, a store's path."""
    text = given.what
    value = namespace.get(text)
    if callable(getattr(value, "as_named_input", None)) and not isinstance(value, type):
        config = value.as_named_input(given.name)  # type: ignore[union-attr]  # asked
        return (config if value.kind == TABULAR else config.as_mount()).run_data()  # type: ignore[union-attr, no-any-return]  # as above
    if hasattr(value, "run_data") and not isinstance(value, type):  # a mount with its own settings
        wanted = value.run_data()  # type: ignore[union-attr]  # as above
        if isinstance(wanted, RunInput):
            return RunInput.from_json({**wanted.to_json(), "name": given.name})
    if registered := _registered(given, workspace):
        return registered
    if _URL.match(text):
        return _of_paths(given.name, text)
    if Path(text).expanduser().exists() or (glob.has_magic(text) and glob.glob(str(Path(text).expanduser()))):  # noqa: PTH207  # absolute patterns too
        return _of_paths(given.name, text)
    if in_store := _in_store(text, workspace):
        return _of_paths(given.name, in_store)
    raise UserErrorException(_unknown(given, workspace))


def _registered(given: NamedData, workspace: WorkspaceLayout) -> RunInput | None:
    found = _REGISTERED.fullmatch(given.what)
    known = RegisteredDatasets(workspace)
    if not found or found["name"] not in known.names():
        return None
    version = known.get(found["name"], found["version"] or "latest")
    definition = version.definition
    return RunInput(
        name=given.name,
        dataset=definition.to_json(),
        dataset_id=version.id,
        dataset_name=version.name,
        dataset_version=version.version,
        mode="direct" if definition.kind == TABULAR else "mount",
    )


def _of_paths(name: str, path: object) -> RunInput:
    definition = DatasetDefinition(FILE, given_paths(path).paths)
    return RunInput(name=name, dataset=definition.to_json(), dataset_id=definition.digest, mode="mount")


def _in_store(text: str, workspace: WorkspaceLayout) -> tuple[Datastore, str] | None:
    """Return the store and the path that `STORE/path` names."""
    store, slash, path = text.partition("/")
    if not slash or store not in WorkspaceDatastores(workspace).names():
        return None
    return Datastore(workspace_of(workspace), store), path


def _output(given: NamedData, workspace: WorkspaceLayout) -> OutputFileDatasetConfig:
    if in_store := _in_store(given.what, workspace):
        return OutputFileDatasetConfig(given.name, in_store)
    if "/" in given.what:
        known = ", ".join(WorkspaceDatastores(workspace).names())
        raise UserErrorException(
            f"--output {given.name}={given.what}: no datastore is called {given.what.partition('/')[0]!r}; "
            f"known: {known}; a name without a slash is that of the dataset that it is registered as"
        )
    output = OutputFileDatasetConfig(given.name)
    return output.register_on_complete(given.what) if given.what else output


def _unknown(given: NamedData, workspace: WorkspaceLayout) -> str:
    known = RegisteredDatasets(workspace).names()
    listed = ", ".join(known[:_MOST_LISTED]) + (" …" if len(known) > _MOST_LISTED else "")
    what, places = given.what, f"no dataset in a variable, nothing in {Path.cwd()}"
    known_words = f"no registered dataset {what!r} (known: {listed or 'none'})"
    return f"--input {given.name}={what}: there is {known_words}, {places}, and it is no https address"
