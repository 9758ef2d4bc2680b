"""The models that are registered in a workspace: by name and version, each a folder that is whole or not there."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from cellrun.core import names
from cellrun.core.disk import control_file
from cellrun.core.disk.control_file import is_mapping_of, is_number, is_text, is_text_or_none
from cellrun.core.disk.ownership import refuse_foreign
from cellrun.core.disk.whole_files import (
    draft_name,
    json_text,
    make_private_folder,
    remove_tree,
    replace_file,
    sync_folder,
    write_new,
)
from cellrun.core.errors import (
    ModelNotFoundException,
    UserErrorException,
    WebserviceException,
    shown,
)
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.store.registry import VersionedRegistry, check_about, number, wrap_read_errors, wrap_system_errors

_RECORD, _ABOUT, _FILES = "model.json", "about.json", "files"
_DELETED = ".deleted"
_VERSION = 1
_TAKEN = frozenset({errno.ENOTEMPTY, errno.EEXIST})
"""What a system says where a folder that isn't empty has the name already."""
_ELSEWHERE = "set CELLRUN_HOME, or take a workspace of your own: Workspace.create(name, folder)"


class ModelRecord(NamedTuple):
    """What never changes of a version of a model."""

    created: float
    """Unix time."""
    created_by: str
    file: str
    """The name of its file or folder."""
    framework: str
    framework_version: str | None = None
    run: str | None = None
    """The id of the run that made it."""
    experiment: str | None = None


class ModelAbout(NamedTuple):
    """What may be changed of a version of a model."""

    description: str | None = None
    tags: Mapping[str, str] = {}
    properties: Mapping[str, str] = {}
    datasets: tuple[Mapping[str, Any], ...] = ()
    """What it was made from: a scenario, the id of a dataset and its definition."""
    sample_input: Mapping[str, Any] | None = None
    sample_output: Mapping[str, Any] | None = None
    resources: Mapping[str, float | None] | None = None


class RegisteredModel(NamedTuple):
    """One version of a model."""

    name: str
    version: int
    record: ModelRecord
    about: ModelAbout


_SHAPE: control_file.Shape = {
    "created": is_number,
    "created_by": is_text,
    "file": lambda value: is_text(value) and value not in {"", ".", ".."} and not set(value) & {"/", "\0"},
    "framework": is_text,
    "framework_version": is_text_or_none,
    "run": is_text_or_none,
    "experiment": is_text_or_none,
}
_ABOUT_SHAPE: control_file.Shape = {
    "description": is_text_or_none,
    "tags": is_mapping_of(is_text),
    "properties": is_mapping_of(is_text),
    "datasets": lambda value: isinstance(value, list) and all(map(_is_dataset, value)),
    "sample_input": lambda value: value is None or _is_dataset(value),
    "sample_output": lambda value: value is None or _is_dataset(value),
    "resources": lambda value: value is None or is_mapping_of(control_file.is_number_or_none)(value),
}


class RegisteredModels(VersionedRegistry[int]):
    """The models that a workspace knows. Each version's files stay as they were registered."""

    def __init__(self, workspace: WorkspaceLayout) -> None:
        """Raise WorkspaceElsewhereError as `Registry`."""
        super().__init__(workspace, workspace.models, "models", number, suffix="")

    def get(self, name: str, version: int) -> RegisteredModel:
        """Return a version of a name. Raises ModelNotFoundException, WebserviceException for a damaged one."""
        if version not in self.versions(name):
            raise ModelNotFoundException(self.unknown(name, version))
        folder = self._path(name, version)
        with wrap_read_errors(WebserviceException, f"version {version} of the model {name!r} can't be read"):
            record = control_file.read_object(self._workspace.folder, folder / _RECORD, _SHAPE)
            about = control_file.read_object(self._workspace.folder, folder / _ABOUT, _ABOUT_SHAPE)
        return RegisteredModel(
            name,
            version,
            ModelRecord(*(record[field] for field in ModelRecord._fields)),
            ModelAbout(**{**{field: about[field] for field in ModelAbout._fields}, "datasets": (*about["datasets"],)}),
        )

    def all(self, name: str | None = None) -> Iterator[RegisteredModel]:
        """Iterate over all versions, or those of a name, newest first; a damaged one hides no other."""
        found = []
        for each in self.names() if name is None else [name]:
            for version in self.versions(each):
                with suppress(WebserviceException):
                    found.append(self.get(each, version))
        return iter(sorted(found, key=lambda model: (model.record.created, model.version), reverse=True))

    def of_run(self, run_id: str) -> list[RegisteredModel]:
        """Return the versions that a run made, newest first."""
        return [model for model in self.all() if model.record.run == run_id]

    def path(self, model: RegisteredModel) -> Path:
        """Return where its file or folder is. Raises WebserviceException if it isn't there, or is a link."""
        place = self.place(model)
        try:
            is_there = place.name in control_file.names_in(self._workspace.folder, place.parent)
        except (OSError, ValueError):  # a link, another's: nothing of it is this workspace's
            is_there = False
        if not is_there or place.is_symlink():
            raise WebserviceException(
                f"version {model.version} of the model {model.name!r} has lost its files: {place}"
            )
        return place

    def place(self, model: RegisteredModel) -> Path:
        """Return where its file or folder is, or was."""
        return self._path(model.name, model.version) / _FILES / model.record.file

    def add(
        self, name: str, record: ModelRecord, about: ModelAbout, copy_into: Callable[[Path], object]
    ) -> RegisteredModel:
        """Register a model as the next version of its name; `copy_into` brings its files into a folder that is there.

        It is written beside its place, and whole once it has its name. Raises InvalidNameError; UserErrorException for
        what can't be said of a model; WorkspaceException in a folder that others can write to; WebserviceException
        where the disk doesn't take it.
        """
        names.model_name(name)
        check_about(UserErrorException, "model", about.description, about.tags, about.properties)
        folder, draft = self._folder / name, self._folder / draft_name()
        with wrap_system_errors(WebserviceException, f"the model {name!r} isn't registered in {folder}"):
            make_private_folder(self._folder)
            refuse_foreign(self._folder, _ELSEWHERE, is_there=True)
            self._taken_in(folder)  # nothing is written where a link leads
            draft.mkdir(mode=0o700)
            try:
                (draft / _FILES).mkdir(mode=0o700)
                copy_into(draft / _FILES)
                write_new(draft / _RECORD, json_text({"version": _VERSION, **record._asdict()}).encode())
                write_new(draft / _ABOUT, json_text(about._asdict()).encode())
                folder.mkdir(mode=0o700, exist_ok=True)
                version = self._take_place(draft, folder)
            except BaseException:  # Ctrl-C as well: no rest is left
                remove_tree(draft)
                raise
        return RegisteredModel(name, version, record, about)

    def say(self, model: RegisteredModel, about: ModelAbout) -> RegisteredModel:
        """Change what is said of a version. Raises ModelNotFoundException if it isn't registered any more."""
        check_about(UserErrorException, "model", about.description, about.tags, about.properties)
        if model.version not in self.versions(model.name):
            raise ModelNotFoundException(self.unknown(model.name, model.version))
        with wrap_system_errors(WebserviceException, f"what is said of the model {model.name!r} isn't changed"):
            replace_file(self._path(model.name, model.version) / _ABOUT, json_text(about._asdict()))
        return model._replace(about=about)

    def remove(self, name: str, version: int) -> None:
        """Delete a version and its files; its number stays taken. Raises ModelNotFoundException if it isn't there."""
        if version not in self.versions(name):
            raise ModelNotFoundException(self.unknown(name, version))
        folder, gone = self._folder / name, self._folder / draft_name()
        with wrap_system_errors(WebserviceException, f"version {version} of the model {name!r} can't be deleted"):
            with suppress(FileExistsError):  # an earlier try got so far
                write_new(folder / f"{version}{_DELETED}", b"")
            (folder / str(version)).rename(gone)  # all of it at once
            remove_tree(gone)

    def unknown(self, name: object, version: object = None) -> str:
        """Return what to say of a name, or a version of it, that isn't there. It begins as Azure ML's texts do."""
        there = self.versions(name) if isinstance(name, str) else []
        if there and version is not None:
            listed = ", ".join(map(str, there))
            return f"ModelNotFound: the model {name!r} has no version {shown(version)}; it has {listed}"
        listed = ", ".join(self.names()[:12]) or "none yet"
        return (
            f"ModelNotFound: Model with name {name} not found in provided workspace; known: {listed}; "
            "Model.register(ws, model_path, model_name) registers one"
        )

    def _take_place(self, draft: Path, folder: Path) -> int:
        """Give what is whole its version: a folder that isn't empty lets no other take its name."""
        sync_folder(draft)
        while True:
            found = (each.removesuffix(_DELETED) for each in self._taken_in(folder))
            version = 1 + max((int(each) for each in found if number(each)), default=0)
            try:
                draft.rename(folder / str(version))
            except OSError as error:
                if error.errno not in _TAKEN:
                    raise
            else:
                return version

    def _taken_in(self, folder: Path) -> list[str]:
        """Return what is in a folder of the registry. Raises WebserviceException for a link in its place, OSError."""
        try:
            return control_file.names_in(self._workspace.folder, folder)
        except ValueError as error:
            raise WebserviceException(
                f"nothing is registered in {folder}: it, or what leads to it in the workspace, is a link or a file"
            ) from error


def _is_dataset(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and is_text(value.get("scenario"))
        and is_text(value.get("id"))
        and isinstance(value.get("definition"), dict)
    )
