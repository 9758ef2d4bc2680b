"""The statement of a cell that made a function or class what it is, so that it can be made again from source.

A definition is taken only if executing it gives what the notebook has, but for attributes that were changed afterwards,
which are told. Byte code that no definition makes again can't go to another Python.
"""

from __future__ import annotations
import __future__

import ast
import linecache
from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from types import FunctionType, GetSetDescriptorType, MemberDescriptorType
from typing import Any, NamedTuple

from cellrun.core.context.manifest import Definition, python_version
from cellrun.core.context.pickles.pickling import Pickled
from cellrun.magics.capture.carrier import Refusal
from cellrun.magics.capture.notebook import Notebook
from cellrun.magics.capture.source.analysis import Read
from cellrun.magics.capture.source.statement import Statement, bound_names, last_binding, statement_of

_MOST_NAMED = 3
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


def find_definition(
    name: str, value: object, functions: Sequence[FunctionType], notebook: Notebook
) -> Defined | Undefined:
    """Return how a function or class that the notebook calls by a name is made, or why that can't be told.

    `functions` are the functions of the notebook that are in its pickle.
    """
    own_name = notebook.name_of(value)
    if own_name is not None and own_name != name:
        return Defined(Definition(f"<{name}>", 1, f"{name} = {own_name}"), {})
    statement = statement_of(name, functions, notebook)
    if statement is None:
        return Undefined("no def or class statement of a cell defines it")
    why = _why_not(name, value, statement, notebook)
    if why:
        return Undefined(why)
    definition = _definition(statement, functions)
    return Defined(definition, {f"{name}.{key}": now for key, now in _changed_attributes(value, statement, notebook)})


def _definition(statement: Statement, functions: Sequence[FunctionType]) -> Definition:
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


def _future(functions: Sequence[FunctionType], statement: Statement) -> tuple[str, ...]:
    """Return the features of `__future__` that a statement was compiled with, as far as its functions tell."""
    flags = 0
    for function in functions:
        if statement.holds(function):
            flags |= function.__code__.co_flags
    return tuple(name for name in __future__.all_feature_names if flags & getattr(__future__, name).compiler_flag)


def _why_not(name: str, value: Any, statement: Statement, notebook: Notebook) -> str:
    """Return why a statement wouldn't give a name's value again; the empty text if it would, attributes apart."""
    node, rebound = statement.node, "its name was given another value after its definition"
    if statement.decorators:
        if hasattr(value, "_clear_cache") and len(getattr(value, "registry", ())) > 1:  # functools.singledispatch
            return "functions were registered with it"
        return "" if last_binding(name, notebook) == statement else rebound
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


def _changed_attributes(value: Any, statement: Statement, notebook: Notebook) -> Iterator[tuple[str, object]]:
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
    value: type, node: ast.ClassDef, statement: Statement, notebook: Notebook
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
        names = list(bound_names(statement))
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


class WithCode(NamedTuple):
    """A value that is pickled with byte code in it."""

    name: str
    value: object
    read: Read
    pickled: Pickled


def byte_code_refusal(held: WithCode, why_undefined: str, notebook: Notebook, there: str) -> Refusal:
    """Return why a value can't go to another Python, whose version is `there`; a function may have no definition."""
    name, value, read, pickled = held
    here = python_version()
    if notebook.is_own_code(value):
        what = f"{'class' if isinstance(value, type) else 'function'} {name!r}"
        why = f"its byte code belongs to Python {here}, and {why_undefined}"
    else:
        what = f"variable {name!r} ({type(value).__name__})"
        functions = "; ".join(_function_words(each, notebook) for each in pickled.functions[:_MOST_NAMED])
        listed = f" ({functions})" if functions else ""
        why = f"it holds a function or class that no name stands for{listed}, whose byte code belongs to Python {here}"
    remedy = f"Define that by a def or class in no function or magic, or give an environment with Python {here}"
    return Refusal(name, f"{what} cannot be sent to Python {there}: {why}", read.place, remedy)


def _function_words(function: FunctionType, notebook: Notebook) -> str:
    code = function.__code__
    title = notebook.title_of(code.co_filename)
    return f"{function.__qualname__}, {title}, line {code.co_firstlineno}" if title else function.__qualname__
