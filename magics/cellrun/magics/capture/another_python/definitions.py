"""The statement of a cell that made a function or class what it is, so that it can be made again from source.

A definition is taken only if executing it gives what the notebook has, but for attributes that were changed afterwards,
which are told.
"""

from __future__ import annotations
import __future__

import ast
import linecache
from collections.abc import Mapping, Sequence
from types import FunctionType
from typing import Any, NamedTuple

from cellrun.core.context.manifest import Definition
from cellrun.magics.capture.another_python.changed_attributes import changed_attributes
from cellrun.magics.capture.another_python.statement import Statement, last_binding, statement_of
from cellrun.magics.capture.notebook import Notebook


class Undefined(NamedTuple):
    """Why a function or class can't be made from source, as the end of a sentence about it."""

    why: str


class Defined(NamedTuple):
    """The statement that makes a function or class, and what of it was changed afterwards, by dotted name."""

    definition: Definition
    changed: Mapping[str, object]

    @property
    def source(self) -> str:
        """The statement as a source of its own."""
        future, text = self.definition.future, self.definition.text
        return f"from __future__ import {', '.join(future)}\n{text}" if future else text


def find_definition(
    name: str, value: object, functions: Sequence[FunctionType], notebook: Notebook
) -> Defined | Undefined:
    """Return how a function or class that the notebook calls by a name is made, or why that can't be told.

    `functions` are the functions of the notebook that are in its pickle.
    """
    own_name = notebook.name_of(value)
    if own_name is not None and own_name != name:
        return Defined(Definition(f"<{name}>", 1, f"{name} = {own_name}"), {})
    statement = statement_of(name, functions, notebook)
    if statement is None:
        return Undefined("no def or class statement of a cell defines it")
    why = _why_not(name, value, statement, notebook)
    if why:
        return Undefined(why)
    definition = _definition(statement, functions)
    return Defined(definition, {f"{name}.{key}": now for key, now in changed_attributes(value, statement, notebook)})


def _definition(statement: Statement, functions: Sequence[FunctionType]) -> Definition:
    lines = linecache.getlines(statement.filename)[statement.line - 1 : statement.node.end_lineno]
    lines[-1] = _cut(lines[-1], end=statement.node.end_col_offset)
    above = _cut(lines[0], end=statement.node.col_offset)
    line = statement.line
    if above and above.isspace():  # in a block: one of ours is put around it, on the line above
        lines.insert(0, "if True:\n")
        line -= 1
    elif not statement.decorators:
        lines[0] = _cut(lines[0], start=statement.node.col_offset)
    return Definition(statement.filename, line, "".join(lines), _future(functions, statement))


def _future(functions: Sequence[FunctionType], statement: Statement) -> tuple[str, ...]:
    """Return the features of `__future__` that a statement was compiled with, as far as its functions tell."""
    flags = 0
    for function in functions:
        if statement.holds(function):
            flags |= function.__code__.co_flags
    return tuple(name for name in __future__.all_feature_names if flags & getattr(__future__, name).compiler_flag)


def _why_not(name: str, value: Any, statement: Statement, notebook: Notebook) -> str:
    """Return why a statement wouldn't give a name's value again; the empty text if it would, attributes apart."""
    node, rebound = statement.node, "its name was given another value after its definition"
    if statement.decorators:
        if hasattr(value, "_clear_cache") and len(getattr(value, "registry", ())) > 1:  # functools.singledispatch
            return "functions were registered with it"
        return "" if last_binding(name, notebook) == statement else rebound
    if isinstance(node, ast.ClassDef):
        if not isinstance(value, type):
            return rebound
        bases = [base.id for base in node.bases if isinstance(base, ast.Name)]
        now = {base: notebook.namespace.get(base) for base in bases}
        again = [base for base, kind in now.items() if isinstance(kind, type) and kind not in value.__mro__]
        return f"its base {again[0]} was defined again since" if again else ""
    if isinstance(node, ast.Assign) and not isinstance(node.value, ast.Lambda):
        return "" if isinstance(value, type) and value.__name__ == name else rebound
    return "" if isinstance(value, FunctionType) and statement.holds(value) else rebound


def _cut(line: str, start: int = 0, end: int | None = None) -> str:
    """Return a part of a line; ast counts bytes."""
    return line.encode()[start:end].decode()
