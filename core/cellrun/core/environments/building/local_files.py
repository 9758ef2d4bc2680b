"""The state of local files that an environment is installed from: other content makes another environment."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cellrun.core.environment_spec import EnvironmentSpec

_URL = re.compile(r"file://[^\s#;]+")
_FIND_LINKS = re.compile(r"^(?:--find-links|-f)[ =]\s*(?:file://)?(?P<path>/\S*|~\S*)$")
_PACKAGES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2")
_MOST_FILES = 5_000
_NOT_SOURCES = frozenset({".git", ".venv", "__pycache__", "build", "dist", "node_modules"})


def local_state(spec: EnvironmentSpec) -> list[list[object]]:
    """Return path, size and time of each file that is installed from; what is editable is read where it is."""
    return [_state(file) for file in islice(_files(spec), _MOST_FILES)]


def _files(spec: EnvironmentSpec) -> Iterator[str]:
    for line in sorted({*spec.packages, *spec.constraints, *spec.options}):
        if line.startswith(("-e", "--editable")):
            continue
        if found := _FIND_LINKS.match(line.strip()):
            folder = Path(found["path"]).expanduser()
            yield from (str(path) for path in sorted(folder.glob("*")) if path.name.endswith(_PACKAGES))
            continue
        for url in _URL.findall(line):
            yield from _files_of(Path(unquote(urlsplit(url).path)))


def _files_of(path: Path) -> Iterator[str]:
    if not path.is_dir():
        yield str(path)
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if name not in _NOT_SOURCES and not name.endswith(".egg-info"))
        yield from (os.path.join(folder, name) for name in sorted(names))  # noqa: PTH118  # there may be thousands


def _state(file: str) -> list[object]:
    try:
        found = os.stat(file)  # noqa: PTH116  # as above
    except OSError:
        return [file, None]
    return [file, found.st_size, found.st_mtime_ns]
