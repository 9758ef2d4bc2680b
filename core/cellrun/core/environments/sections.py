"""The parts of an Environment that Azure ML gives it: python, docker, and those that cellrun only notices."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from cellrun.core.environments.conda_dependencies import CondaDependencies
from cellrun.core.environments.sources.requirements import path_of
from cellrun.core.errors import UserErrorException, shown
from cellrun.core.names import camel

_AZURES_IMAGES = "mcr.microsoft.com/azureml/"


class PythonSection:
    """Which Python, with which packages.

    `user_managed_dependencies`: nothing is built, `interpreter_path` is used as it is; "python" is the one that
    submits. Else `conda_dependencies` are built, or those of `conda_dependencies_file`, if one is set.
    """

    def __init__(self, **_: Any) -> None:
        self.user_managed_dependencies = False
        self.interpreter_path = "python"
        self.base_conda_environment: str | None = None
        self.conda_dependencies = CondaDependencies()
        self._file: str | None = None

    @property
    def conda_dependencies_file(self) -> str | None:
        """The file that the packages are read from, each time; None: they are `conda_dependencies`."""
        return self._file

    @conda_dependencies_file.setter
    def conda_dependencies_file(self, path: str | os.PathLike[str] | None) -> None:
        self._file = None if path is None else str(path_of(path).absolute())

    def packages(self) -> CondaDependencies:
        """Return what is to be installed. Raises UserErrorException for a file that can't be read."""
        found = self.conda_dependencies if self._file is None else CondaDependencies(self._file)
        if not isinstance(found, CondaDependencies):
            raise UserErrorException(f"python.conda_dependencies are CondaDependencies; got {shown(found)}")
        return found

    def to_json(self) -> dict[str, Any]:
        """Return it as Azure ML's file has it; the packages of a file are in it."""
        return {
            "baseCondaEnvironment": self.base_conda_environment,
            "condaDependencies": self.packages().as_dict(),
            "condaDependenciesFile": None,
            "interpreterPath": self.interpreter_path,
            "userManagedDependencies": bool(self.user_managed_dependencies),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> PythonSection:
        """Return what `to_json` returned. Raises UserErrorException for what can't be."""
        made = cls()
        made.user_managed_dependencies = bool(data.get("userManagedDependencies"))
        made.interpreter_path = str(data.get("interpreterPath") or "python")
        made.base_conda_environment = data.get("baseCondaEnvironment")
        made.conda_dependencies = CondaDependencies(_underlying_structure=data.get("condaDependencies"))
        return made


class DockerSection(SimpleNamespace):
    """What Azure ML's containers are to be. cellrun starts none: what is set is kept, and noticed."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**{name: copy.deepcopy(value) for name, value in _DOCKER.items()})
        self.base_image_registry = SimpleNamespace(address=None, username=None, password=None, registry_identity=None)
        self.platform = SimpleNamespace(architecture="amd64", os="Linux")
        vars(self).update(given)

    @property
    def noticed(self) -> list[str]:
        """The names of what was set to something of one's own."""
        values = vars(self)
        found = [name for name, default in _DOCKER.items() if values.get(name) != default]
        if str(values.get("base_image")).startswith(_AZURES_IMAGES):
            found.remove("base_image")
        return found

    def to_json(self) -> dict[str, Any]:
        """Return it as Azure ML's file has it, without the password of a registry."""
        registry, platform = self.base_image_registry, self.platform
        return {
            **{camel(name): getattr(self, name, None) for name in _DOCKER},
            "baseImageRegistry": {
                "address": getattr(registry, "address", None),
                "password": None,
                "registryIdentity": None,
                "username": getattr(registry, "username", None),
            },
            "platform": {name: getattr(platform, name, None) for name in ("architecture", "os")},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> DockerSection:
        """Return what `to_json` returned. Raises UserErrorException for what can't be."""
        made = cls(**{name: data[camel(name)] for name in _DOCKER if camel(name) in data})
        registry = object_in(data, "baseImageRegistry")
        vars(made.base_image_registry).update({name: registry.get(name) for name in ("address", "username")})
        vars(made.platform).update(object_in(data, "platform"))
        return made


_DOCKER: Mapping[str, Any] = {
    "arguments": [],
    "base_dockerfile": None,
    "base_image": None,
    "build_context": None,
    "enabled": False,
    "gpu_support": None,
    "shared_volumes": True,
    "shm_size": None,
}


class NoticedSection(SimpleNamespace):
    """A part of an Environment that is for other kinds of runs (Spark, Databricks, R): kept, and noticed if set."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**copy.deepcopy(given))
        self._default = copy.deepcopy(given)

    @property
    def is_set(self) -> bool:
        """Whether somebody has changed it."""
        return self.values != self._default

    @property
    def values(self) -> dict[str, Any]:
        """What is in it."""
        return {name: value for name, value in vars(self).items() if name != "_default"}

    def to_json(self) -> dict[str, Any]:
        """Return it as Azure ML's file has it."""
        return {camel(name): value for name, value in self.values.items()}

    def read(self, data: Mapping[str, Any]) -> None:
        """Take what `to_json` returned."""
        for name, default in self._default.items():
            setattr(self, name, data.get(camel(name), default))


def spark_section() -> NoticedSection:
    """Return Azure ML's settings for Spark, as they are if nobody changes them."""
    return NoticedSection(packages=[], precache_packages=True, repositories=[])


def databricks_section() -> NoticedSection:
    """Return Azure ML's settings for Databricks, as they are if nobody changes them."""
    kinds = ("egg", "jar", "maven", "pypi", "rcran")
    return NoticedSection(**{f"{kind}_libraries": [] for kind in kinds})


def section_json(section: Any) -> Any:
    """Return a section as Azure ML's file has it; what isn't one stays."""
    return section.to_json() if isinstance(section, NoticedSection) else section


def object_in(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return a JSON object in another, {} if it isn't there. Raises UserErrorException for another type."""
    found = data.get(key)
    if not isinstance(found, (Mapping, type(None))):
        raise UserErrorException(f"an environment's {key} is a JSON object; got {shown(found)}")
    return found or {}
