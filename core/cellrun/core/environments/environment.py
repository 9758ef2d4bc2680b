"""What a run needs besides its code: Azure ML's Environment, which says which Python with which packages."""

from __future__ import annotations

import copy
import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cellrun.core.disk.control_file import MOST_BYTES
from cellrun.core.disk.whole_files import replace_file
from cellrun.core.environment_spec import EnvironmentSpec, without_logins
from cellrun.core.environments.conda_dependencies import FILE_NAME, CondaDependencies
from cellrun.core.environments.conda_prefixes import conda_prefix
from cellrun.core.environments.curated import packages_of
from cellrun.core.environments.lenient import is_strict
from cellrun.core.environments.sections import (
    DockerSection,
    PythonSection,
    databricks_section,
    object_in,
    section_json,
    spark_section,
)
from cellrun.core.environments.sources.requirements import Requirements, path_of, text_of
from cellrun.core.environments.sources.toml import texts
from cellrun.core.errors import UserErrorException, shown, system_reason

if TYPE_CHECKING:
    from cellrun.core.environments.building.build_now import BuiltEnvironment
    from cellrun.core.environments.registered_environments import EnvironmentsByName
    from cellrun.core.layout import WorkspaceLayout

    class HasLayout:
        """A workspace."""

        layout: WorkspaceLayout


ENVIRONMENT_FILE = "azureml_environment.json"
"""The file of an environment in a folder of its own; conda's file stands beside it."""

_NOT_BUILT = "cellrun builds no image: a run is a process, in a Python environment of its own"


class Environment:
    """A Python with packages, variables for what runs in it, a name and, once registered, a version.

    Made by the names of Azure ML's SDK, it is *lenient*: what can't be had as it was asked for is had otherwise, each
    with a warning; the environment variable CELLRUN_BUILD=strict builds exactly this, or not at all.
    """

    def __init__(self, name: str, **_: Any) -> None:
        if not isinstance(name, str) or not name.strip():
            raise UserErrorException(f"an environment's name is a text; got {shown(name)}")
        self.name = name
        self.version: str | None = None
        self.python = PythonSection()
        self.docker = DockerSection()
        self.spark = spark_section()
        self.databricks = databricks_section()
        self.r: Any = None
        self.environment_variables: dict[str, str] = {}
        self.inferencing_stack_version: str | None = None
        self.asset_id: str | None = None
        self._registered_version: str | None = None
        self._constraints: tuple[str, ...] = ()
        self._is_lenient = True
        self._notices: tuple[str, ...] = ()

    @classmethod
    def from_pip_requirements(
        cls, name: str, file_path: str | os.PathLike[str], pip_version: str | None = None
    ) -> Environment:
        """Return the environment of a requirements file, which is read now; files that it names as well.

        Its comments and blank lines are no packages (in Azure ML's they are). Raises UserErrorException for a file or
        a line that can't be read.
        """
        made = cls(name)
        found = Requirements()
        found.read_file(path_of(file_path))
        packages = made.python.conda_dependencies
        if pip_version is not None:
            packages.add_conda_package(f"pip={pip_version}")
        for line in (*found.options, *found.packages):
            packages.add_pip_package(line)
        made._constraints = tuple(found.constraints)
        return made

    @classmethod
    def from_conda_specification(cls, name: str, file_path: str | os.PathLike[str]) -> Environment:
        """Return the environment of conda's file, which is read now. Raises UserErrorException if it can't be."""
        made = cls(name)
        made.python.conda_dependencies = CondaDependencies(file_path)
        return made

    @classmethod
    def from_existing_conda_environment(cls, name: str, conda_environment_name: str) -> Environment:
        """Return an environment of conda that is on this machine; it is used as it is.

        Raises UserErrorException if there is none of that name.
        """
        made = cls(name)
        made.python.user_managed_dependencies = True
        made.python.interpreter_path = str(conda_prefix(conda_environment_name) / "bin" / "python")
        return made

    @classmethod
    def from_docker_image(
        cls,
        name: str,
        image: str,
        container_registry: Any = None,
        conda_specification: str | os.PathLike[str] | None = None,
        pip_requirements: str | os.PathLike[str] | None = None,
    ) -> Environment:
        """Return an environment for an image: the image is noticed and not used, packages that are given are."""
        made = cls._with_given(name, conda_specification, pip_requirements)
        made.docker.base_image = image
        if container_registry is not None:
            made.docker.base_image_registry = container_registry
        return made

    @classmethod
    def from_dockerfile(
        cls,
        name: str,
        dockerfile: str | os.PathLike[str],
        conda_specification: str | os.PathLike[str] | None = None,
        pip_requirements: str | os.PathLike[str] | None = None,
    ) -> Environment:
        """Return an environment for a Dockerfile: the file is noticed and not used, packages that are given are."""
        made = cls._with_given(name, conda_specification, pip_requirements)
        made.docker.base_dockerfile = str(dockerfile)
        return made

    @classmethod
    def from_docker_build_context(cls, name: str, docker_build_context: Any) -> Environment:
        """Return an environment for a folder that an image is built from: it is noticed and not used."""
        made = cls(name)
        made.docker.build_context = str(docker_build_context)
        return made

    @classmethod
    def _with_given(
        cls,
        name: str,
        conda_specification: str | os.PathLike[str] | None,
        pip_requirements: str | os.PathLike[str] | None,
    ) -> Environment:
        if conda_specification is not None and pip_requirements is not None:
            raise UserErrorException("give conda_specification or pip_requirements, not both")
        if pip_requirements is not None:
            return cls.from_pip_requirements(name, pip_requirements)
        return cls(name) if conda_specification is None else cls.from_conda_specification(name, conda_specification)

    @classmethod
    def curated(cls, name: str) -> Environment:
        """Return one of Azure ML's own, `AzureML-…`, with the packages that its name tells of."""
        made = cls(name)
        for line in packages_of(name):
            made.python.conda_dependencies.add_pip_package(line)
        told = ", ".join(packages_of(name)) or "no package, so the Python that submits"
        made._notices = (f"{name} is an environment of Azure ML's; what its name tells of is taken: {told}",)
        return made

    @classmethod
    def from_spec(cls, spec: EnvironmentSpec) -> Environment:
        """Return an environment that has this spec again, for what a run was made with."""
        made = cls(spec.name or "environment")
        made.version = made._registered_version = spec.version
        made.environment_variables = dict(spec.variables)
        made._is_lenient, made._notices, made._constraints = spec.is_lenient, spec.notices, spec.constraints
        if spec.interpreter is not None:
            made.python.user_managed_dependencies = True
            made.python.interpreter_path = spec.interpreter
            return made
        made.python.conda_dependencies = packages = CondaDependencies(
            _underlying_structure={"name": "project_environment", "channels": list(spec.channels)}
        )
        packages.set_python_version(spec.python)
        for line in spec.conda_packages:
            packages.add_conda_package(line)
        for line in (*spec.options, *spec.packages):
            packages.add_pip_package(line)
        return made

    def spec(self) -> EnvironmentSpec:
        """Return what is to be built, as plain data.

        Raises UserErrorException for packages that can't be read, an interpreter that isn't there, and a password in
        the address of a package or an index.
        """
        values = {str(name): str(value) for name, value in (self.environment_variables or {}).items()}
        if self.python.user_managed_dependencies:
            found = EnvironmentSpec(interpreter=self._interpreter())
        else:
            found = self.python.packages().spec()
        return replace(
            found,
            name=self.name,
            version=self.version,
            constraints=(*found.constraints, *(() if found.is_given else self._constraints)),
            variables={**found.variables, **values},
            is_lenient=self._is_lenient and not is_strict(),
            notices=(*self._notices, *found.notices, *self._noticed()),
        )

    def _interpreter(self) -> str:
        path = str(self.python.interpreter_path or "python")
        if path == "python":  # Azure ML's default
            return sys.executable
        if os.sep in path or path.startswith("~"):
            return str(path_of(path).absolute())
        found = shutil.which(path)
        if found is None:
            raise UserErrorException(
                f"python.interpreter_path of environment {self.name!r}: no program {path!r} is on PATH; give the path "
                "of a Python interpreter"
            )
        return found

    def _noticed(self) -> list[str]:
        notices = []
        if docker := self.docker.noticed if isinstance(self.docker, DockerSection) else ["docker"]:
            notices.append(f"settings for containers aren't used ({', '.join(docker)}): a run is a process")
        others = [name for name in ("spark", "databricks") if getattr(getattr(self, name), "is_set", True)]
        if self.r is not None:
            others.append("r")
        if others:
            notices.append(f"settings aren't used that are for other kinds of runs: {', '.join(others)}")
        return notices

    def clone(self, new_name: str) -> Environment:
        """Return a copy under another name, without a version."""
        made = copy.deepcopy(self)
        made.name = Environment(new_name).name
        made.version = made.asset_id = None
        return made

    def register(self, workspace: HasLayout) -> Environment:
        """Keep it in a workspace under its name, and return it with its version.

        That is the next number, or the one of the newest version if that is the same; or `version`, if that was set.
        Raises InvalidNameError for a name or version that is none, UserErrorException for a version that is taken by
        something else, and for a password or secret that it would keep.
        """
        from cellrun.core.environments.registered_environments import RegisteredEnvironments  # noqa: PLC0415  # above

        is_chosen = self.version is not None and self.version != self._registered_version
        kept = RegisteredEnvironments(workspace.layout).register(self, self.version if is_chosen else None)
        self.version = self._registered_version = kept
        return self

    @staticmethod
    def get(
        workspace: HasLayout,
        name: str,
        version: str | int | None = None,
        label: str | None = None,
        *,
        trust: bool = False,
    ) -> Environment:
        """Return an environment of a workspace by its name, its newest version if none is given.

        A name of Azure ML's own (`AzureML-…`) is an environment with the packages that the name tells of.
        Raises UserErrorException if there is none, or unless `trust`, if somebody else has registered it: what it
        installs, and its Python, would run as this user.
        """
        from cellrun.core.environments.registered_environments import RegisteredEnvironments  # noqa: PLC0415  # above

        if label is not None and str(label).lower() != "latest":
            raise UserErrorException(f"an environment has the label 'Latest' alone; got {label!r}; give its version")
        return RegisteredEnvironments(workspace.layout).get(
            name, None if version is None else str(version), trust=trust
        )

    @staticmethod
    def list(workspace: HasLayout) -> EnvironmentsByName:
        """Return the newest version of each environment of a workspace, by name."""
        from cellrun.core.environments.registered_environments import RegisteredEnvironments  # noqa: PLC0415  # above

        return RegisteredEnvironments(workspace.layout).all()

    @staticmethod
    def add_private_pip_wheel(workspace: HasLayout, file_path: str | os.PathLike[str], exist_ok: bool = False) -> str:  # noqa: FBT001, FBT002  # Azure ML's signature
        """Keep a wheel or an sdist in a workspace, and return its address, which `add_pip_package` takes.

        Raises UserErrorException for what is neither by its name, and for one that is there already, unless `exist_ok`.
        """
        from cellrun.core.environments.registered_environments import RegisteredEnvironments  # noqa: PLC0415  # above

        return RegisteredEnvironments(workspace.layout).add_wheel(path_of(file_path), exist_ok=exist_ok)

    @staticmethod
    def label(workspace: HasLayout, name: str, version: str, labels: Any) -> None:  # noqa: ARG004  # Azure ML's signature
        """Raise UserErrorException: labels other than `Latest`, which moves by itself, aren't kept."""
        raise UserErrorException(
            f"labels of an environment aren't kept ({shown(labels)}); name its version: {version!r}"
        )

    def build(self, workspace: HasLayout, image_build_compute: str | None = None) -> BuiltEnvironment:  # noqa: ARG002  # Azure ML's signature
        """Build it on this machine now, unless that is done already, and print how it goes.

        A run that uses it builds it by itself. Raises UserErrorException in the words of what builds it.
        """
        from cellrun.core.environments.building.build_now import build_now  # noqa: PLC0415  # few need it

        return build_now(self.spec())

    def build_local(self, workspace: HasLayout, platform: Any = None, **kwargs: Any) -> BuiltEnvironment:  # noqa: ARG002  # Azure ML's signature
        """Build it as `build` does: there are no images, and no other place to build one in."""
        return self.build(workspace)

    def get_image_details(self, workspace: HasLayout) -> Any:  # noqa: ARG002  # Azure ML's signature
        """Raise UserErrorException: there is no image."""
        raise UserErrorException(f"environment {self.name!r} has no image: {_NOT_BUILT}")

    def save_to_directory(self, path: str | os.PathLike[str], overwrite: bool = False) -> None:  # noqa: FBT001, FBT002  # Azure ML's signature
        """Write it into a folder, as Azure ML does: azureml_environment.json, conda_dependencies.yml.

        Raises UserErrorException if one is there, unless `overwrite`, and for a password in it.
        """
        folder = path_of(path)
        if (folder / ENVIRONMENT_FILE).exists() and not overwrite:
            raise UserErrorException(f"there is an environment in {folder} already; overwrite=True writes over it")
        packages = self.python.packages().serialize_to_string()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            replace_file(folder / ENVIRONMENT_FILE, f"{json.dumps(self.to_json(), indent=4, sort_keys=True)}\n")
            replace_file(folder / FILE_NAME, packages)
        except OSError as error:
            raise UserErrorException(
                f"environment {self.name!r} can't be saved: {folder}: {system_reason(error)}"
            ) from error

    @classmethod
    def load_from_directory(cls, path: str | os.PathLike[str]) -> Environment:
        """Return the environment that `save_to_directory`, Azure ML's too, wrote into a folder.

        Raises UserErrorException if none is there, or one that can't be read.
        """
        folder = path_of(path)
        file = folder / ENVIRONMENT_FILE
        try:
            if file.stat().st_size > MOST_BYTES:
                raise UserErrorException(f"{file} is too large to be an environment")
            made = cls.from_json(json.loads(text_of(file)))
        except (OSError, ValueError, RecursionError) as error:
            why = system_reason(error) if isinstance(error, OSError) else f"it is no JSON: {error}"
            raise UserErrorException(f"no environment can be read from {file}: {why}") from error
        if (folder / FILE_NAME).is_file():
            made.python.conda_dependencies = CondaDependencies(folder / FILE_NAME)
        return made

    def to_json(self) -> dict[str, Any]:
        """Return it as Azure ML's file has it, without the password of a registry."""
        return {
            **({"constraints": list(self._constraints)} if self._constraints else {}),  # Azure ML's file has none
            "assetId": self.asset_id,
            "databricks": section_json(self.databricks),
            "docker": self.docker.to_json() if isinstance(self.docker, DockerSection) else None,
            "environmentVariables": {
                str(name): str(value) for name, value in (self.environment_variables or {}).items()
            },
            "inferencingStackVersion": self.inferencing_stack_version,
            "name": self.name,
            "python": self.python.to_json(),
            "r": section_json(self.r),
            "spark": section_json(self.spark),
            "version": self.version,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Environment:
        """Return what `to_json`, Azure ML's too, returned. Raises UserErrorException for what can't be one."""
        if not isinstance(data, Mapping):
            raise UserErrorException(f"an environment is a JSON object; got {shown(data)}")
        made = cls(data.get("name") or "environment")
        made.version = None if data.get("version") is None else str(data["version"])
        made._registered_version = made.version
        made.python = PythonSection.from_json(object_in(data, "python"))
        made.docker = DockerSection.from_json(object_in(data, "docker"))
        made.spark.read(object_in(data, "spark"))
        made.databricks.read(object_in(data, "databricks"))
        variables = object_in(data, "environmentVariables")
        made.environment_variables = {str(name): str(value) for name, value in variables.items()}
        made._constraints = tuple(texts(dict(data), "an environment", "constraints"))
        made.inferencing_stack_version = data.get("inferencingStackVersion")
        made.r = data.get("r")
        return made

    def __repr__(self) -> str:
        return without_logins(json.dumps(self.to_json(), indent=4, sort_keys=True, default=str))
