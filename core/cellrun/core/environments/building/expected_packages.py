"""What an environment will hold, judged before it is built: its Python, and which modules its packages bring."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, packages_distributions, requires

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from cellrun.core.context.manifest import python_version
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.building.built_environments import words_of
from cellrun.core.environments.building.plan import Plan
from cellrun.core.environments.interpreter import Answer, ask
from cellrun.core.environments.package_lines import package_name


class ExpectedPackages:
    """An environment that is to be built.

    Responsibilities: answers as an interpreter does that is asked (`interpreter.ask`), as far as it is certain; and
    which modules none of its packages is known to bring.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._is_own_python = plan.base == sys.executable

    @property
    def words(self) -> str:
        """What to call it."""
        version = f" (Python {self.plan.version})" if self.plan.version else ""
        return f"environment {words_of(self.plan.spec)}{version}"

    @property
    def is_known(self) -> bool:
        """Whether its Python is on this machine; conda's, or one that uv is to bring, isn't yet."""
        return self.plan.version is not None

    def ask(self, modules: Collection[str] = (), sources: Mapping[str, str] | None = None) -> Answer:
        """Return what is certain. Raises UserErrorException for a Python that is too old for a cell."""
        of_python = [name for name in modules if name.partition(".")[0] in sys.stdlib_module_names]
        if not self.is_known:
            return Answer(sys.version_info[:3], python_version())
        if self._is_own_python:
            answer = Answer(sys.version_info[:3], python_version())
        else:
            answer = ask(self.plan.base, of_python, sources)
        if is_empty(self.plan.spec):
            return replace(answer, missing=answer.missing | set(modules) - set(of_python))
        return answer

    @property
    def not_known(self) -> str:
        """What to say of the modules that it may lack where that isn't known; empty if it is."""
        return "" if self.is_known else f"what {self.words} lacks of it isn't known before it is built"

    @property
    def is_version_known(self) -> bool:
        """Whether its version can be told; else it is taken for this Python's."""
        return True

    def doubtful(self, modules: Collection[str]) -> set[str]:
        """Return the modules that none of its packages, nor what they need as far as that is known here, brings."""
        return not_brought(self.plan.spec, modules) if self.is_known else set()

    def advice(self, package: str) -> str:
        """Return what to do about a module that it lacks, which a package has."""
        return f"Ask for it: `--with-package {package}`"


def not_brought(spec: EnvironmentSpec, modules: Collection[str]) -> set[str]:
    """Return the modules that nothing of an environment, nor what that needs as far as it is known here, brings."""
    if is_empty(spec) or any(line.startswith(("-e", "--editable")) for line in spec.options):
        return set()
    known, brought = _distributions(), _with_what_they_need(spec)
    return {
        name
        for name in modules
        if (top := name.partition(".")[0]) not in sys.stdlib_module_names
        and not brought & {canonicalize_name(each) for each in known.get(top, (top,))}
    }


def is_empty(spec: EnvironmentSpec) -> bool:
    """Whether nothing is installed."""
    return not spec.packages and not spec.conda_packages and not any("-e" in line for line in spec.options)


@lru_cache(maxsize=1)
def _distributions() -> Mapping[str, list[str]]:
    return packages_distributions()


def _with_what_they_need(spec: EnvironmentSpec) -> set[str]:
    """Return the packages of a spec, and those that they need by what is known of them here."""
    found, waiting = set[str](), [package_name(line) for line in spec.packages]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _needed_by(name)
    return found


@lru_cache(maxsize=4096)
def _needed_by(name: str) -> tuple[str, ...]:
    try:
        lines = requires(name) or []
    except PackageNotFoundError:
        return ()
    needed = []
    for line in lines:
        try:
            needed.append(canonicalize_name(Requirement(line).name))  # also those of extras: no false alarm
        except InvalidRequirement:
            found = re.match(r"[\w.-]+", line)
            needed += [canonicalize_name(found.group())] if found else []
    return tuple(needed)
