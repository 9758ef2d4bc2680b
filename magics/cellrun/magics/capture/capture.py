"""Captures a cell: gives what it needs to carriers until none finds more, then checks, reports and packs it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cellrun.core.context.account import KINDS
from cellrun.core.context.manifest import Context, Need, python_version
from cellrun.core.context.pickles.pickling import Store
from cellrun.core.context.value_store import SHA256, HashingStore, ValueStore
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.magics.capture.carrier import CapturedCell, Carrier, Found
from cellrun.magics.capture.carriers.attributes import AttributeCarrier
from cellrun.magics.capture.carriers.code import CodeCarrier
from cellrun.magics.capture.carriers.lacking import LackedModules, LackedNames
from cellrun.magics.capture.carriers.magics import MagicCarrier
from cellrun.magics.capture.carriers.modules import ModuleCarrier
from cellrun.magics.capture.carriers.names import HiddenNames, RunCarrier
from cellrun.magics.capture.carriers.state import EnvironmentCarrier, StateCarrier
from cellrun.magics.capture.carriers.values import ValueCarrier
from cellrun.magics.capture.destination import SentBefore
from cellrun.magics.capture.local.local_modules import find_local
from cellrun.magics.capture.notebook import is_module, is_path
from cellrun.magics.capture.paths.carrier import FileCarrier
from cellrun.magics.capture.refusals import Refusal, unknown_words, unneeded_words
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
        """Follow each before the next one is looked for; return how many there were by which others may find more."""
        return sum(self._follow(found) for found in founds)

    def _follow(self, found: Found) -> bool:
        """Follow what was found to the end; return whether others may find more by it: they don't by paths."""
        self._cell.needs.follow(self._reads_of(found), self._supply)
        return not found.paths

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

        A value that doesn't bear being looked at is captured as its plain pickle.
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


class Capture:
    """A cell with what it needs, as its notebook is now; `carriers` are those of every capture unless others are given.

    Responsibilities: gather what the carriers refuse and note; the account; write it all.
    """

    def __init__(self, cell: CapturedCell, carriers: Sequence[Carrier] | None = None) -> None:
        self._cell = cell
        self._carriers = carriers_of(cell) if carriers is None else carriers
        self._unknown = Search(cell, self._carriers).unknown

    def mistakes(self) -> list[str]:
        """Return what of the user's choices means nothing here."""
        unused = self._cell.left_out.unused()
        captured = [need.name for need in self.account()] if unused else []
        return [
            *(unknown_words(name, self._cell.notebook) for name in self._unknown),
            *(unneeded_words(name, captured) for name in unused),
        ]

    def refusals(self, values_folder: Path) -> list[Refusal]:
        """Return every reason why the cell can't be submitted; its values would be kept below `values_folder`."""
        return [refusal for carrier in self._carriers for refusal in carrier.check(values_folder)]

    def notes(self) -> list[str]:
        """Return what is worth saying about a cell that can be submitted."""
        return list(dict.fromkeys(note for carrier in self._carriers for note in carrier.notes()))

    @property
    def pickles_like(self) -> str:
        """The kind of hash by which its job knows the pickles: another Python may have none of our packages."""
        return "" if self._cell.destination.is_own else SHA256

    def pack(self, layout: RunLayout, title: str, store: ValueStore) -> None:
        """Write what the cell needs into a run folder that is being built, and the values into a store.

        The cell itself is in the snapshot already; `title` is that of the notebook's cell.
        """
        for carrier in self._carriers:
            carrier.copy_to(layout.snapshot)
        context = self._packed(store)
        needs = self._sent_before(layout.workspace).noted(self.account(), context.groups)
        replace(context, title=title, needs=tuple(needs)).write(layout.context)

    def account(self) -> list[Need]:
        """Return all that is captured, one line each; a local module and the name for it are one."""
        return _merged([need for carrier in self._carriers for need in carrier.account()])

    def account_against(self, workspace: WorkspaceLayout) -> list[Need]:
        """Return the account as a run of that workspace would have it: nothing is written."""
        context = self._packed(HashingStore(pickles_like=self.pickles_like))
        return self._sent_before(workspace).noted(self.account(), context.groups)

    def _packed(self, store: Store) -> Context:
        context = Context(
            python=python_version(),
            title="",
            shell=self._cell.notebook.shell_class,
            returns=self._cell.choices.returned,
        )
        for carrier in self._carriers:
            context = carrier.pack(context, store)
        return context

    def _sent_before(self, workspace: WorkspaceLayout) -> SentBefore:
        return SentBefore(workspace, self._cell.place.name)


def _merged(needs: Sequence[Need]) -> list[Need]:
    """Return the lines of an account, names first; a local module and the notebook's name for it have one, not two."""
    modules = {need.name for need in needs if need.kind == "module"}
    names = {need.name: need for need in needs if _is_module_itself(need) and need.name in modules}
    kept = [need for need in needs if need is not names.get(need.name)]
    lines = [
        replace(need, place=names[need.name].place) if need.kind == "module" and need.name in names else need
        for need in kept
    ]
    order = list(KINDS)
    return sorted(lines, key=lambda need: order.index(need.kind))


def _is_module_itself(need: Need) -> bool:
    return need.kind == "import" and need.what.partition(" ")[0] == need.name
