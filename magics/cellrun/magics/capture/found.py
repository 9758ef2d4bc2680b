"""What things need in turn, and why a thing can't travel: what the carriers of a capture tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import FunctionType

from cellrun.magics.capture.analysis import Read, Text


@dataclass
class Found:
    """What something needs that was found to be needed."""

    reads: list[Read] = field(default_factory=list)
    functions: list[FunctionType] = field(default_factory=list)
    modules: set[str] = field(default_factory=set)
    texts: list[Text] = field(default_factory=list)


@dataclass(frozen=True)
class Refusal:
    """A needed thing that can't travel."""

    name: str
    type_name: str
    why: str
    """What it is, or what pickling it says."""
    place: str
    path: str = ""
    """Where inside the variable it is, written as Python; empty if it is the variable itself."""

    def __str__(self) -> str:
        what = f"{self.path} is {self.why}" if self.path else f"it is {self.why}"
        return f"variable {self.name!r} ({self.type_name}) cannot be sent to the run: {what}; needed in {self.place}"
