"""Reads the source of a local module without running it: imports, texts, names, plain assignments."""

from __future__ import annotations

import ast
import operator
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from cellrun.core.context.pickles.pickling import without_collections
from cellrun.magics.capture.paths.expressions import path_of
from cellrun.magics.capture.paths.in_source import outside_of, walk
from cellrun.magics.capture.source.code_reads import imports_by_name

_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
}
_CONTAINERS: Mapping[type, Callable[[Iterable[Any]], Any]] = {ast.Tuple: tuple, ast.List: list, ast.Set: set}
_MADE_EMPTY: Mapping[str, Callable[[], Any]] = {"dict": dict, "list": list, "set": set}
_OF_COLLECTIONS = frozenset({"defaultdict", "OrderedDict", "Counter", "deque"})
_STEADY = frozenset({"int", "float", "str", "bytes", "bool", "tuple", "len", "min", "max", "sum", "round", "abs"})
EMPTY = object()
"""The value of an assignment that makes a container of `collections`, whatever its type is in the end."""
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_MOST_TEXT_CHARS = 1_000


@dataclass(frozen=True)
class ModuleSource:
    """What a source file tells."""

    imports: frozenset[str] = frozenset()
    """Top-level modules that it imports anywhere in it."""
    texts: tuple[str, ...] = ()
    """Its text constants of one line."""
    paths: tuple[str, ...] = ()
    """Texts that may be paths even if they are plain words: constants, defaults, paths that it puts together."""
    names: frozenset[str] = frozenset()
    """All names and attributes that it uses."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """What plain assignments give: `LR`, and `Config.LR` of a class; of names that nothing else gives a value."""
    computed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Names that one assignment of the module itself gives what it calls for, with the names and texts in that."""
    from_imports: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Names that `from module import name` gives: the module, relative as it stands there, and the name there."""
    bound: frozenset[str] = frozenset()
    """Every name that its own statements, or its functions, give a value."""
    functions: frozenset[str] = frozenset()
    """Names that a `def` of the module itself gives their last value, so that it counts, not those before it."""
    is_open: bool = False
    """Whether it may have names that can't be seen: `import *`, `exec`, `globals()`."""
    broken: str = ""
    """What keeps it from being Python: `line 3: invalid syntax`."""

    @property
    def imports_by_name(self) -> bool:
        """Whether it imports modules whose names are texts."""
        return imports_by_name(self.names)


def module_source(file: Path) -> ModuleSource:
    """Return what a source file tells; nothing if it is no Python of this version."""
    found = file.stat()
    with without_collections():
        return _module_source(file, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=4096)
def _module_source(file: Path, _changed: int, _size: int) -> ModuleSource:
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError) as error:  # a template, or of another version, if nobody imports it
        line = f"line {error.lineno}: {error.msg}" if isinstance(error, SyntaxError) else str(error)
        return ModuleSource(broken=line)
    statements = [_Statement.of(each) for each in tree.body]
    nodes = [node for each in statements for node in each.nodes]
    names = frozenset(_used_names(nodes))
    values = _plain_values(statements)
    return ModuleSource(
        paths=tuple(dict.fromkeys(_paths(tree, nodes, values))),
        imports=frozenset(name.partition(".")[0] for name in _imports(nodes)),
        texts=tuple(dict.fromkeys(_texts(nodes))),
        names=names,
        values=values,
        computed=dict(_computed(statements)),
        from_imports=dict(_from_imports(tree.body)),
        bound=frozenset(name for each in statements for name in each.bound),
        functions=frozenset(name for name, node in _last_bindings(statements) if isinstance(node, _FUNCTIONS)),
        is_open="*" in names or not names.isdisjoint({"exec", "globals", "vars", "__dict__", "setattr"}),
    )


def _used_names(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield node.name


def _texts(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and 0 < len(text) <= _MOST_TEXT_CHARS and "\n" not in text:
            yield text


def _paths(tree: ast.Module, nodes: Iterable[ast.AST], values: Mapping[str, Any]) -> Iterator[str]:
    yield from (each for each in values.values() if isinstance(each, str) and 0 < len(each) <= _MOST_TEXT_CHARS)
    for node in nodes:
        if isinstance(node, ast.arguments):
            yield from _texts(each for each in (*node.defaults, *node.kw_defaults) if each is not None)
    for found in outside_of(tree.body).paths:
        path = path_of(found.pieces, values.get)
        if not set(path) <= set("./"):  # nothing, or a folder above as a whole
            yield path


def _imports(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            name = node.args[0].value
            if function in {"import_module", "__import__"} and isinstance(name, str):
                yield name


def _from_imports(body: Iterable[ast.stmt]) -> Iterator[tuple[str, tuple[str, str]]]:
    for node in body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, ("." * node.level + (node.module or ""), alias.name)


class _Statement(NamedTuple):
    """A statement of a module or a class, walked once."""

    node: ast.stmt
    nodes: Sequence[ast.AST]
    """All that it is made of, itself first."""
    bound: Sequence[str]
    """The names that it gives a value, those that functions in it call global too."""

    @classmethod
    def of(cls, node: ast.stmt) -> _Statement:
        nodes = walk(node)
        return cls(node, nodes, tuple(_bound(nodes)))


def _bound(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for each in nodes:
        if isinstance(each, ast.Name):
            if isinstance(each.ctx, ast.Store):
                yield each.id
        elif isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield each.name
        elif isinstance(each, ast.alias):
            yield each.asname or each.name.partition(".")[0]
        elif isinstance(each, ast.Global):
            yield from each.names
        elif isinstance(each, (ast.MatchAs, ast.MatchStar, ast.ExceptHandler)) and each.name:
            yield each.name


def _last_bindings(statements: Iterable[_Statement]) -> Iterable[tuple[str, ast.stmt]]:
    """Return each name that a module's statements give a value, with the last statement that does."""
    last: dict[str, ast.stmt] = {}
    for node, _, bound in statements:
        last |= dict.fromkeys([node.name] if isinstance(node, _FUNCTIONS) else bound, node)
    return last.items()


def _computed(statements: Sequence[_Statement]) -> Iterator[tuple[str, frozenset[str]]]:
    """Iterate over (name, names and texts in it) of assignments that may give something else each time."""
    counts = Counter(name for each in statements for name in each.bound)
    for node, _, _ in statements:
        target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
        target = node.target if isinstance(node, ast.AnnAssign) else target
        if not isinstance(target, ast.Name) or counts[target.id] > 1:
            continue
        inner = walk(node.value)  # type: ignore[attr-defined]
        constants = (each.value for each in inner if isinstance(each, ast.Constant))
        words = frozenset(each for each in constants if isinstance(each, str)).union(_used_names(inner))
        if "environ" in words or any(isinstance(each, ast.Call) and not _is_steady(each) for each in inner):
            yield target.id, words


def _is_steady(call: ast.Call) -> bool:
    """Whether a call gives the same each time, given the same: a method of a constant, a conversion."""
    function = call.func
    if isinstance(function, ast.Attribute):
        return isinstance(function.value, (ast.Constant, ast.JoinedStr))
    return isinstance(function, ast.Name) and function.id in _STEADY


def _plain_values(statements: Iterable[_Statement]) -> dict[str, Any]:
    """Return what the assignments of plain values to one name give, of names that are assigned once."""
    counts: dict[str, int] = {}
    values: dict[str, Any] = {}
    inner: dict[str, Any] = {}
    for node, _, bound in statements:
        for name in [node.name] if isinstance(node, (ast.ClassDef, ast.FunctionDef)) else bound:
            counts[name] = counts.get(name, 0) + 1
        if isinstance(node, ast.ClassDef):
            own = _plain_values(map(_Statement.of, node.body))
            inner |= {f"{node.name}.{name}": value for name, value in own.items()}
            continue
        target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
        target = node.target if isinstance(node, ast.AnnAssign) and node.value is not None else target
        if isinstance(target, ast.Name):
            try:
                values[target.id] = _plain_value(node.value, values)  # type: ignore[attr-defined]
            except (_NotPlainError, ArithmeticError, TypeError):  # computed, or not to be computed
                counts[target.id] += 1
    return inner | {name: value for name, value in values.items() if counts[name] == 1}


class _NotPlainError(Exception):
    """An expression whose value only running it tells."""


def _plain_value(node: ast.expr, known: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name) and node.id in known:
        return known[node.id]
    if isinstance(node, (ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Call)):
        return _plain_container(node, known)
    return _plain_number(node, known)


def _plain_container(node: ast.Tuple | ast.List | ast.Set | ast.Dict | ast.Call, known: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id in _OF_COLLECTIONS and _are_names(node.args):
            return EMPTY
        make = _MADE_EMPTY.get(node.func.id) if isinstance(node.func, ast.Name) else None
        if make is None or node.args or node.keywords:
            raise _NotPlainError
        return make()
    if isinstance(node, ast.Dict):
        keys = [_plain_value(key, known) for key in node.keys if key is not None]
        if len(keys) < len(node.keys):  # `**other`
            raise _NotPlainError
        return dict(zip(keys, (_plain_value(each, known) for each in node.values), strict=True))
    return _CONTAINERS[type(node)](_plain_value(each, known) for each in node.elts)


def _are_names(nodes: Iterable[ast.expr]) -> bool:
    return all(isinstance(each, (ast.Name, ast.Lambda)) for each in nodes)


def _plain_number(node: ast.expr, known: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        value = _plain_value(node.operand, known)
        return -value if isinstance(node.op, ast.USub) else +value
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        left, right = _plain_value(node.left, known), _plain_value(node.right, known)
        if type(left) in {int, float} and type(right) in {int, float}:
            return _OPERATORS[type(node.op)](left, right)
    raise _NotPlainError
