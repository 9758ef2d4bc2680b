"""The parts of cellrun, and cloudpickle, that an exported cell takes along: what reads its context, and its run."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import shutil
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from cellrun.core.context.manifest import Context
from cellrun.core.context.value_store import ValueStore
from cellrun.core.export.imported import imported_modules, pickled_modules
from cellrun.core.runs.files import copy_file

_CORE = "cellrun.core"
_ENTRANCES = (
    "cell.exported",
    "context.pickles.reducers",  # pickles name what is in it
    "offline.offline_run",
    "offline.memory_events",
    "current_run",
    "experiment",
    "workspace",
)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_USED_WHOLE = ("context", "cell")
"""Rooms whose modules are followed to what they import only when they are used, too. Others do so for what a bare cell
never does: submitting, deleting, servers."""


def copy_library(folder: Path, code: str, context: Context, store: ValueStore) -> None:
    """Copy cloudpickle and the modules of cellrun that an exported cell needs, with all that these import."""
    named = imported_modules(code)
    for group in context.groups:
        named |= pickled_modules(store.open(group.payload))
    named |= {each.module for each in context.imports}
    root = Path(__file__).parents[1]
    for path in _with_imports((*(f"{_CORE}.{each}" for each in _ENTRANCES), *named), root):
        copy_file(path, folder / "cellrun" / "core" / path.relative_to(root))
    shutil.copytree(_package("cloudpickle"), folder / "cloudpickle", ignore=shutil.ignore_patterns("__pycache__"))
    for distribution in ("cellrun", "cloudpickle"):
        _copy_licence(distribution, folder / "licenses")


def _with_imports(modules: Iterable[str], root: Path) -> set[Path]:
    """Return the files of those modules that are cellrun's, and of all that they need in turn."""
    found: set[Path] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        path = _file(module, root)
        if path is None or path in found:
            continue
        found.add(path)
        parts = module.split(".")
        waiting += [".".join(parts[:count]) for count in range(2, len(parts))]
        also_later = path.relative_to(root).parts[0] in _USED_WHOLE
        waiting += _imports_of(path.read_bytes(), also_later=also_later)
    return found


@cache
def _imports_of(source: bytes, *, also_later: bool) -> tuple[str, ...]:
    """Return what a module of this source imports; whoever exports several runs has it parsed once."""
    return tuple(_imports(ast.parse(source), also_later=also_later))


def _file(module: str, root: Path) -> Path | None:
    """Return the file of a module of cellrun's core; None for any other, and for what is no module."""
    if module != _CORE and not module.startswith(f"{_CORE}."):
        return None
    path = root.joinpath(*module.split(".")[2:])
    candidates = (path / "__init__.py", path.with_suffix(".py"))
    return next((each for each in candidates if each.is_file()), None)


def _imports(node: ast.AST, *, also_later: bool) -> Iterator[str]:
    """Iterate over what a module imports when it is loaded, and in its functions too if asked; not for types alone."""
    for each in ast.iter_child_nodes(node):
        if isinstance(each, ast.Import):
            yield from (alias.name for alias in each.names)
        elif isinstance(each, ast.ImportFrom) and each.module:
            yield each.module
            yield from (f"{each.module}.{alias.name}" for alias in each.names)
        elif _is_for_types(each) or (isinstance(each, _FUNCTIONS) and not also_later):
            continue
        else:
            yield from _imports(each, also_later=also_later)


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    assert spec is not None  # noqa: S101  # a dependency of ours
    assert spec.origin is not None  # noqa: S101
    return Path(spec.origin).parent


def _copy_licence(distribution: str, folder: Path) -> None:
    for file in importlib.metadata.files(distribution) or ():
        if file.name.startswith("LICENSE"):
            copy_file(Path(str(file.locate())), folder / f"{distribution}-{file.name}")
