"""The carriers of a capture, in order, and the search: what one finds is led to all, until none has more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cellrun.magics.capture.carrier import Carrier, Found
from cellrun.magics.capture.carriers.attributes import AttributeCarrier
from cellrun.magics.capture.carriers.code import CodeCarrier
from cellrun.magics.capture.carriers.hidden_names import HiddenNames
from cellrun.magics.capture.carriers.lacking import LackedModules, LackedNames
from cellrun.magics.capture.carriers.magics import MagicCarrier
from cellrun.magics.capture.carriers.modules import ModuleCarrier
from cellrun.magics.capture.carriers.provided import EnvironmentCarrier, RunCarrier
from cellrun.magics.capture.carriers.state import StateCarrier
from cellrun.magics.capture.carriers.values import ValueCarrier
from cellrun.magics.capture.cell import CapturedCell
from cellrun.magics.capture.choices import is_module, is_path
from cellrun.magics.capture.local.local_modules import find_local
from cellrun.magics.capture.paths.carrier import FileCarrier
from cellrun.magics.capture.source.analysis import Read, Text

_CELL = Read("", 0, "the cell")


def carriers_of(cell: CapturedCell) -> list[Carrier]:
    """Return new carriers for a cell.

    The order is that of refusals and notes, and of who is asked for a value: the last one takes any.
    """
    code, modules = CodeCarrier(cell), ModuleCarrier(cell)
    values, files, state = ValueCarrier(cell, code), FileCarrier(cell, modules), StateCarrier(cell, modules)
    return [
        LackedNames(cell, code, modules, values),
        HiddenNames(cell),
        RunCarrier(cell),
        LackedModules(cell, code, modules, values, files),
        modules,
        AttributeCarrier(cell, modules, values),
        MagicCarrier(cell, state),
        code,
        EnvironmentCarrier(cell, files),
        files,
        state,
        values,
    ]


class Search:
    """Leads what the cell needs to its carriers, and what that needs in turn.

    `unknown` is what the user adds and nobody knows.
    """

    def __init__(self, cell: CapturedCell, carriers: Sequence[Carrier]) -> None:
        self._cell = cell
        self._carriers = carriers
        for found in _named_by(cell):
            self._follow(found)
        self.unknown = [name for name in cell.choices.added if not self._add(name)]
        for carrier in carriers:
            self._follow_all(carrier.find_once())
        while sum(self._follow_all(carrier.find_more()) for carrier in carriers):
            pass

    def _add(self, name: str) -> bool:
        """Take along what the user adds: a name of the notebook, files, a module; false if it is none of these."""
        read = Read("", 1, "--with")
        if self._cell.notebook.holds(name):
            self._follow(Found(read, reads=[Read(name, 1, "--with")]))
        elif is_path(name, self._cell.notebook.folder):
            self._follow(Found(read, patterns=[Text(name, 1, "--with")]))
        elif is_module(name) and find_local(name.partition(".")[0]):
            self._follow(Found(read, modules={name}))
        else:
            return False
        return True

    def _follow_all(self, founds: Iterable[Found]) -> int:
        """Follow each before the next one is looked for; return how many there were."""
        return sum(self._follow(found) for found in founds)

    def _follow(self, found: Found) -> int:
        """Follow what was found to the end; return 1."""
        self._cell.needs.follow(self._reads_of(found), self._supply)
        return 1

    def _supply(self, read: Read, value: Any) -> list[Read]:
        """Give a name's value to its carrier and return what it reads in turn, whatever the value is."""
        try:
            taken = (carrier.find(read, value) for carrier in self._carriers)
            found = next((each for each in taken if each is not None), Found(read))
        except Exception as error:  # noqa: BLE001  # whatever the types of the user's values raise
            return self._plainly(read, value, error)
        return self._reads_of(found)

    def _reads_of(self, found: Found) -> list[Read]:
        """Lead what was found to all carriers and return all reads in it.

        A value that doesn't bear being looked at travels as its plain pickle.
        """
        try:
            return list(self._led(found))
        except Exception as error:
            if found.value is None:
                raise
            return self._plainly(found.read, found.value, error)

    def _plainly(self, read: Read, value: Any, error: Exception) -> list[Read]:
        taken = (carrier.find_plainly(read, value, error) for carrier in self._carriers)
        found = next((each for each in taken if each is not None), Found(read))
        return list(self._led(found))

    def _led(self, found: Found) -> Iterator[Read]:
        yield from found.reads
        for carrier in self._carriers:
            for each in carrier.follow(found):
                yield from self._led(each)


def _named_by(cell: CapturedCell) -> Iterator[Found]:
    """Iterate over what the cell itself needs, as its source and its arguments tell."""
    analysis = cell.analysis
    yield Found(_CELL, outside=analysis.outside)
    yield Found(_CELL, reads=list(analysis.reads))
    for module, line in analysis.modules.items():
        yield Found(Read("", line), modules={module})
    yield Found(
        _CELL,
        texts=[*analysis.texts, *(Text(each, 1, "the arguments") for each in cell.arguments)],
        scripts=analysis.scripts,
        is_evaluating=analysis.is_evaluating,
        reach=analysis.reach,
        reach_line=analysis.reach_line,
        imports_by_name=analysis.imports_by_name,
    )
