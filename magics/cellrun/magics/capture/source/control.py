"""Where control may leave a block of statements before its end, or go on after an exception."""

from __future__ import annotations

import ast
from collections.abc import Sequence

_CATCHES_NAME_ERROR = frozenset({"NameError", "Exception", "BaseException"})


def leaves(body: Sequence[ast.AST]) -> bool:
    """Whether control surely doesn't come out at the end of a body."""
    return bool(body) and isinstance(body[-1], ast.Raise | ast.Continue | ast.Break | ast.Return)


def breaks(node: ast.AST) -> bool:
    """Whether a statement of a loop's body may leave the loop by a `break`."""
    if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
        return any(map(breaks, node.orelse))
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return False
    return isinstance(node, ast.Break) or any(map(breaks, ast.iter_child_nodes(node)))


def catches_name_error(handler: ast.ExceptHandler) -> bool:
    """Whether an `except` catches that a name has no value."""
    if handler.type is None:
        return True
    return _names_name_error(handler.type)


def _names_name_error(expression: ast.expr) -> bool:
    return any(isinstance(node, ast.Name) and node.id in _CATCHES_NAME_ERROR for node in ast.walk(expression))


def may_suppress(context: ast.expr) -> bool:
    """Whether a `with` goes on after an exception: contextlib.suppress, pytest.raises, also by other names."""
    names = {node.id for node in ast.walk(context) if isinstance(node, ast.Name)}
    attributes = {node.attr for node in ast.walk(context) if isinstance(node, ast.Attribute)}
    return bool((names | attributes) & {"suppress", "raises"}) or _names_name_error(context)
