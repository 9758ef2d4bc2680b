"""The environments that are registered in a workspace: by name and version, each written once."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
import warnings
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from cellrun.core import names
from cellrun.core.context.signature import sign, why_not_own
from cellrun.core.disk.control_file import is_number, parsed, read_control_file
from cellrun.core.disk.whole_files import json_text, make_private_folder
from cellrun.core.environment_spec import has_secret_name, login_problems
from cellrun.core.environments.curated import is_curated
from cellrun.core.environments.environment import Environment
from cellrun.core.environments.sources.requirements import file_url, named_by_file
from cellrun.core.errors import UserErrorException, shown, system_reason
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.store.registry import VersionedRegistry, known_words, wrap_read_errors, wrap_system_errors

_VERSION = 1
_LATER_S = 1e-6


class EnvironmentsByName(dict[str, Environment]):
    """Environments by name. One of Azure ML's own, `AzureML-…`, is there when it is asked for."""

    def __missing__(self, name: str) -> Environment:
        if isinstance(name, str) and is_curated(name):
            return Environment.curated(name)
        raise KeyError(name)


class RegisteredEnvironments(VersionedRegistry[str]):
    """The environments of a workspace: a folder for each name, in it a file for each version, never changed."""

    def __init__(self, workspace: WorkspaceLayout) -> None:
        """Raise WorkspaceElsewhereError as `Registry`."""
        super().__init__(workspace, workspace.environments, "environments", _version)

    def knows(self, name: str) -> bool:
        """Whether there is one of that name; Azure ML's own are known, too."""
        return is_curated(name) or bool(self.versions(name))

    def all(self) -> EnvironmentsByName:
        """Return the newest version of each; one that can't be read is left out with a warning that says why."""
        found = EnvironmentsByName()
        for name in self.names():
            try:
                found[name] = self.get(name)
            except UserErrorException as error:
                warnings.warn(str(error), stacklevel=2)
        return found

    def get(self, name: object, version: str | None = None, *, trust: bool = False) -> Environment:
        """Return one by its name, its newest version if none is given; one of Azure ML's own by what its name tells.

        Raises UserErrorException if there is none, if it can't be read, or unless `trust`, if this user didn't register
        it as it is: its packages and its Python are code that would run as them.
        """
        versions = self.versions(name) if isinstance(name, str) else []
        if not versions and isinstance(name, str) and is_curated(name):
            return Environment.curated(name)
        if not isinstance(name, str) or not versions:
            raise UserErrorException(self.unknown(name))
        if version is not None and version not in versions:
            known = ", ".join(sorted(versions, key=_order))
            raise UserErrorException(f"environment {name!r} has no version {version!r}; its versions: {known}")
        chosen = self._newest(name, versions) if version is None else version
        content = self._content_of(name, chosen)
        found = self._environment(name, chosen, content)
        if not trust and (why := why_not_own(self._path(name, chosen), content, _signed_as(name, chosen))):
            raise UserErrorException(
                f"environment {name!r}, version {chosen!r}, isn't used: {why}; if you trust whoever registered it: "
                f"Environment.get(ws, {name!r}, {chosen!r}, trust=True).register(ws)"
            )
        return found

    def register(self, environment: Environment, version: str | None) -> str:
        """Keep an environment; return its version: the given one, or the next number.

        Where the newest version is the same, that is its version; so is a given one that is there and the same: if
        somebody else has registered it, it is trusted from now on. Raises InvalidNameError, and UserErrorException for
        another one under a given version, and for what would be kept that is a secret.
        """
        name = names.environment_name(environment.name)
        content = _content(environment.to_json())
        _refuse_secrets(environment)
        if version is not None:
            return self._register_as(names.environment_version(version), name, content)
        while True:
            versions = self.versions(name)
            newest = self._newest(name, versions) if versions else None
            if newest is not None and self._holds(name, newest, content):
                return newest
            following = str(1 + max((int(each) for each in versions if each.isdecimal()), default=0))
            if self._write(name, following, content, newest):
                return following

    def add_wheel(self, path: Path, *, exist_ok: bool) -> str:
        """Keep a wheel or an sdist; return its address, with its hash. Raises UserErrorException."""
        named_by_file(path.name)
        kept = self._workspace.wheels / path.name
        if kept.exists() and not exist_ok:
            raise UserErrorException(f"the workspace has a wheel {path.name} already; exist_ok=True takes that one")
        if not kept.exists():
            draft = kept.with_name(f".{kept.name}.{os.urandom(4).hex()}")
            try:
                make_private_folder(kept.parent)
                shutil.copyfile(path, draft)
                draft.replace(kept)
            except OSError as error:
                draft.unlink(missing_ok=True)
                why = system_reason(error)
                raise UserErrorException(f"the wheel {path} can't be kept: {why}") from error
        return file_url(kept)

    def _register_as(self, version: str, name: str, content: Mapping[str, Any]) -> str:
        versions = self.versions(name)
        newest = self._newest(name, versions) if versions else None
        if not self._write(name, version, content, newest) and not self._holds(name, version, content):
            raise UserErrorException(
                f"environment {name!r} has a version {version!r} already, which is another one; leave version None for "
                "the next number, or choose another"
            )
        return version

    def _write(self, name: str, version: str, content: Mapping[str, Any], newest: str | None) -> bool:
        """Write a version, unless it is there; return whether it wasn't."""
        after = self._registered_at(name, newest) + _LATER_S if newest is not None else 0.0
        data = {"version": _VERSION, "registered": max(time.time(), after), "environment": content}
        path, text = self._path(name, version), json_text(data)
        with wrap_system_errors(UserErrorException, f"environment {name!r} can't be registered in {path.parent}"):
            if is_new := self.write_new(path, text):
                sign(path, _signed_as(name, version), data=text.encode())
        return is_new

    def _newest(self, name: str, versions: list[str]) -> str:
        """Return the version that was registered last; of numbers that is the highest one."""
        if all(version.isdecimal() for version in versions):
            return max(versions, key=int)
        return max(versions, key=lambda version: (self._registered_at(name, version), _order(version)))

    def _registered_at(self, name: str, version: str) -> float:
        return float(self._parsed(name, version, self._content_of(name, version))["registered"])

    def _holds(self, name: str, version: str, content: Mapping[str, Any]) -> bool:
        """Whether a version is the same; then it is this user's own from now on."""
        there = self._content_of(name, version)
        if _content(self._environment(name, version, there).to_json()) != content:
            return False
        path, signed_as = self._path(name, version), _signed_as(name, version)
        if why_not_own(path, there, signed_as):
            sign(path, signed_as, data=there)
        return True

    def _environment(self, name: str, version: str, content: bytes) -> Environment:
        with self._reading(name, version):
            data = self._parsed(name, version, content)["environment"]
            return Environment.from_json({**data, "name": name, "version": version})

    def _content_of(self, name: str, version: str) -> bytes:
        with self._reading(name, version):
            return read_control_file(self._workspace.folder, self._path(name, version))

    def _parsed(self, name: str, version: str, content: bytes) -> dict[str, Any]:
        path = self._path(name, version)
        with self._reading(name, version):
            data = parsed(self._workspace.folder, path, content)
        if not is_number(data.get("registered")) or not isinstance(data.get("environment"), dict):
            raise UserErrorException(f"environment {name!r}, version {version!r}: {path} holds no environment")
        return data

    def _reading(self, name: str, version: str) -> AbstractContextManager[None]:
        where = self._path(name, version)
        return wrap_read_errors(
            UserErrorException, f"environment {name!r}, version {version!r}, can't be read from {where}"
        )

    def unknown(self, name: object) -> str:
        """Return what to say of a name that isn't known."""
        words = known_words(name, self.names(), "environment.register(ws) registers one")
        return f"no environment {shown(name)} in this workspace; {words}"


def _version(text: str) -> str | None:
    return text if names.is_plain(text) else None


def _signed_as(name: str, version: str) -> str:
    return f"environments/{name}/{version}.json"


def _content(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what makes an environment another one, as it is after JSON."""
    kept: dict[str, Any] = json.loads(json.dumps(data, default=str))
    return {key: value for key, value in kept.items() if key not in {"name", "version", "assetId"}}


def _refuse_secrets(environment: Environment) -> None:
    packages = environment.python.packages()
    problems = login_problems([*packages.pip_packages, *packages.pip_options, *packages.conda_channels])
    problems += [
        f"the variable {name} is secret by its name, and would be kept in the workspace; give it to the run itself, "
        "whose folder keeps names alone (environment_variables of the config, %%submit --env)"
        for name in environment.environment_variables or {}
        if has_secret_name(str(name))
    ]
    if problems:
        raise UserErrorException(f"environment {environment.name!r} isn't registered: {'; '.join(problems)}")


def _order(version: str) -> list[tuple[int, str]]:
    """Return what versions are sorted by: numbers in them as numbers."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", version) if part]
