"""Adapts the environment of an old program to what can be had today, with a notice for each change."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.conda_lines import conda_package
from cellrun.core.environments.conda_names import SAME_VERSIONS, living_name, pypi_name
from cellrun.core.environments.interpreter_script import OLDEST
from cellrun.core.environments.package_lines import (
    local_path,
    of_any_version,
    package_name,
    python_fits,
    python_specifier,
    requirement,
)
from cellrun.core.errors import UserErrorException

BUILD = "CELLRUN_BUILD"
"""Environment variable: `strict` builds an environment as it was asked for, or not at all."""

_OURS = re.compile(r"azureml(-.*)?")
_TO_WORK = ("blake3", "fsspec[http]", "keyring", "orjson", "packaging", "pandas", "pathspec", "pyarrow", "pyyaml")
"""What our names need in a job that reads and registers data, as `azureml-*` brought along what it needed."""
_OF_A_BUILD = re.compile(r"feedstock_root|build_artifacts|/conda-bld/|/croot/|^/tmp/build/")
"""Folders in which conda's packages were made, which `pip freeze` names as where they came from."""
_DEAD_INDEX = re.compile(r"azuremlsdktestpypi|azuremlftkrelease|azuremlpackages|azuremlsdk")


@dataclass(frozen=True)
class Available:
    """What there is here, against which an environment is relaxed."""

    interpreter: str
    """The Python that submits."""
    python: str
    """Its version: `3.11.7`."""
    packages: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The versions of what it has installed, by names as PyPI compares them."""

    @classmethod
    def here(cls) -> Available:
        """Return what this Python is and has."""
        from cellrun.core.environments.sources.notebook import installed  # noqa: PLC0415  # 20 ms for 200 packages

        return cls(sys.executable, platform.python_version(), installed())


def is_strict() -> bool:
    """Whether the user wants each environment as it was asked for. Raises UserErrorException for another word."""
    word = os.environ.get(BUILD, "")
    if word not in {"", "strict", "lenient"}:
        raise UserErrorException(f"the environment variable {BUILD} is 'strict' or 'lenient'; got {word!r}")
    return word == "strict"


def lenient(spec: EnvironmentSpec, available: Available, *, is_here: bool = True) -> EnvironmentSpec:
    """Return what is to be built of a spec that may be relaxed, with a notice for each change; others are left alone.

    Packages of conda come from PyPI, Azure ML's own are left out, a Python that cellrun can't use gives way to the
    running one. Where that has all packages already, it is used as it is: nothing is built; unless it is to be built on
    another machine than this. Where Azure ML's own were
    asked for, what is built has what cellrun's names need in their place: datasets work in it, and so on.
    """
    if not spec.is_lenient or spec.is_given:
        return spec
    of_pypi = _from_pypi(spec)
    eased = _with_own_python(_with_living_names(of_pypi), available)
    if is_here and (found := _as_it_is(eased, available)):
        return found
    asked = {package_name(line) for line in eased.packages}
    is_ours = any(_OURS.fullmatch(package_name(line)) for line in of_pypi.packages)
    added = [line for line in _TO_WORK if is_ours and package_name(line) not in asked]
    return replace(eased, packages=(*eased.packages, *added))


def loosened(spec: EnvironmentSpec, name: str | None = None) -> EnvironmentSpec:
    """Return a spec with any version of a package, or of all of them; itself, if it asks for none in particular.

    One that comes from an address of its own, or that is known by its hash, stays so: another of its name may be
    anybody's.
    """
    packages, notices = [], []
    for line in spec.packages:
        wanted = requirement(line)
        is_meant = name is None or package_name(line) == canonicalize_name(name)
        if not is_meant or not wanted.specifier or " --hash" in line:
            packages.append(line)
            continue
        why = "can't be had here" if name else "can't be had together with the others"
        notices.append(f"{wanted.name}{wanted.specifier} {why}: any version is taken")
        packages.append(of_any_version(line))
    return _changed(spec, packages, notices)


def without(spec: EnvironmentSpec, name: str) -> EnvironmentSpec:
    """Return a spec without a package, as nothing of its name is there; itself, if it doesn't ask for it."""
    packages = [line for line in spec.packages if package_name(line) != canonicalize_name(name)]
    is_less = len(packages) < len(spec.packages)
    return _changed(spec, packages, [f"{name} is left out: no package of this name can be had here"] if is_less else [])


def with_python(spec: EnvironmentSpec, version: str) -> EnvironmentSpec:
    """Return a spec for another Python than the one that it asks for."""
    return replace(
        spec,
        python=".".join(version.split(".")[:2]),
        notices=(*spec.notices, f"Python {spec.python} can't be had here: Python {version} is used"),
    )


def _from_pypi(spec: EnvironmentSpec) -> EnvironmentSpec:
    """Return a spec that conda isn't needed for."""
    packages, notices, left_out = list(spec.packages), [], []
    asked = {package_name(line) for line in packages}
    for line in spec.conda_packages:
        package = conda_package(line)
        name = pypi_name(package.name)
        if name is None:
            left_out.append(package.given)
            continue
        versions = package.specifier
        if versions is None:
            notices.append(f"conda's {line!r}: any version is taken")
        if name not in asked:
            packages.append(f"{name}{versions or ''}")
            asked.add(name)
    left_out = [name for name in left_out if name != "pip"]  # which isn't missed
    if left_out:
        notices.append(f"left out, as PyPI hasn't got them: {', '.join(left_out)}")
    return replace(_changed(spec, packages, notices), conda_packages=(), channels=())


def _with_living_names(spec: EnvironmentSpec) -> EnvironmentSpec:
    """Return a spec without what is Azure ML's own, names of PyPI that are dead, and paths of other machines."""
    packages, notices, ours = [], [], []
    for line in spec.packages:
        name = package_name(line)
        path = local_path(line)
        if _OURS.fullmatch(name):
            ours.append(name)
            packages += ["pandas"] if "pandas" in requirement(line).extras else []  # azureml-dataprep[pandas]
        elif path is not None and _OF_A_BUILD.search(str(path)) and not path.exists():
            notices.append(f"{requirement(line).name}: {path} isn't here; any version is taken")
            packages.append(of_any_version(line))
        elif (living := living_name(name)) != name:
            notices.append(f"{name} is called {living} today")
            same = line if name in SAME_VERSIONS else of_any_version(line)
            packages.append(living + same[len(requirement(line).name) :])
        else:
            packages.append(line)
    if ours:
        notices.append(f"not installed, as cellrun takes their place: {', '.join(ours)}")
    dead = [option for option in spec.options if _DEAD_INDEX.search(option)]
    notices += [f"{option} isn't used: nothing is there any more" for option in dead]
    options = tuple(option for option in spec.options if option not in dead)
    return replace(_changed(spec, packages, notices), options=options)


def _with_own_python(spec: EnvironmentSpec, available: Available) -> EnvironmentSpec:
    """Return a spec whose Python can run cellrun; the running one's minor version is near enough to itself."""
    if spec.python is None or python_fits(spec.python, available.python):
        return spec
    minor = ".".join(available.python.split(".")[:2])
    if python_fits(".".join(spec.python.split(".")[:2]), available.python) and "," not in spec.python:
        return replace(spec, python=minor)  # 3.11.2 of 3.11.7
    return spec if _may_be_new(python_specifier(spec.python)) else with_python(spec, available.python)


def _may_be_new(wanted: SpecifierSet) -> bool:
    """Whether a Python that is wanted may be one that cellrun works with."""
    major, oldest = OLDEST
    versions = (Version(f"{major}.{minor}.{micro}") for minor in range(oldest, 30) for micro in range(30))
    return any(map(wanted.contains, versions))


def _as_it_is(spec: EnvironmentSpec, available: Available) -> EnvironmentSpec | None:
    """Return the running Python as an environment, if it has all packages; None if it lacks one."""
    if not python_fits(spec.python, available.python) or any(each.startswith("--editable") for each in spec.options):
        return None
    others = []
    for line in spec.packages:
        wanted = requirement(line)
        if wanted.marker and not wanted.marker.evaluate():
            continue
        version = available.packages.get(package_name(line))
        if version is None:
            return None
        if not wanted.specifier.contains(Version(version), prereleases=True):
            others.append(f"{wanted.name} {version} instead of {wanted.specifier}")
    notices = list(spec.notices)
    if others:
        notices.append(
            f"this Python has all packages and is used as it is, with {', '.join(others)}; {BUILD}=strict builds what "
            "was asked for"
        )
    return EnvironmentSpec(
        name=spec.name,
        version=spec.version,
        interpreter=available.interpreter,
        variables=spec.variables,
        is_lenient=True,
        notices=tuple(notices),
    )


def _changed(spec: EnvironmentSpec, packages: list[str], notices: list[str]) -> EnvironmentSpec:
    if tuple(packages) == spec.packages and not notices:
        return spec
    return replace(spec, packages=tuple(dict.fromkeys(packages)), notices=(*spec.notices, *notices))
