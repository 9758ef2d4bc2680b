"""Finds the modules that code imports: in its text, or in a pickle without loading it."""

from __future__ import annotations

import ast
import pickletools
from collections.abc import Iterator

_TEXTS = frozenset({"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE"})
_RECALLED = frozenset({"BINGET", "LONG_BINGET"})
_UNNOTICED = frozenset({"PROTO", "FRAME"})


def imported_modules(source: str) -> set[str]:
    """Return the modules that a source imports anywhere in it, dotted; `a.b` and `a.b.c` of `from a.b import c`.

    Empty for a source that this Python can't read.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return set()
    return set(_imported(tree))


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def pickled_modules(payload: bytes | memoryview) -> set[str]:
    """Return the modules that a pickle takes things from. Nothing of it is loaded."""
    modules: set[str] = set()
    pushed: list[str | None] = [None, None]  # the last two values, if they are texts
    memo: list[str | None] = []
    for opcode, argument, _ in pickletools.genops(bytes(payload)):
        if opcode.name in _UNNOTICED:
            continue
        if opcode.name == "MEMOIZE":
            memo.append(pushed[1])
            continue
        if opcode.name == "STACK_GLOBAL" and pushed[0]:
            modules.add(pushed[0])
        text = None
        if opcode.name in _TEXTS:
            text = str(argument)
        elif opcode.name in _RECALLED:
            text = memo[int(argument or 0)]
        pushed = [pushed[1], text]
    return modules
