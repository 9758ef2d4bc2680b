"""The datasets of a workspace by name and version: each version is a file that is written once."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

from cellrun.core import names
from cellrun.core.data.files.data_files import FilesSeen
from cellrun.core.data.files.definition import DatasetDefinition
from cellrun.core.disk import control_file
from cellrun.core.disk.whole_files import json_text, remove_tree, replace_file
from cellrun.core.errors import CellrunError, DatasetError, did_you_mean, shown
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.store.registry import VersionedRegistry, check_about, number, wrap_read_errors

LATEST = "latest"
_VERSION = 1
_SHAPE: control_file.Shape = {
    "id": control_file.is_text,
    "created": control_file.is_number,
    "definition": lambda value: isinstance(value, dict),
    "files": lambda value: value is None or _is_seen(value),
    "run": control_file.is_text_or_none,
}
_ABOUT_SHAPE: control_file.Shape = {
    "description": control_file.is_text_or_none,
    "tags": control_file.is_mapping_of(control_file.is_text),
}


class About(NamedTuple):
    """What may be changed of a registered version."""

    description: str | None = None
    tags: Mapping[str, str] = {}


class DatasetVersion(NamedTuple):
    """One version of a registered dataset. `files` is what was seen of its files then, if that was told."""

    id: str
    name: str
    version: int
    created: float
    """Unix time."""
    definition: DatasetDefinition
    files: FilesSeen | None = None
    run: str | None = None
    """The id of the run whose output it is."""
    about: About = About()
    """What was said of it when it was registered."""

    def change(self, now: FilesSeen) -> str | None:
        """Return what to say if its files, as they are seen now, aren't as they were when it was registered."""
        if self.files in {None, now}:
            return None
        day = datetime.fromtimestamp(self.created, timezone.utc)
        return (
            f"the files of the dataset {self.name!r} (version {self.version}) have changed since it was "
            f"registered on {day:%Y-%m-%d %H:%M} UTC: {self.files} then, {now} now; "
            "register it with create_new_version=True to have a version of what is there now"
        )


class RegisteredDatasets(VersionedRegistry[int]):
    """The datasets that a workspace knows."""

    def __init__(self, workspace: WorkspaceLayout) -> None:
        """Raise WorkspaceElsewhereError as `Registry`."""
        super().__init__(workspace, workspace.datasets, "datasets", number, is_name=names.is_dataset_name)

    def get(self, name: object, version: object = LATEST) -> DatasetVersion:
        """Return a version of a name, the latest one if none is given. Raises DatasetError if it isn't there."""
        if not isinstance(name, str) or not (there := self.versions(name)):
            raise DatasetError(self._unknown(name))
        if version is None or version == LATEST:
            return self._read(name, there[-1])
        number = int(version) if isinstance(version, str) and version.isdecimal() else version
        if not isinstance(number, int) or isinstance(number, bool) or number not in there:
            raise DatasetError(
                f"the dataset {name!r} has no version {shown(version)}; it has {_listed(there)}, and 'latest'"
            )
        return self._read(name, number)

    def get_by_id(self, dataset_id: object) -> DatasetVersion:
        """Return the version that has an id. Raises DatasetError if there is none."""
        for found in self._all():
            if found.id == dataset_id:
                return found
        raise DatasetError(f"no dataset has the id {shown(dataset_id)}; Dataset.get_by_name(ws, name) takes its name")

    def add(  # noqa: PLR0913  # what a version consists of
        self,
        name: str,
        definition: DatasetDefinition,
        about: About,
        seen: FilesSeen | None,
        *,
        create_new_version: bool = False,
        run: str | None = None,
    ) -> DatasetVersion:
        """Register a dataset, and return its version: the latest one if that is the same, of the same files.

        Raises InvalidNameError for a name that is none, DatasetError for one that another dataset has, unless
        `create_new_version`.
        """
        names.dataset_name(name)
        check_about(DatasetError, "dataset", *about)
        while True:
            there = self.versions(name)
            if there:
                latest = self._read(name, there[-1])
                is_same = latest.definition.digest == definition.digest
                if is_same and (not create_new_version or (seen == latest.files and run == latest.run)):
                    return latest
                if not create_new_version:
                    raise DatasetError(
                        f"there is already a dataset registered under the name {name!r} (version {latest.version}), "
                        "and it is another one: create_new_version=True registers this one as its next version"
                    )
            made = DatasetVersion(
                str(uuid.uuid4()), name, (there[-1] if there else 0) + 1, time.time(), definition, seen, run, about
            )
            if self._write(made):  # else another one has just taken that version: look again
                return made

    def about(self, registration: DatasetVersion) -> About:
        """Return what may be changed of a version. Raises DatasetError if it can't be read."""
        with wrap_read_errors(DatasetError, f"what is said of {_named(registration)} can't be read"):
            try:
                data = control_file.read_object(self._workspace.folder, self._about_path(registration), _ABOUT_SHAPE)
            except FileNotFoundError:  # nothing was changed
                return registration.about
        return About(data["description"], data["tags"])

    def say(self, registration: DatasetVersion, about: About) -> None:
        """Change what is said of a version. Raises DatasetError if it isn't registered any more."""
        check_about(DatasetError, "dataset", *about)
        if not self._path(registration.name, registration.version).exists():
            raise DatasetError(f"{_named(registration)} isn't registered any more")
        replace_file(self._about_path(registration), json_text(about._asdict()))

    def remove(self, name: str) -> None:
        """Forget all versions of a name; their files stay. Raises DatasetError if it isn't registered."""
        if not self.versions(name):
            raise DatasetError(self._unknown(name))
        if self._folder.is_symlink():
            raise DatasetError(f"{name!r} isn't removed: {self._folder} is a link, and leads to another's")
        gone = self._folder / f".{os.urandom(4).hex()}"
        (self._folder / name).rename(gone)  # all of them at once
        remove_tree(gone)

    def _all(self) -> Iterator[DatasetVersion]:
        for name in self.names():
            for version in reversed(self.versions(name)):
                with suppress(CellrunError):  # a damaged one hides no other
                    yield self._read(name, version)

    def _read(self, name: str, version: int) -> DatasetVersion:
        with wrap_read_errors(DatasetError, f"version {version} of the dataset {name!r} can't be read"):
            path = self._path(name, version)
            data = control_file.read_object(self._workspace.folder, path, {**_SHAPE, **_ABOUT_SHAPE}, needed=_SHAPE)
            definition = DatasetDefinition.from_json(data["definition"])
        seen = FilesSeen(**data["files"]) if data["files"] is not None else None
        about = About(data.get("description"), data.get("tags", {}))
        return DatasetVersion(data["id"], name, version, data["created"], definition, seen, data["run"], about)

    def _write(self, made: DatasetVersion) -> bool:
        data = {
            "version": _VERSION,
            "id": made.id,
            "created": made.created,
            "definition": made.definition.to_json(),
            "files": made.files and made.files._asdict(),
            "run": made.run,
            **made.about._asdict(),
        }
        return self.write_new(self._path(made.name, made.version), json_text(data))

    def _about_path(self, registration: DatasetVersion) -> Path:
        return self._path(registration.name, registration.version).with_suffix(".about.json")

    def _unknown(self, name: object) -> str:
        known = self.names()
        hint = did_you_mean(name, known) or "dataset.register(ws, name) registers one"
        listed = _listed(known) or "none yet"
        return f"no dataset {shown(name)} is registered in this workspace; known: {listed}; {hint}"


def _named(registration: DatasetVersion) -> str:
    return f"version {registration.version} of the dataset {registration.name!r}"


def _listed(values: list[Any], most: int = 12) -> str:
    return ", ".join(map(str, values[:most])) + (f" and {len(values) - most} more" if len(values) > most else "")


def _is_seen(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == set(FilesSeen._fields)
        and control_file.is_count(value["files"])
        and control_file.is_count(value["size_bytes"])
        and control_file.is_text(value["digest"])
    )
