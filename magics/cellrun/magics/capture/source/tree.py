"""What a syntax tree tells: its nodes, where control leaves a block, how surely it comes to an import."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from cellrun.magics.capture.source.analysis import Certainty

_CONTEXT = "ctx"  # whether a name is read or given a value: no node that anybody visits
_CATCHES_NAME_ERROR = frozenset({"NameError", "Exception", "BaseException"})
_CATCHES_IMPORT_ERROR = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException", "suppress"})
_APART = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_BRANCHES = (getattr(ast, "TryStar", ast.Try), ast.If, ast.For, ast.AsyncFor, ast.While, ast.Match, ast.IfExp)


def walk(node: ast.AST) -> list[ast.AST]:
    """Return a node and all nodes below it, each before those below it.

    Quicker than `ast.walk`: a package's files have a million nodes, half of which only say `Load`.
    """
    found = [node]
    for each in found:  # it grows meanwhile
        found += children(each)
    return found


def children(node: ast.AST) -> Iterator[ast.AST]:
    """Iterate over the nodes right below a node."""
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            for each in value:
                if isinstance(each, ast.AST):
                    yield each
        elif isinstance(value, ast.AST) and name != _CONTEXT:
            yield value


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
