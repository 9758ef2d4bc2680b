"""Finds the user's own modules: those that aren't installed, or only as editable."""

from __future__ import annotations

import importlib.util
import os
import site
import sys
import sysconfig
from collections.abc import Iterable
from functools import lru_cache
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import distributions
from pathlib import Path
from types import FunctionType, ModuleType

from cellrun.magics.capture.local.module_source import module_source

_OURS = "cellrun"  # it is where the run is started, in a version that fits
_WITH_LOADERS = {*sys.stdlib_module_names, _OURS}
_INSTALLED_NAMES = frozenset({"site-packages", "dist-packages"})


def find_local(top: str) -> list[Path]:
    """Return the file or folders of a top-level module if it is local; empty if it isn't, or isn't found."""
    if top in sys.builtin_module_names or top in {_OURS, "__main__"}:
        return []
    if top in sys.stdlib_module_names and top not in sys.modules:  # loaded, it may be one of the user's that hides it
        return []
    return [path for path in _locations(top) if not _is_installed(path)]


def why_unfound(name: str) -> str:
    """Return why a module that the notebook has, or can import, can't be found again, as the end of a sentence.

    Empty if it can be.
    """
    if name == "__main__":
        return ""
    module = sys.modules.get(name)
    spec = _spec_by_notebook(name) if module is None else getattr(module, "__spec__", None)
    loader = _of_notebook(getattr(spec, "loader", None))
    if loader and PathFinder.find_spec(name.partition(".")[0]) is None:
        return f"comes by a finder in sys.meta_path that the run doesn't have ({loader})"
    if module is None:
        return ""
    if spec is None:
        path = sys.path if "." not in name else getattr(sys.modules.get(name.rpartition(".")[0]), "__path__", None)
        is_seen = not _is_written_in_python(module) or PathFinder.find_spec(name, path)
        return "" if is_seen else "was made in memory and has no source"
    if not spec.has_location or not spec.origin or _exists(Path(spec.origin)):
        return ""
    return f"was imported from {spec.origin}, which isn't there any more"


def _spec_by_notebook(top: str) -> ModuleSpec | None:
    """Return how a top-level module that isn't loaded would be, if the notebook brought a finder."""
    if "." in top or not any(map(_of_notebook, sys.meta_path)):
        return None
    try:
        return importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None


def _of_notebook(finder: object) -> str:
    """Return the name of a finder or loader, empty if a fresh interpreter has it: Python's own, those of `.pth` files.

    The latter are in modules that nobody else imports: `_distutils_hack`, `__editable___name_finder`.
    """
    kind = finder if isinstance(finder, type) else type(finder)
    module = kind.__module__
    is_fresh = module != "__main__" and (module.startswith("_") or module.partition(".")[0] in _WITH_LOADERS)
    return "" if is_fresh else kind.__name__


def names_of_star(module: str) -> Iterable[str]:
    """Return the names that `from module import *` gives, as far as that can be known without importing it."""
    loaded = sys.modules.get(module)
    if loaded is not None:
        names = getattr(loaded, "__all__", None) or [name for name in vars(loaded) if not name.startswith("_")]
        return [str(name) for name in names]
    return {name for path in find_local(module) if path.is_file() for name in module_source(path).bound}


def is_importable(top: str) -> bool:
    """Whether a local module is one, not just a folder that could be imported."""
    return any(path.is_file() or (path / "__init__.py").exists() for path in find_local(top))


def find_beside(folder: Path, top: str) -> list[str]:
    """Return the names of the file or folder that a script in a folder gets if it imports a top-level module."""
    if (folder / f"{top}.py").is_file() or (folder / top / "__init__.py").is_file():
        return [each for each in (top, f"{top}.py") if (folder / each).exists()]
    is_plain = (folder / top).is_dir() and top not in sys.stdlib_module_names and not _locations(top)
    return [top] if is_plain else []  # a package without `__init__.py` gives way to any other


def imported_by(file: Path) -> frozenset[str]:
    """Return the top-level modules that a source file imports anywhere in it."""
    return module_source(file).imports


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


def _is_written_in_python(module: ModuleType) -> bool:
    """Whether it has functions of Python; what compiled modules make in memory, they make again."""
    members = [*vars(module).values()]
    members += [member for each in members if isinstance(each, type) for member in vars(each).values()]
    return any(isinstance(each, FunctionType) and each.__globals__ is vars(module) for each in members)


def _exists(path: Path) -> bool:
    """Whether a file is there, or the archive that it is in."""
    return path.exists() or any(folder.is_file() for folder in path.parents)


def _is_installed(path: Path) -> bool:
    real = Path(os.path.realpath(path))
    if any(root in real.parents for root in _installed_roots()) or _INSTALLED_NAMES & set(real.parts):
        return True
    try:
        return real.name in _recorded(str(real.parent), real.parent.stat().st_mtime_ns)
    except OSError:  # gone meanwhile
        return False


@lru_cache(maxsize=64)
def _recorded(folder: str, _changed_ns: int) -> frozenset[str]:
    """Return the names in a folder that an installer has put there, as `pip install --target` does.

    It leaves a RECORD beside them; what builds a project in place (`*.egg-info`) leaves none.
    """
    records = (found.read_text("RECORD") or "" for found in distributions(path=[folder]))
    return frozenset(line.partition(",")[0].partition("/")[0] for text in records for line in text.splitlines())


@lru_cache(maxsize=1)
def _installed_roots() -> frozenset[Path]:
    paths = {sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")}
    paths |= {*site.getsitepackages(), site.getusersitepackages()}
    return frozenset(Path(os.path.realpath(path)) for path in paths)


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


def is_found_here(name: str) -> bool:
    """Whether this Python finds the top-level module of a dotted name."""
    try:
        return importlib.util.find_spec(name.partition(".")[0]) is not None
    except (ImportError, ValueError):
        return False
