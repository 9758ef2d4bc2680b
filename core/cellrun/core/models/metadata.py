"""The metadata of a model: what users say of it, who registers it and by which run; and the filters of a list."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from cellrun.core.errors import UserErrorException, shown
from cellrun.core.identity import own_run
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.models.model_datasets import kept_dataset, kept_datasets
from cellrun.core.models.registered_models import ModelAbout, RegisteredModel, RegisteredModels
from cellrun.core.store.record import RunRecord

if TYPE_CHECKING:
    from cellrun.core.data.datasets.abstract_dataset import AbstractDataset
    from cellrun.core.models.resource_configuration import ResourceConfiguration

    Wanted = str | Iterable[Any] | None

LATEST = "latest"


class ModelFramework:
    """What a model was made by, in Azure ML's words; any other text does as well."""

    CUSTOM = "Custom"
    ONNX = "Onnx"
    PYTORCH = "PyTorch"
    SCIKITLEARN = "ScikitLearn"
    TENSORFLOW = "TensorFlow"
    FRAMEWORKS = (CUSTOM, ONNX, PYTORCH, SCIKITLEARN, TENSORFLOW)


def about_model(  # noqa: PLR0913  # what may be said of it
    *,
    tags: Mapping[str, object] | None = None,
    properties: Mapping[str, object] | None = None,
    description: str | None = None,
    datasets: Iterable[tuple[str, AbstractDataset]] | None = None,
    sample_input_dataset: AbstractDataset | None = None,
    sample_output_dataset: AbstractDataset | None = None,
    resource_configuration: ResourceConfiguration | None = None,
) -> ModelAbout:
    """Return what is said of a model as it is kept. Raises UserErrorException for what can't be."""
    return ModelAbout(
        description,
        as_texts("tags", tags),
        as_texts("properties", properties),
        kept_datasets(datasets),
        kept_dataset(sample_input_dataset),
        kept_dataset(sample_output_dataset),
        resource_configuration.serialize() if resource_configuration else None,
    )


def as_texts(what: str, given: Mapping[str, object] | None) -> dict[str, str]:
    """Return tags or properties as texts, as Azure ML's service makes of what it is given."""
    if given is not None and not isinstance(given, Mapping):
        raise UserErrorException(f"{what} of a model are a dict of names and texts; got {shown(given)}")
    return {key: value if isinstance(value, str) else str(value) for key, value in (given or {}).items()}


def chosen(  # noqa: PLR0913, PLR0917  # what may be asked
    known: RegisteredModels,
    name: str | None,
    version: int | str | None = None,
    tags: Wanted = None,
    properties: Wanted = None,
    run_id: str | None = None,
    framework: str | None = None,
) -> list[RegisteredModel]:
    """Return the versions that fit, newest first. Raises WebserviceException if the one that was asked is damaged."""
    if name is not None and version is not None and version != LATEST:
        number = int(version) if isinstance(version, str) and version.isdecimal() else version
        if not isinstance(number, int) or isinstance(number, bool) or number not in known.versions(name):
            return []
        found = [known.get(name, number)]
    else:
        found = list(known.all(name))
    return [
        each
        for each in found
        if _fits(each.about.tags, tags, "tags")
        and _fits(each.about.properties, properties, "properties")
        and run_id in {None, each.record.run}
        and framework in {None, each.record.framework}
    ]


def _fits(there: Mapping[str, str], wanted: Wanted, what: str) -> bool:
    """Whether all that is wanted is there: a name, or a name with its value."""
    asked = wanted.items() if isinstance(wanted, Mapping) else [wanted] if isinstance(wanted, str) else wanted or ()
    for each in asked:
        name, *value = [each] if isinstance(each, str) else list(each)
        if len(value) > 1 or not isinstance(name, str):
            raise UserErrorException(
                f"{what} are asked for by names and pairs, ['a', ['b', 'its value']]; got {shown(each)}"
            )
        if name not in there or (value and there[name] != str(value[0])):
            return False
    return True


def this_run(workspace: WorkspaceLayout) -> tuple[str, str] | None:
    """Return the run of a workspace that this code is part of, and its experiment."""
    run = own_run()
    if run is None or run.workspace.folder != workspace.folder:
        return None
    with suppress(OSError, ValueError):  # its record is damaged: the model is none the worse
        return run.run_id, RunRecord.read(run).experiment
    return None


def this_user() -> str:
    """Return who registers a model: this user's name, or number where there is none."""
    import getpass  # noqa: PLC0415  # few register a model

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's random user
        return str(os.getuid())
