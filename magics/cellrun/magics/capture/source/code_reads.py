"""Reads from compiled code which global names it uses, nested code objects included.

Live functions are read this way (their source may be gone or edited), and so are the functions of a cell, compiled
for it: Python's own compiler decides what is local, free or global.
"""

from __future__ import annotations

import ast
import dis
import inspect
import re
import string
import warnings
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import NamedTuple

from cellrun.magics.capture.source.analysis import Reach

_READS = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "DELETE_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"})
_PROFILERS = frozenset({"cProfile", "profile"})  # their `run` runs a text
# These run a text as code.
_EVALUATORS = frozenset({"eval", "exec", "query", "evaluate", "timeit", "repeat", "Timer", "run_cell"}) | {
    *("dmatrix", "dmatrices", "from_formula", "ols", "wls", "gls", "glm", "logit", "probit", "poisson", "mixedlm"),
}  # the latter run what is in a formula of patsy or statsmodels: 'y ~ np.log(x)'
_REACHING_ALL = frozenset({"globals", "user_ns", "f_globals", "__main__", "doctest"})
_REACHING_CODE = frozenset({"__subclasses__", "unittest", "read_pickle", "shelve"})
_PICKLES = frozenset({"pickle", "cPickle", "joblib", "dill", "cloudpickle", "torch"})
_LOADS = frozenset({"load", "loads", "Unpickler"})
_IMPORTERS = frozenset({"import_module", "__import__", "import_string", "locate", "instantiate", "resolve_name"})
_JUMPS = frozenset({*dis.hasjrel, *dis.hasjabs})
_NO_BRANCHES = ("FOR_ITER", "SEND", "SETUP")  # loops over something, awaits, `try` and `with` of Python 3.10
_RETURNS = frozenset({"RETURN_VALUE", "RETURN_CONST"})
_MAIN = "__main__"
_DOLLAR = re.compile(r"\$\$?([A-Za-z_]\w*)")
_QUERIED = re.compile(r"@([A-Za-z_]\w*)")
_MOST_EVALUATED_CHARS = 100_000


class NameAt(NamedTuple):
    """A global name and the line where it is read; `is_possible` if only a text names it."""

    name: str
    line: int
    is_possible: bool = False
    is_branched: bool = False
    """Whether the code can end well without coming there."""


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
    is_evaluating: bool = False
    """Whether a text may run as code in it."""
    reach: Reach = Reach.NAMED
    """Which names it may reach besides those that it names."""
    imports_by_name: bool = False
    """Whether it imports modules whose names are texts."""


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
        for operation, name, line, is_branched in _name_operations(each):
            if operation in _READS:
                if name not in names or (names[name].is_branched and not is_branched):
                    names[name] = NameAt(name, line, is_branched=is_branched)
            elif operation == "STORE_GLOBAL":
                writes.add(name)
            elif operation == "IMPORT_NAME" and name:  # it is empty in `from . import x`
                modules.add(name.partition(".")[0])
    if evaluates(attributes):
        _note_possible(names, (name for text in texts for name in evaluated_names(text)), code)
    if "get_ipython" in attributes:
        expanded = (expression for text in texts for expression in expansions(text))
        _note_possible(names, (name for each in (*texts, *expanded) for name in evaluated_names(each)), code)
    return CodeReads(
        tuple(names.values()),
        frozenset(writes),
        frozenset(modules),
        frozenset(attributes),
        tuple(texts),
        evaluates(attributes),
        reach_of(attributes | modules),
        imports_by_name(attributes),
    )


def imports_by_name(names: AbstractSet[str]) -> bool:
    """Whether code that uses these names may import a module whose name is a text."""
    return not names.isdisjoint(_IMPORTERS)


def evaluates(names: AbstractSet[str]) -> bool:
    """Whether code that uses these names may run a text as code."""
    return not names.isdisjoint(_EVALUATORS) or ("run" in names and not names.isdisjoint(_PROFILERS))


def reach_of(names: AbstractSet[str]) -> Reach:
    """Return how far code that uses these names may reach."""
    if not names.isdisjoint(_REACHING_ALL):
        return Reach.ALL
    if not names.isdisjoint(_REACHING_CODE) or not (names.isdisjoint(_PICKLES) or names.isdisjoint(_LOADS)):
        return Reach.CODE
    return Reach.NAMED


def walk_code(code: CodeType) -> Iterator[CodeType]:
    """Iterate over a code object and all that is nested in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from walk_code(constant)


def is_function(code: CodeType) -> bool:
    """Whether the code is a function's, not a class body's or a module's."""
    return bool(code.co_flags & inspect.CO_OPTIMIZED)


@lru_cache(maxsize=2048)
def evaluated_names(text: str) -> tuple[str, ...]:
    """Return the names in a text that may be evaluated as Python, as a query (`@x`) or as a formula (`y ~ x`)."""
    if len(text) > _MOST_EVALUATED_CHARS:
        return ()
    text = text.strip()
    tree = _parsed(text)
    if tree is None and ("@" in text or "~" in text):
        tree = _parsed(text.replace("@", "").replace("~", "+"))
    return tuple(queried_names(text) if tree is None else _names(tree))  # a query may be put together of parts


def queried_names(text: str) -> list[str]:
    """Return the variables that a pandas query names: `@name`."""
    return _QUERIED.findall(text)


def expansions(text: str) -> Iterator[str]:
    """Iterate over the expressions in a text that IPython replaces by values: `{name}`, `$name`."""
    yield from _DOLLAR.findall(text)
    try:
        for _literal, field, _format, _conversion in string.Formatter().parse(text):
            if field:
                yield field
    except ValueError:  # a lone brace: IPython leaves such a text as it is
        return


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.ImportFrom) and node.module == _MAIN:
            yield from (alias.name for alias in node.names)


def _parsed(text: str) -> ast.AST | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of texts that are no code
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # no code, or it holds NUL, or is nested too deep
        return None


def _note_possible(names: dict[str, NameAt], found: Iterable[str], code: CodeType) -> None:
    for name in found:
        names.setdefault(name, NameAt(name, code.co_firstlineno, is_possible=True))


def _name_operations(code: CodeType) -> Iterator[tuple[str, str, int, bool]]:
    """Iterate over (operation, global name, line, whether the code can end well without coming there).

    What a class body in a function stores is its own, not global.
    """
    instructions = list(dis.get_instructions(code))
    own = {each.argval for each in instructions if each.opname == "STORE_NAME"}
    line = code.co_firstlineno
    passed_over, has_returned = 0, "NameError" in code.co_names
    for instruction in instructions:
        if instruction.opcode in _JUMPS and not instruction.opname.startswith(_NO_BRANCHES):
            passed_over = max(passed_over, instruction.argval)
        has_returned = has_returned or instruction.opname in _RETURNS  # what follows a return stands in a branch
        positions = getattr(instruction, "positions", None)  # Python 3.10 has only starts_line, once a line
        line = (positions.lineno if positions else instruction.starts_line) or line
        if "GLOBAL" in instruction.opname or "NAME" in instruction.opname:
            name = instruction.argval
            if not (instruction.opname == "LOAD_NAME" and name in own):
                yield instruction.opname, name, line, has_returned or instruction.offset < passed_over


def _texts(constants: Iterable[object]) -> Iterator[str]:
    for constant in constants:
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, (tuple, frozenset)):
            yield from _texts(constant)
