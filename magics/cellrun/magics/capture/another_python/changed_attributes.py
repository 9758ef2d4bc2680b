"""What of a function or class was changed after its definition."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import repeat
from types import FunctionType, GetSetDescriptorType, MemberDescriptorType
from typing import Any

from cellrun.magics.capture.another_python.statement import Statement, bound_names
from cellrun.magics.capture.notebook import Notebook

_OF_SLOTS = (MemberDescriptorType, GetSetDescriptorType)
_PLAIN = frozenset({bool, int, float, str, bytes, list, dict, type(None)})


def changed_attributes(value: Any, statement: Statement, notebook: Notebook) -> Iterator[tuple[str, object]]:
    """Iterate over the attributes of a function or class that its statement wouldn't give, as far as can be told."""
    if isinstance(statement.node, ast.ClassDef):
        if isinstance(value, type):
            yield from _changed_in_class(value, statement.node, statement, notebook)
    elif isinstance(value, FunctionType) and not statement.decorators:
        node = statement.node.value if isinstance(statement.node, ast.Assign) else statement.node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _changed_in_function(value, node.args, notebook)


def _changed_in_function(
    function: FunctionType, arguments: ast.arguments, notebook: Notebook
) -> Iterator[tuple[str, object]]:
    yield from vars(function).items()
    now = function.__defaults__ or ()
    if len(now) != len(arguments.defaults) or not all(map(_still_gives, arguments.defaults, now, repeat(notebook))):
        yield "__defaults__", function.__defaults__
    named = function.__kwdefaults__ or {}
    written = {
        argument.arg: given
        for argument, given in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if given is not None
    }
    if named.keys() != written.keys() or not all(_still_gives(written[key], named[key], notebook) for key in written):
        yield "__kwdefaults__", function.__kwdefaults__


def _changed_in_class(
    value: type, node: ast.ClassDef, statement: Statement, notebook: Notebook
) -> Iterator[tuple[str, object]]:
    written = _written_in(node)
    is_plain = type(value) is type and not node.decorator_list and len(value.__mro__) == 2
    for key, now in vars(value).items():
        body = written.get(key.removeprefix(f"_{value.__name__}"))  # of a name with __ in front
        if body is None:
            is_added = is_plain and not key.startswith("__") and not isinstance(now, _OF_SLOTS)
            is_method = isinstance(now, FunctionType) and notebook.title_of(now.__code__.co_filename) is not None
            if is_added or is_method:
                yield key, now
        elif isinstance(body, ast.FunctionDef | ast.AsyncFunctionDef):
            function = getattr(now, "__func__", now)  # __init_subclass__ is a class's method without saying so
            if not body.decorator_list and not (isinstance(function, FunctionType) and statement.holds(function)):
                yield key, now
        elif isinstance(body, ast.expr) and type(now) in _PLAIN and not _still_gives(body, now, notebook):
            yield key, now


def _written_in(node: ast.ClassDef) -> dict[str, ast.AST]:
    """Return what the body of a class gives values: by a def, by an expression, or else by which statement."""
    written: dict[str, ast.AST] = {}
    for statement in node.body:
        names = list(bound_names(statement))
        value = statement.value if isinstance(statement, (ast.Assign, ast.AnnAssign)) and len(names) == 1 else None
        for name in names:
            written[name] = statement if value is None or name in written else value
    return written


def _still_gives(expression: ast.expr | None, now: object, notebook: Notebook) -> bool:
    """Whether an expression gives what is there now; true where that can't be told without evaluating it."""
    if isinstance(expression, ast.Name) and expression.id in notebook.namespace:
        return notebook.namespace[expression.id] is now
    try:
        given = ast.literal_eval(expression) if expression is not None else now
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return True
    return type(given) is type(now) and repr(given) == repr(now)
