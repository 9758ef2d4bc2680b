"""What a notebook has added to `sys.path`."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path


def added_path(folder: Path) -> tuple[str, ...]:
    """Return the entries of `sys.path`, absolute, that a fresh interpreter wouldn't have; `folder` is the notebook's.

    That folder itself isn't among them: what the cell needs of it goes along.
    """
    fresh = _fresh_roots() | {str(folder), *os.environ.get("PYTHONPATH", "").split(os.pathsep)}
    found: dict[str, None] = {}
    for entry in sys.path:
        path = os.path.normpath(folder / entry)
        if path not in fresh and entry not in fresh and os.path.exists(path):  # noqa: PTH110  # texts, each time
            found[path] = None
    return tuple(found)


@lru_cache(maxsize=1)
def _fresh_roots() -> frozenset[str]:
    installed = {*site.getsitepackages(), site.getusersitepackages()}
    library = Path(sysconfig.get_path("stdlib"))
    archive = library.parent / f"python{sys.version_info[0]}{sys.version_info[1]}.zip"
    programs = str(Path(sys.executable).parent)  # of a script that is installed there, as Jupyter's are
    own = {programs, str(library), sysconfig.get_path("platstdlib"), str(library / "lib-dynload"), str(archive)}
    return frozenset(own | installed | {line for each in installed for line in _pth_lines(Path(each))})


def _pth_lines(installed: Path) -> set[str]:
    """Return the folders that `.pth` files add, as editable installs have."""
    lines = set()
    for file in installed.glob("*.pth"):
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.strip() and not line.startswith(("#", "import ", "import\t")):
                lines.add(os.path.normpath(installed / line.strip()))
    return lines
