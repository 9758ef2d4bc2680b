"""The result of the static analysis of a cell: what it reads and writes, as plain data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeAlias

_BRINGS = re.compile(r"\binstall\b|\.py\b")  # pip install, made.py


class Certainty(IntEnum):
    """How sure it is that a name is read when the cell runs."""

    DISTANT = -1  # one of all names that code could reach: `globals()[name]`; a large value stays behind
    POSSIBLE = 0  # named in a text that may be evaluated: eval, df.query, the words of a magic
    LIKELY = 1  # in a branch, a loop, a function's body
    SURE = 2  # in a statement that runs before anything else could have given the name a value


class Reach(IntEnum):
    """Which names code may reach besides those that it names."""

    NAMED = 0
    CODE = 1  # any function or class: it loads pickles, lists subclasses, runs the tests that there are
    ALL = 2  # any name: `globals()[name]`, `eval(text)`


@dataclass(frozen=True)
class Read:
    """One place where a name is read."""

    name: str
    line: int
    """Line of the cell, the magic's own line being the first."""
    where: str = ""
    """The function or class in whose body it stands; empty for the cell's own statements."""
    certainty: Certainty = Certainty.SURE
    bound: frozenset[str] = frozenset()
    """The names that the cell has surely given a value before."""
    key: object = None
    """The constant key if only one item is read, as in `Out[3]`."""
    is_branched: bool = False
    """Whether a function that it stands in can end well without coming to it, or isn't called as far as is known."""

    @property
    def place(self) -> str:
        """Where it stands, in words."""
        return _place(self.where, self.line)


@dataclass(frozen=True)
class Text:
    """A text constant: it may be the path of a file."""

    value: str
    line: int
    where: str = ""

    @property
    def place(self) -> str:
        """Where it stands, in words."""
        return _place(self.where, self.line)


@dataclass(frozen=True)
class MagicUse:
    """One place where a magic is called, or named in a function that may call it."""

    name: str
    kind: str
    """`line` or `cell`."""
    line: int
    where: str = ""
    words: tuple[str, ...] = ()
    """Its line, in words."""
    is_possible: bool = False
    """Whether only a text has its name."""

    @property
    def place(self) -> str:
        """Where it stands, in words."""
        return f"{self.where}, line {self.line}" if self.where else f"line {self.line}"


@dataclass(frozen=True)
class NamedPart:
    """A part of a path that a name stands for, `config.DATA` too; the empty name for what can't be known."""

    name: str
    sign: str = ""
    """What begins the places in its text that are filled in: `%` of `name % x`, `{` of `name.format(x)`."""


Piece: TypeAlias = tuple[str | NamedPart, ...]
"""Parts with nothing between them."""
Pieces: TypeAlias = tuple[Piece, ...]
"""What a path is made of, with slashes between."""


@dataclass(frozen=True)
class PathText:
    """A path that is put together."""

    pieces: Pieces
    line: int
    is_entered: bool = False
    """Whether the source makes it the current folder."""
    is_searched: bool = False
    """Whether the source adds it to `sys.path`."""
    is_listed: bool = False
    """Whether it is a folder that the source lists."""
    is_globbed: bool = False
    """Whether it is a pattern whose files the source, or a shell, looks for."""
    is_changed: bool = False
    """Whether a command or a library may change the file: Python itself wouldn't tell of that."""


@dataclass(frozen=True)
class Variable:
    """An environment variable that is read."""

    name: str
    line: int
    is_required: bool = False
    """Whether it is an error if it isn't set."""


@dataclass(frozen=True)
class Outside:
    """What a source reads from outside of Python."""

    paths: tuple[PathText, ...] = ()
    variables: tuple[Variable, ...] = ()
    where: str = ""
    """The function that does; empty for the cell's own statements."""


NOTHING = Outside()


@dataclass(frozen=True)
class Analysis:
    """All that a cell's source tells."""

    reads: tuple[Read, ...] = ()
    """Reads of names that the cell hasn't surely given a value before, and of its own functions and classes."""
    definitions: Mapping[str, tuple[Read, ...]] = field(default_factory=dict)
    """What the functions and classes that the cell defines read when they are called, by their names."""
    writes: frozenset[str] = frozenset()
    """Every name that the cell may give a value."""
    modules: Mapping[str, int] = field(default_factory=dict)
    """Top-level modules that it imports itself, with the first line that does."""
    imports: Mapping[str, Certainty] = field(default_factory=dict)
    """How sure it is that it comes to import them; POSSIBLE for those without which it goes on."""
    attributes: frozenset[str] = frozenset()
    """Attribute names that it uses: they tell which submodules of a package it needs."""
    texts: tuple[Text, ...] = ()
    scripts: tuple[Text, ...] = ()
    """Files whose code runs in the cell's namespace: `%run -i`, `exec(open(path).read())`."""
    magics: tuple[MagicUse, ...] = ()
    stars: frozenset[str] = frozenset()
    """Modules of which it imports everything: `from module import *`."""
    is_open: bool = False
    """Whether names may come from where no analysis sees: `import *`, `exec`, `%run`."""
    is_evaluating: bool = False
    """Whether texts in it may run as code: `eval`, `df.query`, `timeit`."""
    outside: Outside = NOTHING
    """Paths that it puts together, and environment variables."""
    imports_by_name: bool = False
    """Whether it imports modules whose names are texts."""
    reach: Reach = Reach.NAMED
    reach_line: int = 0
    """The first line that reaches so far; 0 if a function does."""

    @property
    def may_bring_modules(self) -> bool:
        """Whether the cell seems to install modules, to write them, or to have Python look for them elsewhere."""
        names = {read.name for read in self.reads} | self.modules.keys()
        is_brought = any(_BRINGS.search(text.value) for text in self.texts)
        is_told = "sys" in names and bool(self.attributes & {"path", "modules", "meta_path"})
        return is_brought or is_told or any(path.is_entered for path in self.outside.paths)


def _place(where: str, line: int) -> str:
    """Return where a line stands, in words; the line 0 is that of something as a whole."""
    if where and not line:
        return where
    return f"{where}, line {line}" if where else f"line {line}"
