"""A model: files that are registered in a workspace under a name, a version each time."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from cellrun.core.errors import (
    ModelNotFoundException,
    RunNotFoundError,
    UserErrorException,
    WebserviceException,
    shown,
)
from cellrun.core.identity import own_run, parents_run
from cellrun.core.models.metadata import ModelFramework, about_model, as_texts, chosen, this_run, this_user
from cellrun.core.models.model_datasets import dataset_kept, kept_datasets
from cellrun.core.models.model_files import LocalFiles, ModelSource, bring, in_current_folder
from cellrun.core.models.registered_models import ModelAbout, ModelRecord, RegisteredModel, RegisteredModels
from cellrun.core.models.resource_configuration import ResourceConfiguration
from cellrun.core.store.registry import wrap_system_errors
from cellrun.core.unsupported import refused
from cellrun.core.workspace_config import configured_workspace

if TYPE_CHECKING:
    from cellrun.core.data.datasets.abstract_dataset import AbstractDataset
    from cellrun.core.models.metadata import Wanted
    from cellrun.core.runs.run import Run
    from cellrun.core.workspace import Workspace

    Datasets = list[AbstractDataset]
    ModelIds = list[str]

_SERVES = "serves a model from Azure"
_LOAD = "load the file that Model.get_model_path(name) returns, and call it"


class Model:
    """A registered model: its files, as they were then, and what is said of them (Azure ML's name).

    `Model(ws, "name")` is the newest version of a name that fits all that is asked; `Model(ws, id="name:2")` one of
    them. Raises ModelNotFoundException, a WebserviceException, if there is none.

    tags, properties: names that it has, or pairs of a name and its value: ["a", ["b", "value of b"]].
    """

    Framework: ClassVar[type[ModelFramework]] = ModelFramework

    deploy = staticmethod(refused("Model.deploy", _SERVES, _LOAD))
    package = staticmethod(refused("Model.package", _SERVES, _LOAD))
    profile = staticmethod(refused("Model.profile", _SERVES, _LOAD))
    print_configuration = staticmethod(refused("Model.print_configuration", _SERVES, _LOAD))

    def __init__(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        self,
        workspace: Workspace,
        name: str | None = None,
        id: str | None = None,  # noqa: A002  # Azure ML's name
        tags: Wanted = None,
        properties: Wanted = None,
        version: int | str | None = None,
        run_id: str | None = None,
        model_framework: str | None = None,
        expand: bool = True,  # noqa: FBT001, FBT002  # Azure ML's signature
        **_: Any,
    ) -> None:
        del expand  # its run and datasets are asked for when they are
        if name is None and id is None:
            raise UserErrorException(
                "a model is found by its name or its id: Model(ws, 'name'), Model(ws, id='name:2')"
            )
        if id is not None:
            name, _colon, version = str(id).rpartition(":")
        known = RegisteredModels(workspace.layout)
        found = chosen(known, str(name), version, tags, properties, run_id, model_framework)
        if not found:
            raise ModelNotFoundException(known.unknown(name, version))
        self._is(workspace, found[0])

    @classmethod
    def register(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        cls,
        workspace: Workspace,
        model_path: str | os.PathLike[str],
        model_name: str,
        tags: Mapping[str, object] | None = None,
        properties: Mapping[str, object] | None = None,
        description: str | None = None,
        datasets: Iterable[tuple[str, AbstractDataset]] | None = None,
        model_framework: str | None = None,
        model_framework_version: str | None = None,
        child_paths: Sequence[str | os.PathLike[str]] | None = None,
        sample_input_dataset: AbstractDataset | None = None,
        sample_output_dataset: AbstractDataset | None = None,
        resource_configuration: ResourceConfiguration | None = None,
    ) -> Model:
        """Copy a file or a folder into a workspace as the next version of a name, and return that.

        In the code of a submitted run it is that run's. `child_paths`: of the folder these alone. What the copies hold
        isn't looked at; whoever loads a pickle runs it.
        Raises ModelPathNotFoundException for a path that isn't there, InvalidNameError for a name that is none,
        WebserviceException where the disk doesn't take it: then nothing is registered.
        """
        source = LocalFiles(model_path, child_paths)
        print(f"Registering model {model_name}")  # noqa: T201  # as Azure ML does
        about = about_model(
            tags=tags,
            properties=properties,
            description=description,
            datasets=datasets,
            sample_input_dataset=sample_input_dataset,
            sample_output_dataset=sample_output_dataset,
            resource_configuration=resource_configuration,
        )
        framework = (model_framework, model_framework_version)
        return register(workspace, source, model_name, about, framework, run=this_run(workspace.layout))

    @classmethod
    def list(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        cls,
        workspace: Workspace,
        name: str | None = None,
        tags: Wanted = None,
        properties: Wanted = None,
        run_id: str | None = None,
        latest: bool = False,  # noqa: FBT001, FBT002  # Azure ML's signature
        dataset_id: str | None = None,
        expand: bool = True,  # noqa: FBT001, FBT002  # as above
        page_count: int = 255,
        model_framework: str | None = None,
    ) -> list[Model]:
        """Return the versions that fit all that is asked, newest first; with `latest` of each name the newest alone."""
        del expand, page_count  # of the service's pages
        known = RegisteredModels(workspace.layout)
        found = chosen(known, name, None, tags, properties, run_id, model_framework)
        if dataset_id is not None:
            found = [each for each in found if any(one["id"] == dataset_id for one in each.about.datasets)]
        if latest:
            newest = {each.name: each for each in reversed(found)}
            found = [each for each in found if newest[each.name] is each]
        return [_opened(workspace, each) for each in found]

    @staticmethod
    def get_model_path(model_name: str, version: int | str | None = None, _workspace: Workspace | None = None) -> str:
        """Return where the file or folder of a model is, its newest version if none is given: to be read, not changed.

        It is looked for in the workspace of the run that this code is part of, else in the one that
        `Workspace.from_config()` opens; and, as with Azure ML, in `azureml-models/<name>/<version>` below the current
        folder, which comes first. Raises ModelNotFoundException if it is in neither.
        """
        if cached := in_current_folder(model_name, version):
            return str(cached)
        run = own_run() or parents_run()
        layout = _workspace.layout if _workspace is not None else run.workspace if run else configured_workspace()
        known = RegisteredModels(layout)
        found = chosen(known, model_name, version)
        if not found:
            raise ModelNotFoundException(known.unknown(model_name, version))
        return str(known.path(found[0]))

    def download(
        self,
        target_dir: str | os.PathLike[str] = ".",
        exist_ok: bool = False,  # noqa: FBT001, FBT002  # Azure ML's signature
        exists_ok: bool | None = None,  # noqa: FBT001  # as above
    ) -> str:
        """Copy the model's file or folder into a folder, which is made if needed; return the copy's path.

        Raises UserErrorException if it is there already, unless `exist_ok`.
        """
        source = self._known.path(self._registered_model)
        target = Path(target_dir) / source.name
        with wrap_system_errors(WebserviceException, f"the model {self.id} can't be copied to {target}"):
            bring(source, target, overwrite=exist_ok if exists_ok is None else exists_ok)
        return str(target)

    def delete(self) -> None:
        """Delete this version and its files; its number stays taken. Raises ModelNotFoundException if it is gone."""
        self._known.remove(self.name, self.version)

    def add_tags(self, tags: Mapping[str, object]) -> None:
        """Add tags, or change them."""
        self.update_tags_properties(add_tags=tags)

    def remove_tags(self, tags: str | Iterable[str]) -> None:
        """Take tags away, by their names; one that isn't there is gone already."""
        self.update_tags_properties(remove_tags=tags)

    def add_properties(self, properties: Mapping[str, object]) -> None:
        """Add properties. Raises UserErrorException for one that is there with another value: they never change."""
        self.update_tags_properties(add_properties=properties)

    def update_tags_properties(
        self,
        add_tags: Mapping[str, object] | None = None,
        remove_tags: str | Iterable[str] | None = None,
        add_properties: Mapping[str, object] | None = None,
    ) -> None:
        """Take tags away, add tags, and add properties. Raises as `add_properties` does."""
        about = self._about()
        gone = {remove_tags} if isinstance(remove_tags, str) else set(remove_tags or ())
        kept = {tag: value for tag, value in about.tags.items() if tag not in gone}
        new = as_texts("properties", add_properties)
        if changed := [key for key, value in new.items() if about.properties.get(key, value) != value]:
            raise UserErrorException(
                f"the properties of a model never change: {', '.join(changed)}; a tag can, model.add_tags({{…}})"
            )
        tags = {**kept, **as_texts("tags", add_tags)}
        self._say(about._replace(tags=tags, properties={**about.properties, **new}))

    def add_dataset_references(self, datasets: Iterable[tuple[str, AbstractDataset]]) -> None:
        """Add datasets that it was made from, as pairs: [(Dataset.Scenario.TRAINING, dataset)]."""
        about = self._about()
        self._say(about._replace(datasets=(*about.datasets, *kept_datasets(datasets))))

    def update(
        self,
        tags: Mapping[str, object] | None = None,
        description: str | None = None,
        sample_input_dataset: AbstractDataset | None = None,
        sample_output_dataset: AbstractDataset | None = None,
        resource_configuration: ResourceConfiguration | None = None,
    ) -> None:
        """Change what is said of it; what isn't given stays. Tags that are given take the place of all others."""
        new = about_model(
            tags=tags,
            description=description,
            sample_input_dataset=sample_input_dataset,
            sample_output_dataset=sample_output_dataset,
            resource_configuration=resource_configuration,
        )
        before = self._about()
        self._say(
            before._replace(
                tags=before.tags if tags is None else new.tags,
                description=new.description or before.description,
                sample_input=new.sample_input or before.sample_input,
                sample_output=new.sample_output or before.sample_output,
                resources=new.resources or before.resources,
            )
        )

    def get_sas_urls(self) -> dict[str, str]:
        """Return the address of each of its files, by its path: a `file:` one, as they are on this disk."""
        root = self._known.path(self._registered_model)
        files = sorted(path for path in root.rglob("*") if path.is_file()) if root.is_dir() else [root]
        return {path.relative_to(root.parent).as_posix(): path.as_uri() for path in files}

    def serialize(self) -> dict[str, Any]:
        """Return it as JSON has it, by Azure ML's keys."""
        about = self._registered_model.about
        return {
            "createdTime": self.created_time.isoformat(),
            "createdBy": self.created_by,
            "description": self.description,
            "id": self.id,
            "mimeType": self.mime_type,
            "name": self.name,
            "framework": self.model_framework,
            "frameworkVersion": self.model_framework_version,
            "tags": dict(self.tags),
            "properties": dict(self.properties),
            "unpack": self.unpack,
            "url": self.url,
            "version": self.version,
            "experimentName": self.experiment_name,
            "runId": self.run_id,
            "datasets": [{"name": one["scenario"], "id": one["id"]} for one in about.datasets],
            "sampleInputDatasetId": about.sample_input and about.sample_input["id"],
            "sampleOutputDatasetId": about.sample_output and about.sample_output["id"],
            "resourceRequirements": about.resources,
        }

    @classmethod
    def deserialize(cls, workspace: Workspace, model_payload: Mapping[str, Any]) -> Model:
        """Return the model that `serialize` has told of. Raises ModelNotFoundException if it isn't there any more."""
        if not isinstance(model_payload, Mapping) or not isinstance(model_payload.get("id"), str):
            raise UserErrorException(f"a model is found by what model.serialize() returns; got {shown(model_payload)}")
        return cls(workspace, id=model_payload["id"])

    @property
    def run(self) -> Run | None:
        """The run that made it; None if none did, or it is deleted."""
        if self.run_id is None:
            return None
        try:
            return self.workspace.get_run(self.run_id)
        except RunNotFoundError:
            return None

    @property
    def datasets(self) -> dict[str, Datasets]:
        """The datasets that it was made from, by their scenario ("training")."""
        found: dict[str, Datasets] = {}
        for each in self._registered_model.about.datasets:
            if dataset := dataset_kept(each, self.workspace):
                found.setdefault(each["scenario"], []).append(dataset)
        return found

    @property
    def sample_input_dataset(self) -> AbstractDataset | None:
        """An example of what it takes."""
        return dataset_kept(self._registered_model.about.sample_input, self.workspace)

    @property
    def sample_output_dataset(self) -> AbstractDataset | None:
        """An example of what it gives."""
        return dataset_kept(self._registered_model.about.sample_output, self.workspace)

    @property
    def _known(self) -> RegisteredModels:
        return RegisteredModels(self.workspace.layout)

    def _about(self) -> ModelAbout:
        """Return what is said of it now: somebody else may have changed it."""
        return self._known.get(self.name, self.version).about

    def _say(self, about: ModelAbout) -> None:
        self._is(self.workspace, self._known.say(self._registered_model, about))

    def _is(self, workspace: Workspace, registered: RegisteredModel) -> None:
        record, about = registered.record, registered.about
        place = RegisteredModels(workspace.layout).place(registered)
        self._registered_model = registered
        self.workspace = workspace
        self.name = registered.name
        self.version = registered.version
        self.id = f"{registered.name}:{registered.version}"
        self.created_time = datetime.fromtimestamp(record.created, timezone.utc)
        self.created_by = record.created_by
        self.description = about.description
        self.tags = dict(about.tags)
        self.properties = dict(about.properties)
        self.model_framework = record.framework
        self.model_framework_version = record.framework_version
        self.run_id = record.run
        self.experiment_name = record.experiment
        self.resource_configuration = ResourceConfiguration.deserialize(about.resources)
        self.url = place.as_uri()
        self.unpack = place.is_dir()
        self.mime_type = "application/x-python"
        self.parent_id: str | None = None
        self.derived_model_ids: ModelIds = []

    def __eq__(self, other: object) -> bool:
        return (self.workspace, self.id) == (other.workspace, other.id) if isinstance(other, Model) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.workspace, self.id))

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how it is pickled: by reference; its files stay where they are."""
        return Model, (self.workspace, self.name, None, None, None, self.version)

    def __repr__(self) -> str:
        return (
            f"Model(workspace={self.workspace!r}, name={self.name}, id={self.id}, version={self.version}, "
            f"tags={self.tags}, properties={self.properties})"
        )


def register(  # noqa: PLR0913  # what a model consists of
    workspace: Workspace,
    source: ModelSource,
    name: str,
    about: ModelAbout,
    framework: tuple[str | None, str | None],
    *,
    run: tuple[str, str] | None = None,
) -> Model:
    """Register what a source brings. `framework` and its version; `run`: the id of the run, and its experiment."""
    by, its_version = framework
    record = ModelRecord(
        time.time(),
        this_user(),
        source.name,
        str(by or ModelFramework.CUSTOM),
        None if its_version is None else str(its_version),
        *(run or (None, None)),
    )
    return _opened(workspace, RegisteredModels(workspace.layout).add(name, record, about, source.copy_into))


def models_by_name(workspace: Workspace) -> dict[str, Model]:
    """Return the newest version of each model of a workspace."""
    return {model.name: model for model in Model.list(workspace, latest=True)}


def _opened(workspace: Workspace, registered: RegisteredModel) -> Model:
    model = Model.__new__(Model)
    model._is(workspace, registered)  # noqa: SLF001  # this is its second constructor
    return model
