"""A package as conda reads it: `numpy=1.21`, `conda-forge::opencv>=4`, `python 3.8.*`."""

from __future__ import annotations

import re
from typing import NamedTuple

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from cellrun.core.errors import UserErrorException, shown

_LINE = re.compile(r"(?:(?P<channel>[^\s:]+)::)?(?P<name>[\w][\w.-]*)\s*(?:\[(?P<keys>.*)\])?(?P<versions>[^:/]*)")
_KEY = re.compile(r"version\s*=\s*['\"]?([^'\"\]]+)['\"]?")
_CLAUSE = re.compile(r"(?P<sign>[<>=!~]*)\s*(?P<version>[^\s=]+)(?:[\s=].*)?")
_NUMBERS = re.compile(r"\d+(?:\.\d+)*")


class CondaPackage(NamedTuple):
    """One line of conda's dependencies."""

    name: str
    """As PyPI compares names."""
    given: str
    """As it was given."""
    channel: str
    """The channel that it is to come from; empty for any."""
    versions: str
    """Which versions, as conda has it: `=1.21`, `>=1.0,<2`; empty for any."""

    @property
    def specifier(self) -> str | None:
        """The same versions as pip has it: `==1.21.*`; None for what pip can't say."""
        if self.versions in {"", "*", "=*"}:
            return ""
        clauses = [_as_pip(each.strip()) for each in self.versions.split(",")]
        return None if None in clauses else ",".join(filter(None, clauses))

    @property
    def python(self) -> str | None:
        """The same versions as a spec's `python` has them, of a line about Python itself: `3.8`; None for any."""
        found = self.specifier or ""
        exact = re.fullmatch(r"==(\d+(?:\.\d+)*)(?:\.\*)?", found)
        return exact[1] if exact else found or None


def conda_package(line: str) -> CondaPackage:
    """Return what a line of conda's dependencies asks for. Raises UserErrorException for what is no such line."""
    found = _LINE.fullmatch(line.partition(" #")[0].strip())
    if not found:
        raise UserErrorException(
            f"the conda package {shown(line)} can't be read; expected a name and, if need be, a version: 'numpy=1.21'"
        )
    key = _KEY.search(found["keys"] or "")
    versions = key[1] if key else found["versions"]
    return CondaPackage(canonicalize_name(found["name"]), found["name"], found["channel"] or "", versions.strip())


def _as_pip(clause: str) -> str | None:
    """Return one clause of conda's in pip's words, empty for any version; None for what pip can't say."""
    found = _CLAUSE.fullmatch(clause)
    if not found or "|" in clause:
        return None
    sign, version = found["sign"], re.sub(r"\.?\*$", "", found["version"])
    if not version:
        return ""
    if sign in {"", "=", "==", "!="} and (sign == "=" or found["version"].endswith("*")):  # any that begin so
        text = f"{'!=' if sign == '!=' else '=='}{version}{'.*' if _NUMBERS.fullmatch(version) else ''}"
    else:
        text = f"{sign or '=='}{version}"
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return None
    return text
