"""What things need in turn, and why a thing can't travel: what the carriers of a capture tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import FunctionType

from cellrun.magics.capture.source.analysis import NOTHING, Outside, Reach, Read, Text


@dataclass
class Found:
    """What something needs that was found to be needed."""

    reads: list[Read] = field(default_factory=list)
    functions: list[FunctionType] = field(default_factory=list)
    modules: set[str] = field(default_factory=set)
    texts: list[Text] = field(default_factory=list)
    outside: Outside = NOTHING
    is_evaluating: bool = False
    """Whether texts may run as code in it."""
    reach: Reach = Reach.NAMED
    """Which names it may reach besides its reads."""
    uses_shell: bool = False
    """Whether it may call magics whose names are texts."""
    imports_by_name: bool = False
    """Whether it imports modules whose names are texts."""


@dataclass(frozen=True)
class Refusal:
    """Why something that the cell needs can't go along: for the error, and for the card."""

    name: str
    """The variable, module or file; empty if it is about several."""
    what: str
    """What is wrong, as a sentence without its full stop."""
    place: str = ""
    """Where in the cell it is needed."""
    remedy: str = ""
    """What to do about it, as a sentence without its full stop."""

    def __str__(self) -> str:
        needed = f"; needed in {self.place}" if self.place else ""
        return self.what + needed + (f"; {self.remedy[0].lower()}{self.remedy[1:]}" if self.remedy else "")
