"""The interface of a carrier, and what it reports: further needs, refusals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType
from typing import Any

from cellrun.core.context.manifest import Context, Need
from cellrun.core.context.pickles.pickling import Store
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


class Carrier:
    """One kind of thing that a cell may need: how it is found, checked, packed and told.

    A search asks all carriers for what they find, until none finds more; then a capture asks them for the rest.
    """

    def find(self, read: Read, value: Any) -> Found | None:
        """Take the value of a name and return what it needs in turn; None leaves it to the carriers that follow.

        Asked again if the name turns out to be needed more surely, or earlier.
        """
        del read, value
        return None

    def find_plainly(self, read: Read, value: Any, error: Exception) -> Found | None:
        """Take a value that doesn't bear being looked at, which raised an error, without looking at it."""
        del read, value, error
        return None

    def follow(self, found: Found) -> Iterable[Found]:
        """Take what something needs of this carrier's kind; iterate over what that needs in turn."""
        del found
        return ()

    def find_once(self) -> Iterable[Found]:
        """Iterate over what is needed besides; asked once, when all that the cell names was followed."""
        return ()

    def find_more(self) -> Iterable[Found]:
        """Iterate over what is needed without being named, and wasn't told before; asked until there is no more."""
        return ()

    def check(self, values_folder: Path) -> Iterable[Refusal]:
        """Iterate over the reasons why the cell can't be submitted; its values would be kept below that folder."""
        del values_folder
        return ()

    def copy_to(self, snapshot: Path) -> None:
        """Copy the files that travel into the folder of the run that becomes its working folder."""

    def pack(self, context: Context, store: Store) -> Context:
        """Write what travels to the store; return the context with what the run needs to know of it."""
        del store
        return context

    def account(self) -> Iterable[Need]:
        """Iterate over what travels, a line each."""
        return ()

    def notes(self) -> Iterable[str]:
        """Iterate over what is worth saying about a cell that can be submitted."""
        return ()
