"""How sure it is that code comes to its imports, and that it can't do without what they import."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from cellrun.magics.capture.source.analysis import Certainty

_CATCHES_IMPORT_ERROR = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException", "suppress"})
_APART = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_BRANCHES = (getattr(ast, "TryStar", ast.Try), ast.If, ast.For, ast.AsyncFor, ast.While, ast.Match, ast.IfExp)


def import_certainty(statements: Iterable[ast.stmt]) -> dict[str, Certainty]:
    """Return the top-level modules that statements import, each with the surest of its imports.

    POSSIBLE stands for those without which the code goes on: an `except ImportError` is around them.
    """
    found: dict[str, Certainty] = {}
    for name, certainty in _imports(statements, Certainty.SURE):
        top = name.partition(".")[0]
        found[top] = max(certainty, found.get(top, certainty))
    return found


def _imports(nodes: Iterable[ast.AST], certainty: Certainty) -> Iterator[tuple[str, Certainty]]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.name, certainty) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.module and not node.level:
                yield node.module, certainty
        elif isinstance(node, ast.Try):
            is_caught = any(_catches(handler.type) for handler in node.handlers)
            yield from _imports(node.body, Certainty.POSSIBLE if is_caught else certainty)
            yield from _imports((*node.handlers, *node.orelse), min(certainty, Certainty.LIKELY))
            yield from _imports(node.finalbody, certainty)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            is_caught = any(_catches(item.context_expr) for item in node.items)
            yield from _imports(node.body, Certainty.POSSIBLE if is_caught else certainty)
        elif isinstance(node, ast.If) and _is_for_types(node.test):
            yield from _imports(node.body, Certainty.POSSIBLE)
            yield from _imports(node.orelse, certainty)
        else:
            is_surely_run = not isinstance(node, (*_APART, *_BRANCHES))
            inner = certainty if is_surely_run else min(certainty, Certainty.LIKELY)
            yield from _imports(ast.iter_child_nodes(node), inner)


def _catches(expression: ast.expr | None) -> bool:
    """Whether what an `except` or a `with` names keeps an ImportError from going on."""
    if expression is None:
        return True
    named = {getattr(node, "id", getattr(node, "attr", "")) for node in ast.walk(expression)}
    return bool(named & _CATCHES_IMPORT_ERROR)


def _is_for_types(test: ast.expr) -> bool:
    return getattr(test, "id", getattr(test, "attr", "")) == "TYPE_CHECKING"
