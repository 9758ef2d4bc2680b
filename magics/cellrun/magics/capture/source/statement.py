"""The statement of a cell that made a function or class, and its lines: of others nothing goes along."""

from __future__ import annotations

import ast
import linecache
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from types import CodeType, FunctionType
from typing import NamedTuple

from cellrun.core.cell.execution import CELL_FLAGS
from cellrun.magics.capture.notebook import Notebook

_NUMBER = re.compile(r"\d+")
_MAKERS = frozenset({"namedtuple", "NamedTuple", "Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "make_dataclass"})
_HAVE_CODE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class _Span(NamedTuple):
    """Where a function or class stands, lines from 1, its decorators included."""

    name: str
    first: int
    last: int


class Statement(NamedTuple):
    """A statement that stands for itself in a cell."""

    node: ast.stmt
    filename: str

    @property
    def line(self) -> int:
        """Where it begins, with its decorators."""
        return min([self.node.lineno, *(each.lineno for each in self.decorators)])

    @property
    def decorators(self) -> list[ast.expr]:
        """What is called with what it makes."""
        return getattr(self.node, "decorator_list", [])

    def holds(self, function: FunctionType) -> bool:
        """Whether a function's code is of this statement."""
        code = function.__code__
        return code.co_filename == self.filename and self.line <= code.co_firstlineno <= (self.node.end_lineno or 0)


def statement_of(name: str, functions: Sequence[FunctionType], notebook: Notebook) -> Statement | None:
    """Return the statement that gave a name its function or class: where its code says, else the last one that did."""
    for function in functions:
        for statement in _definitions_in(function.__code__.co_filename, name):
            if statement.holds(function):
                return statement
    return last_binding(name, notebook)


def last_binding(name: str, notebook: Notebook) -> Statement | None:
    """Return the definition of a name in the last cell that gives it a value; None if that isn't what gives it."""
    cells = ((title, file) for file in tuple(linecache.cache) if (title := notebook.title_of(file)))
    for _, filename in sorted(((_number(title), file) for title, file in cells), reverse=True):
        text = "".join(linecache.getlines(filename))
        if name in text and name in _bound_in(text):
            definitions = [each for each in _definitions_in(filename, name) if each.node is _bound_in(text)[name]]
            is_certain = definitions and (definitions[0].node in _parsed(text) or _is_bound_once(text, name))
            return definitions[0] if is_certain else None
    return None


def _definitions_in(filename: str, name: str) -> list[Statement]:
    """Return the statements of a cell that define a name: def, class, `name = lambda …`, `name = namedtuple(…)`."""
    text = "".join(linecache.getlines(filename))
    if name not in text:
        return []
    return [Statement(node, filename) for node in _flat(_parsed(text)) if _defines(node, name)]


def _defines(node: ast.stmt, name: str) -> bool:
    if isinstance(node, _SCOPES):
        return node.name == name
    if not isinstance(node, ast.Assign) or not all(isinstance(each, ast.Name) for each in node.targets):
        return False
    if [each.id for each in node.targets if isinstance(each, ast.Name)] != [name]:
        return False
    return isinstance(node.value, ast.Lambda) or _makes_class(node.value)


def _makes_class(node: ast.expr) -> bool:
    if not isinstance(node, ast.Call):
        return False
    function = node.func
    called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return called in _MAKERS


@lru_cache(maxsize=512)
def _parsed(text: str) -> tuple[ast.stmt, ...]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the cell's own
            tree = compile(text, "<cell>", "exec", ast.PyCF_ONLY_AST | CELL_FLAGS, dont_inherit=True)
    except (SyntaxError, ValueError):  # a cell that failed, or no cell at all
        return ()
    return tuple(tree.body)


@lru_cache(maxsize=512)
def _bound_in(text: str) -> dict[str, ast.stmt]:
    """Return the names that a cell gives values itself, each with the last statement that does."""
    return {name: node for node in _flat(_parsed(text)) for name in _bound_by(node)}


def _is_bound_once(text: str, name: str) -> bool:
    """Whether one statement of a cell alone gives a name a value: of two branches, nobody knows which one ran."""
    return sum(name in _bound_by(node) for node in _flat(_parsed(text))) == 1


def _flat(nodes: Iterable[ast.AST]) -> Iterator[ast.stmt]:
    """Iterate over statements, those in blocks too; not over those of functions and classes."""
    for node in nodes:
        if isinstance(node, ast.stmt):
            yield node
        if isinstance(node, (ast.stmt, ast.ExceptHandler, ast.match_case)) and not isinstance(node, _SCOPES):
            yield from _flat(ast.iter_child_nodes(node))


def _bound_by(node: ast.stmt) -> Iterator[str]:
    """Iterate over the names that a statement gives values itself, not by the statements in its block."""
    if not hasattr(node, "body") or isinstance(node, _SCOPES):
        yield from bound_names(node)
        return
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.stmt, ast.ExceptHandler, ast.match_case)):
            yield from bound_names(child)


def bound_names(node: ast.AST) -> Iterator[str]:
    """Iterate over the names that a node gives values, but for what is inside functions and classes."""
    if isinstance(node, _SCOPES):
        yield node.name
        return
    if isinstance(node, ast.Lambda):
        return
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    if isinstance(node, ast.alias):
        yield node.asname or node.name.partition(".")[0]
    for child in ast.iter_child_nodes(node):
        yield from bound_names(child)


def _number(title: str) -> int:
    found = _NUMBER.search(title)
    return int(found[0]) if found else -1


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
    return dict(_found(ast.Module([*_parsed(source)], []), None))


def _found(node: ast.AST, around: _Span | None) -> Iterator[tuple[_Span, _Span]]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _HAVE_CODE):
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
