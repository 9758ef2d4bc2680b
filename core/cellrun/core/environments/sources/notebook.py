"""The packages of the Python that runs this code, as an environment that another machine can build."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.sources.requirements import file_url

NOTEBOOK = "notebook"
"""How users call the notebook's own environment."""

_TAKEN_ALONG = frozenset({"cellrun"})
_LOGIN = re.compile(r"://[^/@\s]+@")
_FROM_PYTORCH = frozenset({"torch", "torchvision", "torchaudio"})


def installed() -> dict[str, str]:
    """Return the versions of what this Python has installed, by names as PyPI compares them."""
    return {canonicalize_name(each.name): each.version for each in _installed()}


def spec_of_notebook() -> EnvironmentSpec:
    """Return the environment of this Python: its version, and each package in the version that it has.

    What another machine can't have is in the notices. cellrun itself isn't in it: each run brings its own.
    """
    packages, options, notices = [], [], []
    for each in sorted(_installed(), key=lambda one: one.name.lower()):
        if canonicalize_name(each.name) in _TAKEN_ALONG:
            continue
        line, option, notice = _written_down(each)
        packages += [line] if line else []
        options += [option] if option and option not in options else []
        notices += [notice] if notice else []
    return EnvironmentSpec(
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
        packages=tuple(packages),
        options=tuple(options),
        notices=tuple(notices),
    )


class _Installed(NamedTuple):
    name: str
    version: str
    distribution: Distribution


def _installed() -> Iterator[_Installed]:
    """Iterate over what is installed, the first of each name: it is the one that is imported."""
    seen = set()
    for each in distributions():
        try:
            name, version = _name_and_version(each)
        except FileNotFoundError:  # as a finder of the package `importlib_metadata` has it
            continue
        if name and version and canonicalize_name(name) not in seen:  # an interrupted uninstall leaves neither
            seen.add(canonicalize_name(name))
            yield _Installed(name, version, each)


def _name_and_version(each: Distribution) -> tuple[str, str]:
    """Return what the head of a distribution's file says; its `metadata` parse all of it each time they are asked."""
    head: dict[str, str] = {}
    text = each.read_text("METADATA") or each.read_text("PKG-INFO") or each.read_text("") or ""
    for line in text.split("\n"):
        field, _, value = line.partition(":")
        if field.lower() in {"name", "version"}:
            head.setdefault(field.lower(), value.strip())
        if len(head) == 2 or not line.strip():  # both
            break
    return head.get("name", ""), head.get("version", "")


def _written_down(each: _Installed) -> tuple[str, str, str]:
    """Return a distribution's line, an option that it needs, and what is to be said of it."""
    pinned = f"{each.name}=={each.version}"
    origin = _origin(each.distribution)
    url, inner = str(origin.get("url", "")), origin.get("vcs_info")
    address = _LOGIN.sub("://", url)
    if isinstance(inner, dict):
        return f"{each.name} @ {inner.get('vcs', 'git')}+{address}@{inner.get('commit_id', '')}", "", ""
    if not url.startswith("file:"):
        return (f"{each.name} @ {address}", "", "") if url else (pinned, *_local_version(each))
    path = Path(unquote(urlsplit(url).path))
    if "dir_info" in origin and path.is_dir():
        notice = f"{each.name} is installed from the folder {path}, which another machine hasn't got"
        return "", f"--editable {path}", notice
    if path.is_file():
        notice = f"{each.name} is from the file {path}, which another machine hasn't got"
        return f"{each.name} @ {file_url(path)}", "", notice
    return pinned, "", ""  # of the machine that built it: conda's packages name such folders


def _local_version(each: _Installed) -> tuple[str, str]:
    """Return the option, and what is to be said, of a version that only some index has: `2.3.0+cu121`."""
    try:
        local = Version(each.version).local
    except InvalidVersion:
        return "", f"{each.name} {each.version} has a version that no index can have"
    if not local:
        return "", ""
    if each.name in _FROM_PYTORCH:
        return f"--find-links https://download.pytorch.org/whl/{local}/{each.name}/", ""
    return "", f"{each.name} {each.version} isn't on PyPI; --extra-index-url may say where it is"


def _origin(each: Distribution) -> dict[str, Any]:
    """Return where a distribution was installed from, {} if from an index (PEP 610)."""
    try:
        found = json.loads(each.read_text("direct_url.json") or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
