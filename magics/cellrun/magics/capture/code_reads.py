"""What compiled code reads: the global names of a code object and of all that is nested in it.

Live functions are read this way (their source may be gone or edited), and so are the functions of a cell, compiled
for it: Python's own compiler decides what is local, free or global.
"""

from __future__ import annotations

import ast
import dis
import inspect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import NamedTuple

_READS = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "DELETE_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"})
_EVALUATORS = frozenset({"eval", "exec", "query"})  # calls whose text names variables; the last two also of pandas
_MOST_EVALUATED_CHARS = 10_000


class NameAt(NamedTuple):
    """A global name and the line where it is read; `is_possible` if only a text names it."""

    name: str
    line: int
    is_possible: bool = False


@dataclass(frozen=True)
class CodeReads:
    """What a code object tells, nested ones included."""

    names: tuple[NameAt, ...]
    """Global names read, each once."""
    writes: frozenset[str]
    """Global names written."""
    modules: frozenset[str]
    """Top-level modules imported."""
    attributes: frozenset[str]
    """Attribute names used, among others."""
    texts: tuple[str, ...]
    """Text constants."""


@lru_cache(maxsize=2048)
def code_reads(code: CodeType) -> CodeReads:
    """Return what a function's code reads."""
    names: dict[str, NameAt] = {}
    writes: set[str] = set()
    modules: set[str] = set()
    attributes: set[str] = set()
    texts: dict[str, None] = {}
    for each in walk_code(code):
        attributes.update(each.co_names)
        texts.update(dict.fromkeys(_texts(each.co_consts)))
        for operation, name, line in _name_operations(each):
            if operation in _READS:
                names.setdefault(name, NameAt(name, line))
            elif operation == "STORE_GLOBAL":
                writes.add(name)
            elif operation == "IMPORT_NAME" and name:  # it is empty in `from . import x`
                modules.add(name.partition(".")[0])
    if attributes & _EVALUATORS:
        for name in (name for text in texts for name in evaluated_names(text)):
            names.setdefault(name, NameAt(name, code.co_firstlineno, is_possible=True))
    return CodeReads(tuple(names.values()), frozenset(writes), frozenset(modules), frozenset(attributes), tuple(texts))


def walk_code(code: CodeType) -> Iterator[CodeType]:
    """Iterate over a code object and all that is nested in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from walk_code(constant)


def is_function(code: CodeType) -> bool:
    """Whether the code is a function's, not a class body's or a module's."""
    return bool(code.co_flags & inspect.CO_OPTIMIZED)


def evaluated_names(text: str) -> list[str]:
    """Return the names in a text that may be evaluated as Python, or as a pandas query (`@name`)."""
    if len(text) > _MOST_EVALUATED_CHARS:
        return []
    try:
        tree = ast.parse(text.strip().replace("@", ""))
    except (SyntaxError, ValueError):  # no code, or it holds NUL
        return []
    return [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]


def _name_operations(code: CodeType) -> Iterator[tuple[str, str, int]]:
    """Iterate over (operation, global name, line); what a class body in a function stores is its own, not global."""
    instructions = list(dis.get_instructions(code))
    own = {each.argval for each in instructions if each.opname == "STORE_NAME"}
    line = code.co_firstlineno
    for instruction in instructions:
        positions = getattr(instruction, "positions", None)  # Python 3.10 has only starts_line, once a line
        line = (positions.lineno if positions else instruction.starts_line) or line
        if "GLOBAL" in instruction.opname or "NAME" in instruction.opname:
            name = instruction.argval
            if not (instruction.opname == "LOAD_NAME" and name in own):
                yield instruction.opname, name, line


def _texts(constants: Iterable[object]) -> Iterator[str]:
    for constant in constants:
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, (tuple, frozenset)):
            yield from _texts(constant)
