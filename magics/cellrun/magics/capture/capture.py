"""What a cell needs from its notebook, found, checked and packed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from cellrun.core.context.manifest import Context, Need
from cellrun.core.context.reader import python_version
from cellrun.core.context.value_store import ValueStore
from cellrun.core.runs.run import Run
from cellrun.core.store.layout import RunLayout
from cellrun.magics.capture.analysis import Analysis, Certainty, Read, Text
from cellrun.magics.capture.carriers.code import CodeCarrier
from cellrun.magics.capture.carriers.files import FileCarrier
from cellrun.magics.capture.carriers.modules import ModuleCarrier
from cellrun.magics.capture.carriers.values import ValueCarrier
from cellrun.magics.capture.found import Found, Refusal
from cellrun.magics.capture.needs import Needs
from cellrun.magics.capture.notebook import Notebook
from cellrun.magics.capture.shipment import Shipment


class Capture:
    """What one cell needs: each name, file and module given to its carrier.

    `run_name` is the name that the cell's own Run gets, unless the notebook has something else there that it needs.
    Responsibilities: lead what one carrier finds to the others; gather what they refuse; pack it all.
    """

    def __init__(self, analysis: Analysis, notebook: Notebook, run_name: str, arguments: Iterable[str] = ()) -> None:
        self._analysis = analysis
        self._notebook = notebook
        self._shipment = Shipment()
        self._modules = ModuleCarrier(self._shipment)
        self._values = ValueCarrier(notebook)
        self._code = CodeCarrier(notebook)
        self._files = FileCarrier(notebook.folder, self._shipment)
        self._needs = Needs(analysis, notebook, self._supply)
        self._run_name = run_name
        self._run_is_else = ""
        self._other_runs: dict[str, Run] = {}

        self._needs.follow(analysis.reads)
        for module, line in analysis.modules.items():
            self._modules.need([module], f"line {line}")
        for text in chain(analysis.texts, (Text(each, 1, "the arguments") for each in arguments)):
            self._lead(self._files.find(text), Read(text.value, text.line, text.where))

    def refusals(self, values_folder: Path) -> list[Refusal]:
        """Return every reason why the cell can't be submitted; its values would be kept below `values_folder`."""
        missing = [
            Refusal(
                read.name,
                f"name {read.name!r} is not defined ({read.place}): neither the notebook nor the cell gives it a value"
                + (f"; the cell's own run is {self._run_name!r}" if read.name == "run" else ""),
            )
            for read in self._missing()
            if read.certainty is Certainty.SURE and not self._analysis.is_open
        ]
        refused = [refusal for name, refusal in self._values.refusals.items() if not self._may_lack(name)]
        return [*missing, *refused, *self._shipment.check(), *self._values.check(values_folder)]

    def notes(self) -> list[str]:
        """Return what is worth saying about a cell that can be submitted."""
        notes = [
            f"name {read.name!r} ({read.place}) is not defined; the run fails if it comes there"
            for read in self._missing()
            if read.certainty is Certainty.LIKELY and not self._analysis.is_open
        ]
        notes += [
            f"{name!r} stays behind, as the cell may give it a value itself: {refusal}"
            for name, refusal in self._values.refusals.items()
            if self._may_lack(name)
        ]
        notes += [
            f"{name!r} in the cell is the notebook's run {other.name}; the cell's own run is {self._run_name!r}"
            for name, other in self._other_runs.items()
        ]
        if self._run_is_else:
            notes.append(
                f"{self._run_name!r} in the cell is the notebook's own ({self._run_is_else}); "
                "`--as NAME` or Run.get_context() gives the Run"
            )
        return [*notes, *self._files.notes()]

    def pack(self, layout: RunLayout, title: str) -> None:
        """Write what the cell needs into a run folder that is being built, and the values into its workspace."""
        self._shipment.pack(layout.snapshot)
        Context(
            python=python_version(),
            title=title,
            # IPython.display prints otherwise where no shell is.
            needs_ipython=self._needs.needs_ipython or self._modules.needs("IPython"),
            run_name=self._run_name if self._is_run_used() else "",
            imports=tuple(self._modules.pack(self._analysis.modules, self._analysis.attributes)),
            groups=tuple(self._values.pack(ValueStore(layout.workspace.values))),
            sources=self._code.pack(),
            links=self._files.pack(),
            needs=tuple(self.account()),
        ).write(layout.context)

    def account(self) -> Iterator[Need]:
        """Iterate over all that travels, one line each."""
        for carrier in (self._values, self._modules, self._shipment, self._files):
            yield from carrier.account()

    def _supply(self, read: Read, value: Any) -> Iterator[Read]:
        """Give a name's value to its carrier and return what it reads in turn."""
        name = read.name
        if name == self._run_name:
            if isinstance(value, Run):
                return
            self._run_is_else = type(value).__name__
        elif isinstance(value, Run):
            self._other_runs[name] = value
        if read.key is not None:
            value = self._items_read(name, value)
        if not self._modules.find(name, value, read):
            yield from self._lead(self._values.find(name, value, read), read)

    def _lead(self, found: Found, read: Read) -> list[Read]:
        """Lead what was found to the carriers that it is for; return all reads in it."""
        self._modules.need(found.modules, read.place)
        reads = list(found.reads)
        for function in found.functions:
            reads += self._lead(self._code.find(function, read), read)
        for text in found.texts:
            self._lead(self._files.find(text), read)
        return reads

    def _items_read(self, name: str, history: Any) -> dict[Any, Any]:
        """Return the items of IPython's history that the cell reads, never all of it."""
        keys = [read.key for read in self._analysis.reads if read.name == name]
        return {key: history[key] for key in keys if (key in history if isinstance(history, dict) else True)}

    def _is_run_used(self) -> bool:
        return not self._run_is_else and (self._run_name in self._needs.reached or self._analysis.is_open)

    def _missing(self) -> list[Read]:
        return [read for name, read in self._needs.missing.items() if name != self._run_name]

    def _may_lack(self, name: str) -> bool:
        """Whether the cell can run without a value that can't travel: it may set it itself, or not need it."""
        read = self._needs.reached[name]
        is_possible = name in self._analysis.writes or read.certainty is Certainty.POSSIBLE
        return is_possible and name not in self._values.references
