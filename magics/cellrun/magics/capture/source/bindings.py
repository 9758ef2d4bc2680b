"""What is bound at a point of a cell, and what was read so far."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from cellrun.magics.capture.source.analysis import Analysis, Certainty, MagicUse, Reach, Read, Text
from cellrun.magics.capture.source.code_reads import CodeReads, evaluates, imports_by_name, reach_of


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
