"""What a cell reads and writes, from its source alone: pure data out, nothing is run and no namespace is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum


class Certainty(IntEnum):
    """How sure it is that a name is read when the cell runs."""

    POSSIBLE = 0  # named in a text that may be evaluated: eval, df.query, the words of a magic
    LIKELY = 1  # in a branch, a loop, a function's body
    SURE = 2  # in a statement that runs before anything else could have given the name a value


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

    @property
    def place(self) -> str:
        """Where it stands, in words."""
        return f"{self.where}, line {self.line}" if self.where else f"line {self.line}"


@dataclass(frozen=True)
class Text:
    """A text constant: it may be the path of a file."""

    value: str
    line: int
    where: str = ""


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
    attributes: frozenset[str] = frozenset()
    """Attribute names that it uses: they tell which submodules of a package it needs."""
    texts: tuple[Text, ...] = ()
    is_open: bool = False
    """Whether names may come from where no analysis sees: `import *`, `exec`, `%run`."""
