"""A carrier: what it is given (the cell, the names that are needed), what it finds, what each of them can do."""

from __future__ import annotations

import builtins
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FunctionType
from typing import Any

from cellrun.core.context.manifest import Context, Need
from cellrun.core.context.pickles.pickling import Store
from cellrun.magics.capture.destination import Destination, Place
from cellrun.magics.capture.notebook import Choices, LeftOut, Notebook
from cellrun.magics.capture.paths.shipment import Shipment
from cellrun.magics.capture.refusals import Refusal
from cellrun.magics.capture.source.analysis import NOTHING, Analysis, Certainty, Outside, Reach, Read, Text

_OF_IPYTHON = frozenset({"get_ipython", "display"})
_INPUTS = frozenset({"In", "_ih"})


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
        """Copy the files that are captured into the folder of the run that becomes its working folder."""

    def pack(self, context: Context, store: Store) -> Context:
        """Write what is captured to the store; return the context with what the run needs to know of it."""
        del store
        return context

    def account(self) -> Iterable[Need]:
        """Iterate over what is captured, a line each."""
        return ()

    def notes(self) -> Iterable[str]:
        """Iterate over what is worth saying about a cell that can be submitted."""
        return ()


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


class Needs:
    """The names that are needed, each with the surest place where it is read.

    `given` are names that the run itself has a value for.
    """

    def __init__(
        self,
        analysis: Analysis,
        notebook: Notebook,
        left_out: LeftOut,
        given: Collection[str] = (),
    ) -> None:
        self._analysis = analysis
        self._notebook = notebook
        self._left_out = left_out
        self._given = frozenset(given)
        self.reached: dict[str, Read] = {}
        self.missing: dict[str, Read] = {}
        self.refused: dict[str, Refusal] = {}
        """Why values can't be captured, by their names."""
        self.needs_ipython = False
        self._followed: set[tuple[object, ...]] = set()

    def follow(self, reads: Iterable[Read], supply: Callable[[Read, Any], Iterable[Read]]) -> None:
        """Follow reads, and what they lead to, to the end.

        `supply` is called for each name that the notebook has, again if it is needed more surely or earlier than it
        seemed; it returns what the value reads in turn.
        """
        waiting = deque(reads)
        while waiting:
            read = waiting.popleft()
            if read.name in read.bound:
                waiting += self._own_anew(read)
                continue
            read, is_news = self._merged(read)
            if is_news:
                waiting += self._own(read)
                waiting += self._resolve(read, supply)

    def is_distant(self, name: str) -> bool:
        """Whether a name is needed only in case that code reaches any name."""
        return self.reached[name].certainty is Certainty.DISTANT

    def _merged(self, read: Read) -> tuple[Read, bool]:
        """Return a read together with those of its name before, and whether it tells anything new."""
        before = self.reached.get(read.name)
        if before is None:
            merged = read
        else:
            surest = max(before, read, key=lambda each: each.certainty)
            is_branched = before.is_branched and read.is_branched
            merged = replace(surest, bound=before.bound & read.bound, is_branched=is_branched)
        self.reached[read.name] = merged
        return merged, before is None or _told(merged) != _told(before)

    def _own_anew(self, read: Read) -> list[Read]:
        """Return what `_own` does, once for reads that are alike: functions of the cell may call each other."""
        key = read.name, *_told(read)
        if key in self._followed:
            return []
        self._followed.add(key)
        return self._own(read)

    def _own(self, read: Read) -> list[Read]:
        """Return what a function or class of the cell itself reads when it is called after this read."""
        return [
            replace(
                each,
                bound=read.bound,
                certainty=min(each.certainty, read.certainty),
                is_branched=each.is_branched or read.is_branched,
            )
            for each in self._analysis.definitions.get(read.name, ())
        ]

    def _resolve(self, read: Read, supply: Callable[[Read, Any], Iterable[Read]]) -> Iterable[Read]:
        name = read.name
        if name in self._given or self._left_out.has(name, read.place):
            return ()
        if self._notebook.holds(name):
            return supply(read, self._notebook.namespace[name])
        if self._notebook.is_hidden(name) and (read.key is not None or name in _INPUTS):
            return supply(read, self._items_read(name, self._notebook.namespace[name]))
        if name in _OF_IPYTHON or (self._notebook.is_hidden(name) and not hasattr(builtins, name)):
            self.needs_ipython = True
        elif not (hasattr(builtins, name) or self._notebook.is_known(name) or name in self._analysis.writes):
            self.missing[name] = read
        return ()

    def _items_read(self, name: str, history: Any) -> list[Any] | dict[Any, Any]:
        """Return the items of IPython's history that the cell reads, never all of its results."""
        if isinstance(history, list):  # In, which is text alone
            return list(history)
        keys = [read.key for read in self._analysis.reads if read.name == name]
        return {key: history[key] for key in keys if (key in history if isinstance(history, dict) else True)}


def _told(read: Read) -> tuple[object, ...]:
    """Return what another read of the same name may change."""
    return read.bound, read.certainty, read.is_branched


@dataclass(frozen=True)
class CapturedCell:
    """A cell, what it is captured from, and where it will run."""

    analysis: Analysis
    notebook: Notebook
    run_name: str = "run"
    """The name that the cell's own Run gets, unless the notebook has something else there that the cell needs."""
    arguments: Sequence[str] = ()
    choices: Choices = field(default_factory=Choices)
    """What the user adds and leaves out."""
    variables: Collection[str] = ()
    """The environment variables that the submission itself gives."""
    place: Place = field(default_factory=Place)
    destination: Destination = field(default_factory=Destination)
    """The Python that will run it."""
    left_out: LeftOut = field(init=False)
    shipment: Shipment = field(init=False)
    needs: Needs = field(init=False)

    def __post_init__(self) -> None:
        left_out = LeftOut(frozenset(self.choices.left_out))
        object.__setattr__(self, "left_out", left_out)
        object.__setattr__(self, "shipment", Shipment(left_out))
        object.__setattr__(self, "needs", Needs(self.analysis, self.notebook, left_out, self.choices.given))
