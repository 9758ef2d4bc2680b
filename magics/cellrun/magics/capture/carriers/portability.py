"""Whether what a cell needs can be where it will run: its Python, its modules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from cellrun.core.context.manifest import Context, python_version
from cellrun.core.context.pickles.pickling import Store
from cellrun.magics.capture.carriers.carrier import Carrier
from cellrun.magics.capture.carriers.code import CodeCarrier
from cellrun.magics.capture.carriers.modules import ModuleCarrier
from cellrun.magics.capture.carriers.values import ValueCarrier
from cellrun.magics.capture.cell import CapturedCell
from cellrun.magics.capture.destination import ModuleNeed, Verdict, is_found_here, may_bring_modules
from cellrun.magics.capture.found import Refusal
from cellrun.magics.capture.paths.carrier import FileCarrier
from cellrun.magics.capture.source.analysis import Certainty


class Portability(Carrier):
    """Holds what others carry against the destination; it carries nothing."""

    def __init__(
        self, cell: CapturedCell, code: CodeCarrier, modules: ModuleCarrier, values: ValueCarrier, files: FileCarrier
    ) -> None:
        self._cell = cell
        self._destination = cell.destination
        self._code = code
        self._modules = modules
        self._values = values
        self._files = files

    def check(self, values_folder: Path) -> list[Refusal]:
        """Return what the cell needs and can't have there."""
        del values_folder
        return [*self._verdict.refusals, *self._differences.refusals]

    def pack(self, context: Context, store: Store) -> Context:
        """Return the context with whether the run needs IPython: IPython.display prints otherwise where no shell is."""
        del store
        is_used = self._modules.needs("IPython") and "IPython" not in self._verdict.missing
        return replace(context, needs_ipython=self._cell.needs.needs_ipython or is_used)

    def notes(self) -> list[str]:
        """Return what may be missing there, and what is made again from source."""
        notes = [*self._verdict.notes, *self._differences.notes]
        if self._destination.is_another_python and (made := sorted(self._code.definitions())):
            notes.append(
                f"Python {self._destination.python} runs it, the notebook has {python_version()}: "
                f"{', '.join(made)} {'is' if len(made) == 1 else 'are'} made from source there"
            )
        return notes

    @cached_property
    def _verdict(self) -> Verdict:
        may_bring = may_bring_modules(self._cell.analysis)
        return self._destination.check(self._module_needs(), self._code.definitions(), may_bring=may_bring)

    @cached_property
    def _differences(self) -> Verdict:
        return self._destination.differences(self._values.modules())

    def _module_needs(self) -> Iterator[ModuleNeed]:
        """Iterate over the modules that the run may come to import; of this Python's, those of the cell itself."""
        analysis = self._cell.analysis
        for module, line in analysis.modules.items():
            if module not in self._files.found_in_folders:
                yield ModuleNeed(module, f"line {line}", analysis.imports.get(module, Certainty.LIKELY))
        if self._destination.is_own:
            return
        for module, place in (*self._modules.imported().items(), *self._values.modules()):
            if is_found_here(module):  # Cython's have modules that nobody can import
                yield ModuleNeed(module, place, Certainty.SURE)
        for module, place in self._modules.met().items():
            if module not in analysis.modules and is_found_here(module):
                yield ModuleNeed(module, place, Certainty.LIKELY)
        if self._cell.needs.needs_ipython:
            yield ModuleNeed("IPython", "the cell's magics and shell lines", Certainty.SURE)
