"""Names of their own kind: those that no code names, which a text or a pickle may lead to, and the cell's own Run."""

from __future__ import annotations

import ast
import re
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import Any

from cellrun.core.context.manifest import Context
from cellrun.core.context.pickles.pickling import Store
from cellrun.core.resources import size_text
from cellrun.core.runs.run import Run
from cellrun.magics.capture.carrier import CapturedCell, Carrier, Found
from cellrun.magics.capture.local.local_modules import find_local
from cellrun.magics.capture.source.analysis import Certainty, Reach, Read, Text
from cellrun.magics.capture.source.code_reads import evaluated_names, expansions

_MOST_BYTES = 1 << 20
_MOST_LOOKED_AT = 500
_HISTORY = re.compile(r"_+(i+|dh|i?\d+)?")  # IPython's names of last results and inputs
_PERCENT = re.compile(r"%\((\w+)\)")


class HiddenNames(Carrier):
    """Which names of the notebook the code of a cell may reach without naming them.

    A name that stands in a text may be meant if texts are run as code; where code can reach any name, all small values
    are captured, and what is left behind is said.
    Responsibilities: gather the texts of what is captured, and how far its code reaches; tell each name once.
    """

    def __init__(self, cell: CapturedCell) -> None:
        self._notebook = cell.notebook
        self._needs = cell.needs
        self._told = {cell.run_name, *cell.analysis.writes}
        self._told_modules: set[str] = set()
        self._texts: dict[str, Text] = {}
        self._is_evaluating = False
        self._reach = Reach.NAMED
        self._line = 0
        self._left: dict[str, str] = {}

    def find(self, read: Read, value: Any) -> Found | None:
        """Leave a value behind that is too large to be captured for the case that it is meant."""
        if read.certainty is not Certainty.DISTANT:
            self._left.pop(read.name, None)
            return None
        size = estimated_bytes(value)
        if size <= _MOST_BYTES:
            return None
        self._left[read.name] = size_text(size)
        return Found(read)

    def follow(self, found: Found) -> Iterable[Found]:
        """Note the texts in something that is captured, and what its code does with texts and names."""
        for text in found.texts:
            self._texts.setdefault(text.value, text)
        self._is_evaluating |= found.is_evaluating
        if found.reach > self._reach:
            self._reach, self._line = found.reach, found.reach_line
        return ()

    def find_more(self) -> Iterator[Found]:
        """Iterate over the names that weren't told yet, then over the local modules that a pickle may need."""
        if reads := [*self._named(), *self._reached()]:
            yield Found(Read("", 0), reads=reads)
        if modules := self._modules() - self._told_modules:
            self._told_modules |= modules
            yield Found(Read("", 0, "what it unpickles"), modules=modules)

    def notes(self) -> list[str]:
        """Return what may be missing where the cell may reach any name."""
        refused = sorted(filter(self._needs.is_distant, self._needs.refused))
        left = [f"{name} ({size})" for name, size in self._left.items()] + refused
        if self._reach is not Reach.ALL or not left:
            return []
        place = f"line {self._line}" if self._line else "a function that it needs"
        note = (
            f"the cell may reach any name of the notebook ({place}): small values are captured, but not "
            f"{', '.join(left)}; `--with NAME` takes one along"
        )
        return [note]

    def _modules(self) -> set[str]:
        """Return the local modules that the notebook's cells import, if a pickle may be of one of their classes."""
        if self._reach is Reach.NAMED:
            return set()
        return set(filter(find_local, set[str]().union(*map(_imported_in, self._notebook.cells()))))

    def _named(self) -> Iterator[Read]:
        if not (self._is_evaluating or self._reach is Reach.ALL):
            return
        while self._texts:
            text = self._texts.pop(next(iter(self._texts)))
            for name in _names_in(text.value):
                if name not in self._told and self._notebook.holds(name):
                    self._told.add(name)
                    yield Read(name, text.line, text.where, Certainty.POSSIBLE)

    def _reached(self) -> Iterator[Read]:
        if self._reach is Reach.NAMED:
            return
        for name, value in tuple(self._notebook.namespace.items()):
            if name in self._told or not self._notebook.holds(name) or _HISTORY.fullmatch(name):
                continue
            if self._reach is Reach.ALL or self._notebook.is_own_code(value):
                self._told.add(name)
                yield Read(name, self._line, "", Certainty.DISTANT)


def estimated_bytes(value: Any, most: int = _MOST_BYTES) -> int:
    """Return about how large a value is, counted until it is more than `most`; less for one that holds many others."""
    size, waiting = 0, deque([value])
    for _ in range(_MOST_LOOKED_AT):
        if not waiting or size > most:
            break
        each = waiting.popleft()
        size += _own_bytes(each)
        if isinstance(each, Mapping):
            waiting.extend(islice(each.values(), _MOST_LOOKED_AT))
        elif isinstance(each, (list, tuple, set, frozenset)):
            waiting.extend(islice(each, _MOST_LOOKED_AT))
        elif not isinstance(each, type):
            waiting.extend(getattr(each, "__dict__", {}).values())
    return size


def _own_bytes(value: Any) -> int:
    try:
        found = value.nbytes  # of arrays, tensors and series, which may be views
        return int(found)
    except Exception:  # noqa: BLE001  # whatever a class of the user's raises
        return sys.getsizeof(value, 0)


@lru_cache(maxsize=4096)
def _imported_in(cell: str) -> frozenset[str]:
    try:
        nodes = list(ast.walk(ast.parse(cell)))
    except (SyntaxError, ValueError):
        return frozenset()
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    return frozenset(name.partition(".")[0] for name in names)


def _names_in(text: str) -> Iterator[str]:
    yield from evaluated_names(text)
    yield from _PERCENT.findall(text)
    for expression in expansions(text):
        yield from evaluated_names(expression)


class RunCarrier(Carrier):
    """Gives the cell its own Run; other runs are captured as any value is."""

    def __init__(self, cell: CapturedCell) -> None:
        self._cell = cell
        self._is_else = ""
        self._others: dict[str, Run] = {}

    def find(self, read: Read, value: Any) -> Found | None:
        """Take the name of the cell's own Run; note where another run, or something else, stands in its place."""
        if read.name == self._cell.run_name:
            if isinstance(value, Run):
                return Found(read)
            self._is_else = type(value).__name__
        elif isinstance(value, Run) and read.certainty is not Certainty.DISTANT:
            self._others[read.name] = value
        return None

    def pack(self, context: Context, store: Store) -> Context:
        """Return the context with the name of the cell's own Run, if the cell uses it."""
        del store
        is_needed = self._cell.run_name in self._cell.needs.reached or self._cell.analysis.is_open
        return replace(context, run_name=self._cell.run_name) if is_needed and not self._is_else else context

    def notes(self) -> list[str]:
        """Return which runs are others than the cell's own."""
        own = self._cell.run_name
        notes = [
            f"{name!r} in the cell is the notebook's run {other.name}; the cell's own run is {own!r}"
            for name, other in self._others.items()
        ]
        if self._is_else:
            notes.append(
                f"{own!r} in the cell is the notebook's own ({self._is_else}); "
                "`--as NAME` or Run.get_context() gives the Run"
            )
        return notes
