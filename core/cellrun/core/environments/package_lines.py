"""A package as pip and uv read it: one line, its name, what it says of versions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from cellrun.core.errors import UserErrorException, shown

_HASHES = re.compile(r"(?:\s+--hash[= ]\S+)+\s*$")
_BARE_VERSION = re.compile(r"\d+(?:\.\d+)*")


def requirement(line: str) -> Requirement:
    """Return what a line of a spec's packages asks for. Raises UserErrorException for what is no PEP 508 line."""
    text = _HASHES.sub("", line)
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        why = str(error).splitlines()[0]
        raise UserErrorException(
            f"the package {shown(line)} can't be read: {why}; expected a name and, if need be, versions: "
            "'scikit-learn', 'scikit-learn==1.5', 'scikit-learn>=1.4,<2'"
        ) from error


def of_any_version(line: str) -> str:
    """Return a line for the same package, in whichever version it can be had and wherever from."""
    wanted = requirement(line)
    extras = f"[{','.join(sorted(wanted.extras))}]" if wanted.extras else ""
    return f"{wanted.name}{extras}{f' ; {wanted.marker}' if wanted.marker else ''}"


def package_name(line: str) -> str:
    """Return the name of the package that a line asks for, as PyPI compares names."""
    return canonicalize_name(requirement(line).name)


def checked(lines: Iterable[str]) -> tuple[str, ...]:
    """Return lines of packages without the space around them. Raises UserErrorException for what is no such line."""
    found = tuple(line.strip() for line in lines)
    for line in found:
        requirement(line)
    return found


def local_path(line: str) -> Path | None:
    """Return the file or folder of this machine that a package is to be installed from; None for any other."""
    url = urlsplit(requirement(line).url or "")
    return Path(unquote(url.path)) if url.scheme == "file" else None


def python_fits(wanted: str | None, version: str) -> bool:
    """Whether a Python of a whole version (`3.11.7`) is one that is wanted: by a version (`3.11`) or a specifier."""
    return wanted is None or python_specifier(wanted).contains(Version(version), prereleases=True)


def python_specifier(wanted: str) -> SpecifierSet:
    """Return which Pythons are wanted: `3.11` is any 3.11. Raises UserErrorException for what says no version."""
    text = wanted.strip()
    if _BARE_VERSION.fullmatch(text):
        text = f"=={text}" if text.count(".") > 1 else f"=={text}.*"
    try:
        return SpecifierSet(text)
    except InvalidSpecifier as error:
        raise UserErrorException(
            f"the Python version {shown(wanted)} can't be read; expected a version or versions: '3.11', '>=3.10,<3.13'"
        ) from error
