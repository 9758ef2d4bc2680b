"""Reads what users give as an environment: a file, a name, a Python, the notebook's own, single packages."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol, runtime_checkable

from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.conda_dependencies import CondaDependencies
from cellrun.core.environments.interpreter import interpreter_of
from cellrun.core.environments.package_lines import local_path, requirement
from cellrun.core.environments.registered_environments import RegisteredEnvironments
from cellrun.core.environments.sources.notebook import NOTEBOOK, spec_of_notebook
from cellrun.core.environments.sources.pyproject import spec_of_pyproject
from cellrun.core.environments.sources.requirements import path_of, spec_of_packages, spec_of_requirements
from cellrun.core.errors import UserErrorException, shown
from cellrun.core.layout import WorkspaceLayout

_PYPROJECT = re.compile(r"(?P<file>.*\.toml)(?:\[(?P<extras>[\w\s,.-]*)\])?")
_FILES = "requirements.txt, pyproject.toml, pyproject.toml[extra], environment.yml"


@runtime_checkable
class HasSpec(Protocol):
    """An Environment."""

    def spec(self) -> EnvironmentSpec:
        """Return what is to be built."""


def spec_from(
    given: str | os.PathLike[str] | EnvironmentSpec | HasSpec | None,
    workspace: WorkspaceLayout | None = None,
    packages: Iterable[str] = (),
) -> str | EnvironmentSpec | None:
    """Return the environment that a user means, with further packages: what `--environment` and `--with-package` take.

    A text is, in this order: `notebook`; a file by its ending (`*.txt`, `*.toml`, `*.toml[extra]`, `*.yml`, `*.yaml`);
    a name registered in the workspace, `name` or `name:version`; the path of an interpreter or the folder of its
    environment, which stays the text that it is. None without packages is None.

    Raises UserErrorException for what is none of these, what can't be read, and packages for a Python that is there.
    """
    added = spec_of_packages(packages)
    found = _read(given, workspace)
    if not added.packages and not added.options:
        return found
    if found is None:
        return added
    if isinstance(found, str) or found.is_given:
        python = found if isinstance(found, str) else found.interpreter
        raise UserErrorException(
            f"nothing is installed into a Python of your own ({python}), so it takes no further "
            f"packages; name what is needed ({_FILES}), or {NOTEBOOK} for what this Python has"
        )
    return replace(
        found,
        packages=tuple(dict.fromkeys((*found.packages, *added.packages))),
        options=tuple(dict.fromkeys((*found.options, *added.options))),
        notices=(*found.notices, *added.notices),
    )


def _read(
    given: str | os.PathLike[str] | EnvironmentSpec | HasSpec | None, workspace: WorkspaceLayout | None
) -> str | EnvironmentSpec | None:
    if given is None or isinstance(given, EnvironmentSpec):
        return given
    if isinstance(given, HasSpec):
        return given.spec()
    if not isinstance(given, (str, os.PathLike)) or not str(given):
        raise UserErrorException(f"an environment is a text, an Environment or None; got {shown(given)}")
    text = os.fspath(given)
    if text == NOTEBOOK:
        return spec_of_notebook()
    if (file := _file_spec(text)) is not None:
        return _strict(file, text)
    return _named(text, workspace)


def _file_spec(text: str) -> EnvironmentSpec | None:
    path = path_of(text)
    if path.is_dir():
        return None
    if path.suffix == ".txt":
        return spec_of_requirements(path)
    if path.suffix in {".yml", ".yaml"}:
        return CondaDependencies(path).spec()
    if project := _PYPROJECT.fullmatch(text):
        extras = [extra.strip() for extra in (project["extras"] or "").split(",") if extra.strip()]
        return spec_of_pyproject(path_of(project["file"]), extras)
    return None


def _strict(spec: EnvironmentSpec, text: str) -> EnvironmentSpec:
    """Return a spec whose files are here. Raises UserErrorException: the resolver would only say that it finds none."""
    for line in spec.packages:
        path = local_path(line)
        if path is not None and not path.exists():
            raise UserErrorException(
                f"{text}: {requirement(line).name} is to come from {path}, which isn't on this machine; write a "
                f"version instead: {requirement(line).name}==…"
            )
    return spec


def _named(text: str, workspace: WorkspaceLayout | None) -> str | EnvironmentSpec:
    path_of(text)  # or refused
    if os.sep in text or text.startswith(("~", ".")):
        return text
    registered = None if workspace is None else RegisteredEnvironments(workspace)
    name, _, version = text.partition(":")
    if registered is not None and registered.knows(name):
        return registered.get(name, version or None).spec()
    if interpreter_of(text).is_file() or registered is None or shutil.which(text):
        return text  # what is wrong with it is said where it is looked for
    raise UserErrorException(
        f"no environment {text!r}: {registered.unknown(name)}; else give a file ({_FILES}), the path of a Python or of "
        f"its environment, or {NOTEBOOK} for what this Python has"
    )
