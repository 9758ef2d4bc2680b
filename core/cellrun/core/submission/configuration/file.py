"""A RunConfiguration as Azure ML's `.runconfig` file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from cellrun.core.data.stores.data_reference import DataReferenceConfiguration
from cellrun.core.environments.conda_dependencies import CondaDependencies
from cellrun.core.environments.environment import Environment
from cellrun.core.environments.sources.requirements import text_of
from cellrun.core.errors import UserErrorException, shown
from cellrun.core.names import camel
from cellrun.core.submission.configuration.parts import Part
from cellrun.core.submission.configuration.run_configuration import RunConfiguration

_SUFFIX = ".runconfig"
_FOLDERS = (".azureml", "aml_config", "")
_DEFAULT = "default"
_PACKAGES = "environment.yml"
_SCALARS = (str, int, float, type(None))
_PLAIN = (
    *("script", "command", "arguments", "target", "framework", "communicator", "node_count", "priority"),
    *("max_run_duration_seconds", "source_directory_data_store", "credential_passthrough"),
)
_PARTS = (
    *("history", "spark", "docker", "hdi", "tensorflow", "mpi", "pytorch", "paralleltask"),
    *("amlcompute", "kubernetescompute"),
)


def save(configuration: RunConfiguration, path: str | os.PathLike[str], name: str | None, *, separate: bool) -> Path:
    """Write a configuration; return its file."""
    place = Path(path).expanduser()
    file = place if place.suffix == _SUFFIX else place / ".azureml" / f"{name or _DEFAULT}{_SUFFIX}"
    file.parent.mkdir(parents=True, exist_ok=True)
    data = to_json(configuration)
    if separate and isinstance(environment := configuration.wanted_environment, Environment):
        (file.parent / _PACKAGES).write_text(environment.python.packages().serialize_to_string(), encoding="utf-8")
        data["environment"]["python"] |= {"condaDependencies": None, "condaDependenciesFile": _PACKAGES}
    file.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return file


def found(path: str | os.PathLike[str], name: str | None) -> Path:
    """Return the file of a configuration. Raises UserErrorException if there is none."""
    place = Path(path).expanduser()
    if place.is_file():
        return place
    stem = (name or _DEFAULT).removesuffix(_SUFFIX)
    tried = [place / folder / f"{stem}{_SUFFIX}" for folder in _FOLDERS]
    for file in tried:
        if file.is_file():
            return file
    raise UserErrorException(f"no run configuration {stem!r}: none of {', '.join(map(str, tried))} is there")


def load(path: str | os.PathLike[str], name: str | None) -> RunConfiguration:
    """Read a configuration. Raises UserErrorException for a file that isn't there or isn't one."""
    file = found(path, name)
    try:
        data = yaml.safe_load(text_of(file))
    except yaml.YAMLError as error:
        raise UserErrorException(f"{file} can't be read: {error}") from error
    if not isinstance(data, dict):
        raise UserErrorException(f"{file} is no run configuration: {shown(data)}")
    made = from_json(data, file.parent)
    made.came_from(path, name)
    return made


def to_json(configuration: RunConfiguration) -> dict[str, Any]:
    """Return a configuration as Azure ML's file has it."""
    data = {camel(name): getattr(configuration, name) for name in _PLAIN}
    environment = configuration.wanted_environment
    data["environment"] = environment.to_json() if isinstance(environment, Environment) else None
    data["environmentVariables"] = {key: str(value) for key, value in configuration.environment_variables.items()}
    for name in _PARTS:
        part = getattr(configuration, name)
        data[camel(name)] = part.to_json() if isinstance(part, Part) else part
    references = {
        name: one if isinstance(one, DataReferenceConfiguration) else one.to_config()
        for name, one in configuration.data_references.items()
    }
    data["dataReferences"] = {name: one.to_json() for name, one in references.items()}
    data["arguments"] = [
        one if isinstance(one, (str, int, float, type(None))) else str(one) for one in data["arguments"]
    ]
    return data


def from_json(data: dict[str, Any], folder: Path) -> RunConfiguration:
    """Return what `to_json` returned; files that it names are in a folder, or where the folder's parent has them."""
    made = RunConfiguration()
    for name in _PLAIN:
        if data.get(camel(name)) is not None:
            setattr(made, name, data[camel(name)])
    for name in _PARTS:
        if isinstance(given := data.get(camel(name)), dict):
            getattr(made, name).read(given)
    if isinstance(environment := data.get("environment"), dict):
        made.environment = _environment(environment, folder)
    made.environment_variables = data.get("environmentVariables") or {}
    references = (data.get("dataReferences") or {}).items()
    made.data_references = {name: DataReferenceConfiguration.from_json(one) for name, one in references}
    return made


def _environment(data: dict[str, Any], folder: Path) -> Environment:
    name = {"name": data.get("name") or "project_environment"}
    made = Environment.from_json({**data, **name})
    file = (data.get("python") or {}).get("condaDependenciesFile")
    if file:
        places = [folder / file, folder.parent / file]
        made.python.conda_dependencies = CondaDependencies(next((one for one in places if one.is_file()), places[0]))
    return made
