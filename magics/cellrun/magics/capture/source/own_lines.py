"""The lines of a cell that make a function, or the class that it is in: of the others nothing goes along."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from functools import lru_cache
from types import CodeType
from typing import NamedTuple

from cellrun.core.cell.execution import CELL_FLAGS

_MAKERS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


class _Span(NamedTuple):
    """Where a function or class stands, lines from 1, its decorators included."""

    name: str
    first: int
    last: int


def lines_of(code: CodeType, source: str) -> range:
    """Return the lines of a function, or of the class that it is a method of, in the source it was compiled from."""
    spans = _spans(source)
    found = [span for span in spans if (span.name, span.first) == (code.co_name, code.co_firstlineno)]
    if found:
        span = spans[found[-1]]
        return range(span.first, span.last + 1)
    return range(code.co_firstlineno, max(_lines(code)) + 1)  # made by other code, or no Python that we know


def only_lines(source: str, lines: AbstractSet[int]) -> str:
    """Return a source in which all but these lines, from 1, are blank."""
    kept = source.split("\n")
    return "\n".join(line if number in lines else "" for number, line in enumerate(kept, 1))


@lru_cache(maxsize=64)
def _spans(source: str) -> dict[_Span, _Span]:
    """Return the functions and classes of a source, each with the outermost class that it belongs to, or itself."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the cell's own
            tree = compile(source, "<cell>", "exec", ast.PyCF_ONLY_AST | CELL_FLAGS, dont_inherit=True)
    except (SyntaxError, ValueError):
        return {}
    return dict(_found(tree, None))


def _found(node: ast.AST, around: _Span | None) -> Iterator[tuple[_Span, _Span]]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _MAKERS):
            yield from _found(child, around)
            continue
        decorators = getattr(child, "decorator_list", ())
        first = min([child.lineno, *(each.lineno for each in decorators)])
        span = _Span(getattr(child, "name", "<lambda>"), first, child.end_lineno or child.lineno)
        yield span, around or span
        yield from _found(child, (around or span) if isinstance(child, ast.ClassDef) else None)


def _lines(code: CodeType) -> Iterator[int]:
    yield code.co_firstlineno
    yield from (line for _, _, line in code.co_lines() if line)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _lines(constant)
