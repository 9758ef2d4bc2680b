"""Plans an environment on this machine: which Python runs it, what is to be built first, what can't be had."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from cellrun.core.digest import digest
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.building.base_python import BasePython, find_python, this_python
from cellrun.core.environments.building.builder import Builder
from cellrun.core.environments.building.built_environments import CachedEnvironment, words_of
from cellrun.core.environments.building.conda_builder import CondaBuilder
from cellrun.core.environments.building.local_files import local_state
from cellrun.core.environments.building.uv_builder import UvBuilder
from cellrun.core.environments.building.uv_program import DOWNLOADS, kept_choices, uv_choices
from cellrun.core.environments.interpreter import environment_problems, interpreter_of
from cellrun.core.environments.lenient import Available, is_strict, lenient, with_python
from cellrun.core.errors import UserErrorException

_FORMAT = 2
"""Part of each key: one more, and all is built anew."""
_SCRIPT = Path(__file__).with_name("build_script.py")


@dataclass(frozen=True)
class Plan:
    """What comes of a spec here, now."""

    spec: EnvironmentSpec
    interpreter: str
    """The Python of the run; of an environment that is built first, where it will be."""
    version: str | None
    """As in `3.11.7`; None if it isn't known without asking."""
    base: str
    """The Python that it is built with; the same where nothing is built."""
    kept: CachedEnvironment | None = None
    """Where it is built, or was; None for a Python that is there."""
    choices: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The variables of this process that decide which packages it gets."""
    problems: tuple[str, ...] = ()
    """Why it can't be had, each with what to do."""
    warnings: tuple[str, ...] = ()
    """What is otherwise than it was asked for."""

    @property
    def is_there(self) -> bool:
        """Whether nothing needs to be built any more."""
        return self.kept is None or self.kept.is_whole

    def commands(self) -> tuple[tuple[str, ...], ...]:
        """Return what is to be done before a run starts in it; nothing once it is built. It is ordered with that."""
        if self.kept is None or self.kept.is_wanted():
            return ()
        self.kept.order(self.spec, self.base, kept_choices(self.choices))
        return ((sys.executable, str(_SCRIPT), str(self.kept.folder)),)

    def variables(self) -> dict[str, str]:
        """Return the variables by which programs know that they are in it; of one that is there its folder tells."""
        if self.kept is None:
            return {}
        if builder_of(self.spec).is_conda():
            return {"CONDA_PREFIX": str(self.kept.prefix), "CONDA_DEFAULT_ENV": words_of(self.spec)}
        return {"VIRTUAL_ENV": str(self.kept.prefix)}


def plan_of(given: str | EnvironmentSpec) -> Plan:
    """Return what comes of an environment here: of a path, of a spec. Nothing is built, made or downloaded."""
    spec = EnvironmentSpec(interpreter=given) if isinstance(given, str) else given
    try:
        if spec.is_lenient:
            spec = replace(spec, is_lenient=False) if is_strict() else lenient(spec, _here(_state_of_packages()))
        return _plan_of_given(spec, spec.interpreter) if spec.interpreter is not None else _plan_to_build(spec)
    except UserErrorException as error:
        return Plan(spec, sys.executable, None, sys.executable, problems=(str(error),))


def _plan_of_given(spec: EnvironmentSpec, path: str) -> Plan:
    interpreter = str(interpreter_of(path))
    problems = tuple(environment_problems(path))
    return Plan(spec, interpreter, None, interpreter, problems=problems, warnings=spec.notices)


def _plan_to_build(spec: EnvironmentSpec) -> Plan:
    python, lacks = find_python(spec.python), builder_of(spec).problems(spec)
    if python is None and spec.is_lenient and not spec.needs_conda:
        python = this_python()
        spec = with_python(spec, python.version or "")
    if python is None and not spec.needs_conda:
        lacks.append(_no_such_python(spec))
    python = python or BasePython(spec.python or "", None)
    choices = uv_choices(os.environ)
    kept = CachedEnvironment.of_key(_key(spec, python, choices))
    return Plan(spec, kept.interpreter, python.version, python.executable, kept, choices, tuple(lacks), spec.notices)


@lru_cache(maxsize=1)
def _here(_state: tuple[object, ...]) -> Available:
    return Available.here()


def _state_of_packages() -> tuple[object, ...]:
    """Return what changes when a package is installed here, or removed."""
    found = []
    for folder in sys.path:
        with suppress(OSError):
            found.append((folder, Path(folder).stat().st_mtime_ns))
    return tuple(found)


def builder_of(spec: EnvironmentSpec) -> Builder:
    """Return who builds a spec."""
    return CondaBuilder() if spec.needs_conda else UvBuilder()


def _key(spec: EnvironmentSpec, python: BasePython, choices: Mapping[str, str]) -> str:
    """Return a name for what would be built: the same for all that is the same."""
    system = [sys.platform, platform.machine(), *platform.libc_ver()]
    content = [_FORMAT, spec.digest, python, system, [*choices.items()], local_state(spec)]
    return digest(json.dumps(content).encode(), 24)


def _no_such_python(spec: EnvironmentSpec) -> str:
    return (
        f"environment {words_of(spec)} wants Python {spec.python}, which isn't on this machine (running: "
        f"{this_python().version}); install it, as by `uv python install {spec.python}`, let uv bring it "
        f"({DOWNLOADS}=automatic), or ask for another"
    )
