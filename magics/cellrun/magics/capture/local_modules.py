"""Which modules are the user's own: found outside of Python's and the environment's folders, editable installs too."""

from __future__ import annotations

import ast
import importlib.util
import os
import site
import sys
import sysconfig
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

_OURS = "cellrun"  # it is where the run is started, in a version that fits
_INSTALLED_NAMES = frozenset({"site-packages", "dist-packages"})


def find_local(top: str) -> list[Path]:
    """Return the file or folders of a top-level module if it is local; empty if it isn't, or isn't found."""
    if top in sys.builtin_module_names or top in sys.stdlib_module_names or top in {_OURS, "__main__"}:
        return []
    return [path for path in _locations(top) if not _is_installed(path)]


def imported_by(file: Path) -> frozenset[str]:
    """Return the top-level modules that a source file imports anywhere in it."""
    found = file.stat()
    return _imported_by(file, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=4096)
def _imported_by(file: Path, _changed: int, _size: int) -> frozenset[str]:
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):  # a template, or of another version: Python will say it if it is imported
        return frozenset()
    return frozenset(name.partition(".")[0] for name in _imports(tree))


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            name = node.args[0].value
            if function in {"import_module", "__import__"} and isinstance(name, str):
                yield name


def _locations(top: str) -> list[Path]:
    """Return where a top-level module is; a package's is its folder. Nothing is imported for it."""
    try:
        spec = getattr(sys.modules.get(top), "__spec__", None) or importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return []
    if spec is None:
        return []
    if spec.submodule_search_locations is not None:
        return [Path(folder) for folder in spec.submodule_search_locations if Path(folder).is_dir()]
    return [Path(spec.origin)] if spec.has_location and spec.origin and Path(spec.origin).is_file() else []


def _is_installed(path: Path) -> bool:
    real = Path(os.path.realpath(path))
    return any(root in real.parents for root in _installed_roots()) or bool(_INSTALLED_NAMES & set(real.parts))


@lru_cache(maxsize=1)
def _installed_roots() -> frozenset[Path]:
    paths = {sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")}
    paths |= {*site.getsitepackages(), site.getusersitepackages()}
    return frozenset(Path(os.path.realpath(path)) for path in paths)
