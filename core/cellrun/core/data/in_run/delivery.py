"""Uploads a run's outputs to their datastores and registers them, once its job has completed."""

from __future__ import annotations

import fnmatch
import json
import posixpath
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cellrun.core.data.in_run.binding import output_path, store_of, workspace_of
from cellrun.core.data.stores.datastore import Datastore
from cellrun.core.data.stores.store_transfer import files_below, named, side_of
from cellrun.core.data.stores.transfer import send
from cellrun.core.disk import control_file
from cellrun.core.disk.whole_files import replace_file
from cellrun.core.errors import DatasetError
from cellrun.core.layout import RunLayout
from cellrun.core.resources import size_text
from cellrun.core.run_data import RunOutput
from cellrun.core.store.notes import add_note
from cellrun.core.store.record import RunRecord

VERSION = 1


def deliver(layout: RunLayout, tell: Callable[[str], None]) -> None:
    """Bring the outputs of a run into their stores and register those that are to be, one after another.

    `tell` gets lines about how it goes. What was delivered before one fails stays delivered and is noted as such.
    Raises DatasetError, DatastoreError in the words of the store or the disk.
    """
    done: dict[str, Any] = {}
    for data in RunRecord.read(layout).outputs.values():
        wanted = RunOutput.from_json(data)
        try:
            done[wanted.name] = _delivered(wanted, layout, tell)
        finally:
            replace_file(layout.delivered, json.dumps({"version": VERSION, "outputs": done}))


def delivered(layout: RunLayout) -> dict[str, Any]:
    """Return what became of a run's outputs, by name; nothing where nothing has yet, or it can't be read."""
    return control_file.read_named(layout.folder, layout.delivered, "outputs", _is_done)


def _is_done(value: Any) -> bool:
    if not isinstance(value, dict) or not all(control_file.is_count(value.get(key)) for key in ("files", "size_bytes")):
        return False
    dataset = value.get("dataset")
    return control_file.is_text_or_none(value.get("datastore")) and (
        dataset is None
        or (
            isinstance(dataset, dict)
            and control_file.is_text(dataset.get("name"))
            and control_file.is_count(dataset.get("version"))
        )
    )


def _delivered(wanted: RunOutput, layout: RunLayout, tell: Callable[[str], None]) -> dict[str, Any]:
    store, path = store_of(layout.workspace, wanted.datastore), wanted.path_of(layout.run_id)
    source = Path(output_path(wanted, layout))
    found, left_out = files_below(source) if source.is_dir() else ({}, [f"{source} (no folder)"])
    files = {name: file for name, file in found.items() if _is_wanted(wanted, name)}
    size_bytes = sum(file.stat().st_size for file in files.values())
    what = f"output {wanted.name!r}: {len(files)} file{'s' * (len(files) != 1)} ({size_text(size_bytes)})"
    is_in_place = store.local_root is not None and source == store.local_root / path
    if not is_in_place:
        tell(f"{what} to {store.location(path)}")
        _bring(files, store, path, wanted)
        if left_out:
            _note(layout, wanted, store.location(path), left_out)
        elif source.is_relative_to(layout.delivery):
            shutil.rmtree(source)  # it is in the store: twice is too much
    about: dict[str, Any] = {
        "datastore": store.name,
        "path": path,
        "files": len(files),
        "size_bytes": size_bytes,
    }
    if wanted.register:
        about["dataset"] = _registered(wanted, layout, store, path)
        tell(f"{what}, registered as {about['dataset']['name']!r} version {about['dataset']['version']}")
    return about


def _is_wanted(wanted: RunOutput, name: str) -> bool:
    return not wanted.source_globs or any(fnmatch.fnmatch(name, glob) for glob in wanted.source_globs)


def _bring(files: Mapping[str, Path], store: Datastore, path: str, wanted: RunOutput) -> None:
    """Bring files into a store. Raises DatasetError for what is there already, DatastoreError."""
    side = side_of(store)
    targets = {posixpath.join(path, name): file for name, file in files.items()}
    if not wanted.overwrite:
        there = {file.path for file in side.listed(f"{path}/" if path else "")}
        if taken := [target for target in targets if target in there]:
            raise DatasetError(
                f"output {wanted.name!r} can't be brought: {store.location(taken[0])} is there already; "
                "as_upload(overwrite=True) puts the new one in its place"
            )
    send(side, targets, overwrite=True)


def _note(layout: RunLayout, wanted: RunOutput, place: str, left_out: Sequence[str]) -> None:
    add_note(layout, f"output {wanted.name!r}: not brought to {place}: {named(left_out)}")


def _registered(wanted: RunOutput, layout: RunLayout, store: Datastore, path: str) -> dict[str, Any]:
    from cellrun.core.data.datasets.file_dataset import FileDataset  # noqa: PLC0415  # as above
    from cellrun.core.data.datasets.registered_datasets import About  # noqa: PLC0415  # as above
    from cellrun.core.data.datasets.tabular_dataset import TabularDataset  # noqa: PLC0415  # as above
    from cellrun.core.data.files.definition import FILE, DatasetDefinition, below  # noqa: PLC0415  # for those that are registered

    register, workspace = wanted.register, workspace_of(layout.workspace)
    assert register is not None  # noqa: S101  # asked by the caller
    place = {"datastore": store.name, "path": below(path, register.path_glob)}
    definition = DatasetDefinition.from_json({"kind": FILE, **(register.dataset or {}), "paths": [place]})
    kind = FileDataset if definition.kind == FILE else TabularDataset
    about = About(register.description, dict(register.tags))
    made = kind(definition, workspace).registered(workspace, register.name, about, is_new=True, run=layout.run_id)
    return {"name": made.name, "version": made.version, "id": made.id}
