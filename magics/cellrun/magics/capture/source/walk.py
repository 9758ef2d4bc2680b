"""Walks a tree of `ast` quickly: a package's files have a million nodes, half of which only say `Load`."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_CONTEXT = "ctx"  # whether a name is read or given a value: no node that anybody visits


def walk(node: ast.AST) -> list[ast.AST]:
    """Return a node and all nodes below it, each before those below it."""
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
