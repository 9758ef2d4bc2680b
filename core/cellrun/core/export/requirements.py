"""The packages that an exported cell needs, in the versions that its run had."""

from __future__ import annotations

import importlib.metadata
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from cellrun.core.context.manifest import Context
from cellrun.core.context.value_store import ValueStore
from cellrun.core.export.imported import imported_modules, pickled_modules
from cellrun.core.layout import RunLayout
from cellrun.core.store.environment import read_environment

_MODULES = frozenset({".py", ".pyc", ".so"})
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.!+_-]*")
_TAKEN_ALONG = frozenset({"cellrun", "cloudpickle", "__main__"})


def requirements(layout: RunLayout, snapshot: Path, context: Context, store: ValueStore) -> list[str]:
    """Return the lines of a requirements file; a module of which no package is known here is a comment.

    `snapshot` is a copy of the run's, which holds plain files alone. What was recorded of packages is data: only what
    is a version goes into a line, after the name of a package that is installed here.
    """
    recorded = (read_environment(layout) or {}).get("packages")
    known = recorded.items() if isinstance(recorded, dict) else ()
    versions = {_normal(name): version for name, version in known if _VERSION.fullmatch(str(version))}
    modules = set(_packages(snapshot, context, store))
    distributions = importlib.metadata.packages_distributions() if modules else {}  # reads the files of all packages
    lines, unknown = set(), set()
    brought = {_module(path) for path in snapshot.rglob("*")}  # the cell may look for modules in any folder
    for module in modules:
        names = distributions.get(module)
        if not names and module not in brought:
            unknown.add(f"# {module}: which package has it isn't known where this was exported")
        for name in names or ():
            lines.add(f"{name}=={versions.get(_normal(name)) or importlib.metadata.version(name)}")
    return [*sorted(lines, key=str.lower), *sorted(unknown)]


def _packages(snapshot: Path, context: Context, store: ValueStore) -> Iterator[str]:
    """Iterate over the top-level modules that the cell needs, neither Python's own nor local ones."""
    modules = {each.module for each in context.imports} | {state.module for state in context.state}
    for source in snapshot.rglob("*.py"):
        modules |= imported_modules(source.read_text(encoding="utf-8", errors="replace"))
    for definition in context.definitions.values():
        modules |= imported_modules(definition.text)
    for group in context.groups:
        modules |= pickled_modules(store.open(group.payload))
    if context.needs_ipython:
        modules.add("IPython")
    folders = (snapshot, snapshot / context.folder)  # modules are on top, or beside the cell
    local = {_module(path) for folder in folders if folder.is_dir() for path in folder.iterdir() if _hides(path)}
    tops = {top for module in modules if (top := module.partition(".")[0]).isidentifier()}
    yield from tops - _TAKEN_ALONG - local - sys.stdlib_module_names - set(sys.builtin_module_names)


def _hides(path: Path) -> bool:
    """Whether a file or folder is imported rather than an installed package of its name: a folder of data isn't."""
    return path.suffix in _MODULES or (path / "__init__.py").is_file()


def _module(path: Path) -> str:
    """Return the name by which a file or folder would be imported."""
    return path.name.partition(".")[0]


def _normal(name: str) -> str:
    """Return a package's name as PyPI compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()
