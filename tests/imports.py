"""What the modules of this project import of one another, read from their sources."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from cellrun import core

ROOT = Path(__file__).parents[1]
SOURCES = ("azureml", "core", "magics", "widgets", "labextension")
FACADE = "cellrun.core.runs.run"
FILES = "cellrun.core.runs.file_verbs"
EXPERIMENT = "cellrun.core.experiment_verbs"
UPWARDS = {
    # `Run` has all verbs of a run, also those of rooms above it; they are loaded when one is called.
    (FACADE, "cellrun.core"),
    (FACADE, "cellrun.core.comparison.figure"),
    (FILES, "cellrun.core.export.export"),
    # Azure ML's `Experiment.from_directory` opens a workspace, which has experiments.
    (EXPERIMENT, "cellrun.core"),
}
"""The imports that lead up, and why."""


class Import(NamedTuple):
    """One module imports another: when it is loaded, or later, in a function."""

    importer: str
    imported: str
    is_later: bool


@cache
def files() -> dict[str, Path]:
    """Return the file of each of the project's modules."""
    return {_name(file, ROOT / source): file for source in SOURCES for file in (ROOT / source).glob("cellrun/**/*.py")}


@cache
def imports() -> tuple[Import, ...]:
    """Return every import of one of the project's modules by another, those for types alone aside."""
    known, loaded_later = files(), frozenset(dir(core))

    def module(name: str) -> str:
        package, _, last = name.rpartition(".")
        if package == core.__name__ and name not in known and last in loaded_later:
            return f"{package}.{core._MODULES.get(last, 'errors')}"
        return next(filter(known.__contains__, (name, package)), "")

    return tuple(
        Import(importer, imported, is_later)
        for importer, file in known.items()
        for names, is_later in _imported(ast.parse(file.read_bytes()), is_later=False)
        for imported in set(map(module, names)) - {""}
    )


_DEPTH = 3
_APART = tuple(f"cellrun.core.targets.{kind}" for kind in ("ray", "slurm", "ssh"))
"""Rooms within another one, and above what the rest of that is below: the far side uses `targets/local`, and goes by a
kind's name to any other."""


def room(module: str, depth: int = _DEPTH) -> str:
    """Return the room of a module: `cellrun.core.store` for all below it; a module beside the rooms is its own."""
    apart = next((each for each in _APART if f"{module}.".startswith(f"{each}.")), None)
    if depth == _DEPTH and apart:
        return apart
    return ".".join(module.split(".")[:depth])


def circles(arrows: set[tuple[str, str]]) -> list[set[str]]:
    """Return the groups of rooms from each of which arrows lead to all the others."""
    reached = {start: _reached(start, arrows) for start, _ in arrows}
    groups = {
        frozenset(other for other in there if start in reached.get(other, ()))
        for start, there in reached.items()
        if start in there
    }
    return [set(group) for group in groups]


def _reached(start: str, arrows: set[tuple[str, str]]) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        here = waiting.pop()
        new = {there for start, there in arrows if start == here} - found
        found |= new
        waiting += new
    return found


def _name(file: Path, source: Path) -> str:
    parts = file.relative_to(source).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


_HOLDERS = (ast.stmt, ast.excepthandler, ast.match_case)
"""What may hold statements: no import is in an expression."""


def _imported(node: ast.AST, *, is_later: bool) -> Iterator[tuple[list[str], bool]]:
    for each in ast.iter_child_nodes(node):
        if isinstance(each, ast.Import):
            yield [alias.name for alias in each.names], is_later
        elif isinstance(each, ast.ImportFrom):
            yield [f"{each.module}.{alias.name}" for alias in each.names], is_later
        elif isinstance(each, _HOLDERS) and not (isinstance(each, ast.If) and _is_for_types(each.test)):
            yield from _imported(each, is_later=is_later or isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)))


def _is_for_types(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"
