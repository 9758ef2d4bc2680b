"""Tracks along a cell's statements which names are surely bound, and collects the analysis."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from cellrun.magics.capture.source.analysis import Analysis, Certainty, MagicUse, Reach, Read, Text
from cellrun.magics.capture.source.code_reads import CodeReads, evaluates, imports_by_name, reach_of

_CATCHES_NAME_ERROR = frozenset({"NameError", "Exception", "BaseException"})
_CATCHES_IMPORT_ERROR = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException", "suppress"})
_APART = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_BRANCHES = (getattr(ast, "TryStar", ast.Try), ast.If, ast.For, ast.AsyncFor, ast.While, ast.Match, ast.IfExp)


@dataclass
class _Scope:
    """Names that are local to a class body or a comprehension."""

    is_class: bool
    names: set[str] = field(default_factory=set)


class Bindings:
    """The names that surely have a value at the point where a walk over a cell stands; collects the analysis.

    Responsibilities: scopes of classes and comprehensions, branches, certainty, the reads.
    """

    def __init__(self) -> None:
        self.bound: frozenset[str] = frozenset()
        self.certainty = Certainty.SURE
        self.line_offset = 0
        self.class_name = ""
        self.definitions: dict[str, tuple[Read, ...]] = {}
        self.writes: set[str] = set()
        self.modules: dict[str, int] = {}
        self.attributes: set[str] = set()
        self.texts: list[Text] = []
        self.scripts: list[Text] = []
        self.magics: list[MagicUse] = []
        self.stars: set[str] = set()
        self.is_open = False
        self.is_evaluating = False
        self._reach = Reach.NAMED
        self._reach_line = 0
        self._given: set[str] = set()  # names of the cell itself that a statement before may have given a value
        self._reads: list[Read] = []
        self._scopes: list[_Scope] = []

    def read(self, name: str, line: int, certainty: Certainty = Certainty.SURE, key: object = None) -> None:
        """Note that a name is read here, unless a scope around or a statement before gave it its value."""
        innermost = len(self._scopes) - 1
        for depth, scope in enumerate(self._scopes):
            if name in scope.names and (depth == innermost or not scope.is_class):
                return
        if name in self.bound and name not in self.definitions:
            return
        certainty = min(certainty, self.certainty)
        if name in self._given or self.stars:
            certainty = min(certainty, Certainty.LIKELY)
        self._reads.append(Read(name, line + self.line_offset, self.class_name, certainty, self.bound, key))

    def bind(self, name: str, *, beyond_comprehension: bool = False) -> None:
        """Note that a name gets a value here; a walrus binds beyond the comprehension that it stands in."""
        for scope in reversed(self._scopes):
            if not scope.is_class:
                if not beyond_comprehension:
                    scope.names.add(name)
                    return
            else:
                self.writes.add(name)
                if self.certainty is Certainty.SURE:  # in a branch of a class body it may still be a global
                    scope.names.add(name)
                return
        self.writes.add(name)
        self._given.add(name)
        self.bound |= {name}

    def imports(self, module: str, line: int) -> None:
        """Note that a module is imported, by its dotted name."""
        self.modules.setdefault(module.partition(".")[0], line + self.line_offset)

    def text(self, value: str, line: int, where: str = "") -> None:
        """Note a text constant."""
        self.texts.append(Text(value, line + self.line_offset, where))

    def reach(self, reach: Reach, line: int) -> None:
        """Note that names may be reached here that aren't named; line 0 stands for a function's body."""
        if reach > self._reach:
            self._reach, self._reach_line = reach, line + self.line_offset if line else 0

    def function(self, code: CodeReads, where: str, line: int) -> list[Read]:
        """Note what a function of the cell imports and writes, and return what it reads when it is called."""
        for module in code.modules:
            self.imports(module, line)
        self.attributes |= code.attributes
        self.writes |= code.writes
        self._given |= code.writes
        self.is_evaluating |= code.is_evaluating
        self.reach(code.reach, 0)
        for text in code.texts:
            self.text(text, line, where)
        return [
            Read(
                each.name,
                each.line + self.line_offset,
                where,
                Certainty.POSSIBLE if each.is_possible else Certainty.LIKELY,
                is_branched=each.is_branched,
            )
            for each in code.names
        ]

    def in_scope(self, visit: Callable[[], None], *, is_class: bool, names: Iterable[str] = ()) -> None:
        """Visit what has local names of its own."""
        self._scopes.append(_Scope(is_class, set(names)))
        visit()
        self._scopes.pop()

    def in_branch(self, visit: Callable[[], None]) -> frozenset[str]:
        """Visit what may or may not run; return what is bound at its end. What is bound here stays as it was."""
        start, certainty = self.bound, self.certainty
        self.certainty = min(certainty, Certainty.LIKELY)
        visit()
        end, self.bound, self.certainty = self.bound, start, certainty
        return end

    def analysis(self) -> Analysis:
        """Return what was found, once everything was visited."""
        named = {read.name for read in self._reads}
        for name in self.definitions.keys() - named:  # never named again, but something may still reach it
            self._reads.append(Read(name, 0, certainty=Certainty.LIKELY, bound=self.bound, is_branched=True))
        names = named | self.attributes | self.modules.keys()
        self.reach(reach_of(names - {"globals", "user_ns"}), 0)  # what these are used for, statements tell
        return Analysis(
            reads=tuple(self._reads),
            definitions=self.definitions,
            writes=frozenset(self.writes),
            modules=self.modules,
            attributes=frozenset(self.attributes),
            texts=tuple(self.texts),
            scripts=tuple(self.scripts),
            magics=tuple(self.magics),
            stars=frozenset(self.stars),
            is_open=self.is_open,
            is_evaluating=self.is_evaluating or evaluates(names),
            imports_by_name=imports_by_name(names),
            reach=self._reach,
            reach_line=self._reach_line,
        )


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
