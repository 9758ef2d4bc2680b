"""What things need in turn, and why a thing can't travel: what the carriers of a capture tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import FunctionType

from cellrun.magics.capture.source.analysis import NOTHING, Outside, Reach, Read, Text


@dataclass
class Found:
    """What something needs that was found to be needed."""

    read: Read
    """What needs it: where that is needed itself, and how surely."""
    value: object = None
    """The value that needs it, if one does."""
    reads: list[Read] = field(default_factory=list)
    functions: list[FunctionType] = field(default_factory=list)
    modules: set[str] = field(default_factory=set)
    texts: Sequence[Text] = ()
    paths: Sequence[Text] = ()
    """Texts that may be paths, and are nothing else."""
    patterns: Sequence[Text] = ()
    """Texts that are paths or patterns of files without doubt."""
    scripts: Sequence[Text] = ()
    """Files whose code runs in the cell's namespace."""
    outside: Outside = NOTHING
    is_evaluating: bool = False
    """Whether texts may run as code in it."""
    reach: Reach = Reach.NAMED
    """Which names it may reach besides its reads."""
    reach_line: int = 0
    """The line of the cell that reaches so far; 0 if a function does."""
    uses_shell: bool = False
    """Whether it may call magics whose names are texts."""
    imports_by_name: bool = False
    """Whether it imports modules whose names are texts."""

    def include(self, other: Found) -> None:
        """Add what something else needs in turn that is a part of this: its reads, functions, modules and texts."""
        self.reads += other.reads
        self.functions = [*self.functions, *other.functions]
        self.modules = self.modules | other.modules
        self.texts = [*self.texts, *other.texts]


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
