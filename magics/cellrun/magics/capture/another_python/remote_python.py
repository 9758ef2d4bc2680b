"""The Python of a run on another machine, by what its target knows of it: nobody asks it while a cell is submitted."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from importlib.metadata import packages_distributions, version

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from cellrun.core.context.manifest import python_version, version_words
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.building.built_environments import words_of
from cellrun.core.environments.building.expected_packages import is_empty, not_brought
from cellrun.core.environments.interpreter import Answer
from cellrun.core.targets.contract import TargetPython
from cellrun.magics.capture.refusals import Refusal

_LIKE_HERE = "`--environment notebook` one with all that this notebook has"
_VERSION = re.compile(r"\d+\.\d+(\.\d+)?")
_FIRST_YEAR = 1900  # of versions that are dates: the next year's is no other in its kind
_ADDED: Mapping[tuple[int, int], frozenset[str]] = {
    (3, 11): frozenset({"tomllib"}),
    (3, 14): frozenset({"annotationlib", "compression"}),
}
_REMOVED: Mapping[tuple[int, int], frozenset[str]] = {
    (3, 11): frozenset({"binhex"}),
    (3, 12): frozenset({"asynchat", "asyncore", "distutils", "imp", "smtpd"}),
    (3, 13): frozenset(
        {
            "aifc",
            "audioop",
            "cgi",
            "cgitb",
            "chunk",
            "crypt",
            "imghdr",
            "lib2to3",
            "mailcap",
            "msilib",
            "nis",
            "nntplib",
            "ossaudiodev",
            "pipes",
            "sndhdr",
            "spwd",
            "sunau",
            "telnetlib",
            "uu",
            "xdrlib",
        }
    ),
}


class RemotePython:
    """The Python of a target that shares neither disk nor processes with us: its own, or that of an environment.

    Responsibilities: which version and packages it has, and so which modules; which packages are too different there
    for what was pickled here. What the target doesn't know is said to be unknown.
    """

    def __init__(self, target: str, python: TargetPython, environment: str | EnvironmentSpec | None = None) -> None:
        self._target = target
        self._python = python
        self._environment = environment
        self._spec = environment if isinstance(environment, EnvironmentSpec) else None
        known = _VERSION.fullmatch(python.version or "")  # not `>=3.10`, which an environment may ask for
        self._version = tuple(map(int, known[0].split("."))) if known else ()

    @property
    def words(self) -> str:
        """What to call it."""
        what = f"environment {words_of(self._spec)}" if self._spec else self._environment or "the Python"
        return f"{what} of target {self._target!r}{self.version_text and f' ({self.version_text})'}"

    @property
    def version_text(self) -> str:
        """Its version in words; empty if it isn't known."""
        return f"Python {self._python.version}" if self.is_version_known else ""

    @property
    def is_version_known(self) -> bool:
        """Whether its version is known: of another one than this Python's nothing but source is loaded there."""
        return len(self._version) > 1

    @property
    def not_known(self) -> str:
        """What to say of the modules that it may lack where that isn't known; empty if it is."""
        if self._packages is not None or (self._spec and self.is_version_known):
            return ""
        looks = "" if self._environment else "; `--with-package NAME` brings one that it lacks"
        how = "before it is built" if self._spec else f"here{looks}"
        return f"what {self.words} lacks of the modules that the cell needs isn't known {how}"

    def ask(self, modules: Collection[str] = (), _sources: Mapping[str, str] | None = None) -> Answer:
        """Return what is certain; of a version that isn't known this Python's is told."""
        if not self.is_version_known:
            return Answer(sys.version_info[:3], python_version(), self._missing(modules))
        major, minor, micro = (*self._version, 0)[:3]
        return Answer((major, minor, micro), version_words("cpython", major, minor), self._missing(modules))

    def doubtful(self, modules: Collection[str]) -> set[str]:
        """Return the modules that none of its packages is known to bring, as nobody here knows what package does."""
        if self._spec:
            return not_brought(self._spec, modules)
        if self._packages is None:
            return set()
        return {name for name in modules if not is_stdlib(name) and not self._brings(name) and not _packages_of(name)}

    def advice(self, package: str) -> str:
        """Return what to do about a module that it lacks, which a package has."""
        install = f"install {package} there, and `%targets {self._target}` looks again"
        build = f"`--with-package {package}` builds an environment with it there, {_LIKE_HERE}"
        return f"{install}; {self._once_uv}{build}" if self._once_uv else f"{build}; or {install}"

    @property
    def _once_uv(self) -> str:
        """What to say before what builds an environment there, where nothing does yet."""
        return "once uv is there, " if self._python.builds is False else ""

    def differences(self, pickled: Iterable[tuple[str, str]]) -> tuple[list[Refusal], list[str]]:
        """Return what can't be loaded there, of modules that pickles name, with places; and what is worth saying.

        A package whose first number differs there is refused; one whose second does is said.
        """
        refusals, notes = [], []
        for package, place in self._pickled_packages(pickled):
            here, there = version(package), (self._packages or {})[package]
            mine, theirs = _numbers(here), _numbers(there)
            if mine[0] != theirs[0] and max(mine[0], theirs[0]) < _FIRST_YEAR:
                what = f"what the cell needs was made with {package} {here}, and {self.words} has {there}"
                build = f"`--with-package {package}=={here}` builds an environment with it there, {_LIKE_HERE}"
                refusals.append(Refusal(package, what, place, f"{self._once_uv}{build}"))
            elif mine[:2] != theirs[:2]:
                notes.append(f"{package} {there} (here {here})")
        return refusals, [f"other versions in {self.words}: {', '.join(notes)}"] if notes else []

    def _pickled_packages(self, pickled: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        places = {package: place for module, place in reversed([*pickled]) for package in _packages_of(module)}
        for package in sorted(places.keys() & (self._packages or {}).keys()):
            yield package, places[package]

    @cached_property
    def _packages(self) -> Mapping[str, str] | None:
        """The versions by plain name; of an environment that is to be built those that are pinned."""
        if self._spec is None:
            known = self._python.packages
            return None if known is None else {canonicalize_name(name): text for name, text in known.items()}
        return dict(filter(None, map(_pinned, self._spec.packages))) or None

    def _missing(self, modules: Collection[str]) -> frozenset[str]:
        version, packages = self._version or sys.version_info[:2], self._packages
        of_python = {name for name in modules if _lacks(version, name)}
        if self._spec and is_empty(self._spec):
            return frozenset(of_python | {name for name in modules if not is_stdlib(name)})
        if packages is None or self._spec:
            return frozenset(of_python)
        others = {name for name in modules if not is_stdlib(name) and _packages_of(name) and not self._brings(name)}
        return frozenset(of_python | others)

    def _brings(self, module: str) -> bool:
        known = _packages_of(module) or [canonicalize_name(module.partition(".")[0])]
        return any(each in (self._packages or {}) for each in known)


def is_stdlib(module: str) -> bool:
    """Whether a module is of this Python's standard library."""
    return module.partition(".")[0] in sys.stdlib_module_names


def _lacks(version: tuple[int, ...], module: str) -> bool:
    """Whether a module of this Python's standard library isn't in that of another version."""
    top, other = module.partition(".")[0], version[:2]
    is_later = any(top in names for since, names in _ADDED.items() if other < since)
    is_gone = any(top in names for since, names in _REMOVED.items() if other >= since)
    return is_stdlib(top) and (is_later or is_gone)


def _packages_of(module: str) -> list[str]:
    """Return the packages that bring a module here; none if nobody here knows."""
    return [canonicalize_name(each) for each in packages_by_module().get(module.partition(".")[0], ())]


@lru_cache(maxsize=1)
def packages_by_module() -> Mapping[str, list[str]]:
    """Return what to install for a module, by the names that this environment knows them by: sklearn, scikit-learn."""
    return packages_distributions()


def _numbers(text: str) -> tuple[int, ...]:
    return (*map(int, re.findall(r"\d+", text.partition("+")[0])[:2]), 0, 0)


def _pinned(line: str) -> tuple[str, str] | None:
    """Return the package and version of a line `name==1.2`; None for any other."""
    try:
        wanted = Requirement(line.partition(" --hash")[0])
    except InvalidRequirement:
        return None
    (spec, *more) = [*wanted.specifier] or [None]
    return (canonicalize_name(wanted.name), spec.version) if spec and not more and spec.operator == "==" else None
