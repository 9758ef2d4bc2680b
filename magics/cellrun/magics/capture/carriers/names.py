"""Names that a cell needs and can't have: which of them it can do without."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain
from pathlib import Path

from cellrun.magics.capture.another_python.definitions import byte_code_refusal
from cellrun.magics.capture.carriers.carrier import Carrier
from cellrun.magics.capture.carriers.code import CodeCarrier
from cellrun.magics.capture.carriers.modules import ModuleCarrier
from cellrun.magics.capture.carriers.values import ValueCarrier
from cellrun.magics.capture.cell import CapturedCell
from cellrun.magics.capture.choices import needed_refusal
from cellrun.magics.capture.found import Refusal
from cellrun.magics.capture.local.local_modules import names_of_star
from cellrun.magics.capture.source.analysis import Certainty, Read

_OF_PYTHON_2 = frozenset({"basestring", "long", "raw_input", "reload", "unichr", "unicode", "xrange"})


class LackedNames(Carrier):
    """Tells of names that nobody defines, whose values can't travel, or that are left out; it carries nothing."""

    def __init__(self, cell: CapturedCell, code: CodeCarrier, modules: ModuleCarrier, values: ValueCarrier) -> None:
        self._cell = cell
        self._code = code
        self._modules = modules
        self._values = values

    def check(self, values_folder: Path) -> Iterator[Refusal]:
        """Iterate over why the cell can't do without names."""
        del values_folder
        for read in self._missing():
            if read.certainty is Certainty.SURE and not self._cell.analysis.is_open:
                yield self._undefined(read)
        for name, refusal in self._cell.needs.refused.items():
            if not self._may_lack(name):
                yield refusal
        for name, place in self._cell.left_out.places.items():
            if users := self._values.users_of(name):
                yield needed_refusal(name, place, users)
        yield from self._bound_to_python()

    def notes(self) -> Iterable[str]:
        """Return which names the run won't have."""
        undefined = [
            f"name {read.name!r} ({read.place}) is not defined; the run fails if it comes there"
            for read in self._missing()
            if read.certainty is Certainty.LIKELY
            and not (read.is_branched or self._cell.analysis.is_open or read.name in _OF_PYTHON_2)
        ]
        behind = [
            f"{name!r} ({refusal.place}) stays behind, as {self._why_lacking(name)}: {refusal.what}"
            for name, refusal in self._cell.needs.refused.items()
            if self._may_lack(name) and not self._cell.needs.is_distant(name)
        ]
        return [*undefined, *behind, *self._cell.left_out.notes()]

    def _bound_to_python(self) -> Iterator[Refusal]:
        """Iterate over what can't go to another Python."""
        there = self._cell.destination
        for each in self._values.with_code() if there.is_another_python else ():
            if not self._may_lack(each.name):
                yield byte_code_refusal(each, self._code.why_undefined(each.name), self._cell.notebook, there.python)

    def _may_lack(self, name: str) -> bool:
        """Whether the cell can run without a value that can't travel: it may set it itself, or not need it."""
        read = self._cell.needs.reached.get(name)
        if read is None:  # an attribute of something that is needed
            return False
        writes = self._cell.analysis.writes
        is_set = (name in writes or name in self._starred) and read.certainty is not Certainty.SURE
        is_possible = (
            is_set or name in self._code.writes or read.certainty <= Certainty.POSSIBLE or bool(self._uncalled(name))
        )
        return is_possible and name not in self._values.references

    def _missing(self) -> list[Read]:
        """Return the reads of names that nobody defines: neither do the functions that travel."""
        defined = {self._cell.run_name, *self._code.writes}
        return [read for name, read in self._cell.needs.missing.items() if name not in defined]

    def _undefined(self, read: Read) -> Refusal:
        what = f"name {read.name!r} is not defined ({read.place}): neither the notebook nor the cell gives it a value"
        if read.name == "run":
            what += f"; the cell's own run is {self._cell.run_name!r}"
        if read.where == "--return":
            what += "; the experiment's name stands before --return"
        return Refusal(read.name, what)

    def _uncalled(self, name: str) -> list[str]:
        """Return the methods that alone read a name, if neither the cell nor what travels seems to call one of them."""
        analysis = self._cell.analysis
        of_cell = chain(analysis.reads, *analysis.definitions.values())
        if analysis.scripts or any(read.name == name for read in of_cell):
            return []
        used = {*analysis.attributes, *(text.value for text in analysis.texts)}
        return self._code.uncalled(name, used.union(*(each.source.names for each in self._modules.loaded())))

    def _why_lacking(self, name: str) -> str:
        uncalled = self._uncalled(name)
        return f"nothing seems to call {', '.join(uncalled)}" if uncalled else "the cell may give it a value itself"

    @cached_property
    def _starred(self) -> set[str]:
        """The names that the cell gets by `from module import *`."""
        return {name for module in self._cell.analysis.stars for name in names_of_star(module)}
