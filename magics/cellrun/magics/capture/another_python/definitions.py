"""The statement of a cell that made a function or class what it is, so that it can be made again from source.

A definition is taken only if executing it gives what the notebook has, but for attributes that were changed afterwards,
which are told.
"""

from __future__ import annotations
import __future__

import ast
import linecache
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from types import FunctionType, GetSetDescriptorType, MemberDescriptorType
from typing import Any, NamedTuple

from cellrun.core.cell.execution import CELL_FLAGS
from cellrun.core.context.manifest import Definition
from cellrun.magics.capture.notebook import Notebook

_NUMBER = re.compile(r"\d+")
_MAKERS = frozenset({"namedtuple", "NamedTuple", "Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "make_dataclass"})
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_OF_SLOTS = (MemberDescriptorType, GetSetDescriptorType)
_PLAIN = frozenset({bool, int, float, str, bytes, list, dict, type(None)})


class Undefined(NamedTuple):
    """Why a function or class can't be made from source, as the end of a sentence about it."""

    why: str


class Defined(NamedTuple):
    """The statement that makes a function or class, and what of it was changed afterwards, by dotted name."""

    definition: Definition
    changed: Mapping[str, object]

    @property
    def source(self) -> str:
        """The statement as a source of its own."""
        future, text = self.definition.future, self.definition.text
        return f"from __future__ import {', '.join(future)}\n{text}" if future else text


class _Statement(NamedTuple):
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


def find_definition(
    name: str, value: object, functions: Sequence[FunctionType], notebook: Notebook
) -> Defined | Undefined:
    """Return how a function or class that the notebook calls by a name is made, or why that can't be told.

    `functions` are the functions of the notebook that are in its pickle.
    """
    own_name = notebook.name_of(value)
    if own_name is not None and own_name != name:
        return Defined(Definition(f"<{name}>", 1, f"{name} = {own_name}"), {})
    statement = _statement_of(name, functions, notebook)
    if statement is None:
        return Undefined("no def or class statement of a cell defines it")
    why = _why_not(name, value, statement, notebook)
    if why:
        return Undefined(why)
    definition = _definition(statement, functions)
    return Defined(definition, {f"{name}.{key}": now for key, now in _changed_attributes(value, statement, notebook)})


def _definition(statement: _Statement, functions: Sequence[FunctionType]) -> Definition:
    lines = linecache.getlines(statement.filename)[statement.line - 1 : statement.node.end_lineno]
    lines[-1] = _cut(lines[-1], end=statement.node.end_col_offset)
    above = _cut(lines[0], end=statement.node.col_offset)
    line = statement.line
    if above and above.isspace():  # in a block: one of ours is put around it, on the line above
        lines.insert(0, "if True:\n")
        line -= 1
    elif not statement.decorators:
        lines[0] = _cut(lines[0], start=statement.node.col_offset)
    return Definition(statement.filename, line, "".join(lines), _future(functions, statement))


def _future(functions: Sequence[FunctionType], statement: _Statement) -> tuple[str, ...]:
    """Return the features of `__future__` that a statement was compiled with, as far as its functions tell."""
    flags = 0
    for function in functions:
        if statement.holds(function):
            flags |= function.__code__.co_flags
    return tuple(name for name in __future__.all_feature_names if flags & getattr(__future__, name).compiler_flag)


def _why_not(name: str, value: Any, statement: _Statement, notebook: Notebook) -> str:
    """Return why a statement wouldn't give a name's value again; the empty text if it would, attributes apart."""
    node, rebound = statement.node, "its name was given another value after its definition"
    if statement.decorators:
        if hasattr(value, "_clear_cache") and len(getattr(value, "registry", ())) > 1:  # functools.singledispatch
            return "functions were registered with it"
        return "" if _last_binding(name, notebook) == statement else rebound
    if isinstance(node, ast.ClassDef):
        if not isinstance(value, type):
            return rebound
        bases = [base.id for base in node.bases if isinstance(base, ast.Name)]
        now = {base: notebook.namespace.get(base) for base in bases}
        again = [base for base, kind in now.items() if isinstance(kind, type) and kind not in value.__mro__]
        return f"its base {again[0]} was defined again since" if again else ""
    if isinstance(node, ast.Assign) and not isinstance(node.value, ast.Lambda):
        return "" if isinstance(value, type) and value.__name__ == name else rebound
    return "" if isinstance(value, FunctionType) and statement.holds(value) else rebound


def _cut(line: str, start: int = 0, end: int | None = None) -> str:
    """Return a part of a line; ast counts bytes."""
    return line.encode()[start:end].decode()


def _changed_attributes(value: Any, statement: _Statement, notebook: Notebook) -> Iterator[tuple[str, object]]:
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
    value: type, node: ast.ClassDef, statement: _Statement, notebook: Notebook
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
        names = list(_bound_names(statement))
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


def _statement_of(name: str, functions: Sequence[FunctionType], notebook: Notebook) -> _Statement | None:
    """Return the statement that gave a name its function or class: where its code says, else the last one that did."""
    for function in functions:
        for statement in _definitions_in(function.__code__.co_filename, name):
            if statement.holds(function):
                return statement
    return _last_binding(name, notebook)


def _last_binding(name: str, notebook: Notebook) -> _Statement | None:
    """Return the definition of a name in the last cell that gives it a value; None if that isn't what gives it."""
    cells = ((title, file) for file in tuple(linecache.cache) if (title := notebook.title_of(file)))
    for _, filename in sorted(((_number(title), file) for title, file in cells), reverse=True):
        text = "".join(linecache.getlines(filename))
        if name in text and name in _bound_in(text):
            definitions = [each for each in _definitions_in(filename, name) if each.node is _bound_in(text)[name]]
            is_certain = definitions and (definitions[0].node in parsed_cell(text) or _is_bound_once(text, name))
            return definitions[0] if is_certain else None
    return None


def _definitions_in(filename: str, name: str) -> list[_Statement]:
    """Return the statements of a cell that define a name: def, class, `name = lambda …`, `name = namedtuple(…)`."""
    text = "".join(linecache.getlines(filename))
    if name not in text:
        return []
    return [_Statement(node, filename) for node in _flat(parsed_cell(text)) if _defines(node, name)]


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
def parsed_cell(text: str) -> tuple[ast.stmt, ...]:
    """Return the statements of a cell; none if it is no Python."""
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
    return {name: node for node in _flat(parsed_cell(text)) for name in _bound_by(node)}


def _is_bound_once(text: str, name: str) -> bool:
    """Whether one statement of a cell alone gives a name a value: of two branches, nobody knows which one ran."""
    return sum(name in _bound_by(node) for node in _flat(parsed_cell(text))) == 1


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
        yield from _bound_names(node)
        return
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.stmt, ast.ExceptHandler, ast.match_case)):
            yield from _bound_names(child)


def _bound_names(node: ast.AST) -> Iterator[str]:
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
        yield from _bound_names(child)


def _number(title: str) -> int:
    found = _NUMBER.search(title)
    return int(found[0]) if found else -1
