"""Whether what a cell needs can be where it will run: its Python, its modules."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from cellrun.core.context.reader import python_version
from cellrun.magics.capture.another_python.byte_code import byte_code_refusal
from cellrun.magics.capture.another_python.destination import (
    Destination,
    ModuleNeed,
    Verdict,
    is_found_here,
    may_bring_modules,
)
from cellrun.magics.capture.found import Refusal
from cellrun.magics.capture.search import Search
from cellrun.magics.capture.source.analysis import Certainty


class Portability:
    """What was found for a cell, held against its destination."""

    def __init__(self, search: Search, destination: Destination) -> None:
        self._search = search
        self._destination = destination

    def refusals(self) -> list[Refusal]:
        """Return what the cell needs and can't have there."""
        return [*self._bound_to_python(), *self._verdict.refusals, *self._differences.refusals]

    def notes(self) -> list[str]:
        """Return what may be missing there, and what is made again from source."""
        notes = [*self._verdict.notes, *self._differences.notes]
        if self._destination.is_another_python and (made := sorted(self._search.code.definitions())):
            notes.append(
                f"Python {self._destination.python} runs it, the notebook has {python_version()}: "
                f"{', '.join(made)} {'is' if len(made) == 1 else 'are'} made from source there"
            )
        return notes

    def is_missing(self, module: str) -> bool:
        """Whether a module isn't there."""
        return module in self._verdict.missing

    def leave_to_source(self) -> None:
        """Leave behind the byte code that another Python couldn't load, and that the cell can do without."""
        if self._destination.is_another_python:
            for each in self._search.values.with_code():
                self._search.values.leave_to_source(each.name)

    @cached_property
    def _verdict(self) -> Verdict:
        may_bring = may_bring_modules(self._search.analysis)
        return self._destination.check(self._module_needs(), self._search.code.definitions(), may_bring=may_bring)

    @cached_property
    def _differences(self) -> Verdict:
        return self._destination.differences(self._search.values.modules())

    def _module_needs(self) -> Iterator[ModuleNeed]:
        """Iterate over the modules that the run may come to import; of this Python's, those of the cell itself."""
        for module, line in self._search.analysis.modules.items():
            if module in self._search.found_in_folders:
                continue
            yield ModuleNeed(module, f"line {line}", self._search.analysis.imports.get(module, Certainty.LIKELY))
        if self._destination.is_own:
            return
        for module, place in (*self._search.modules.imported().items(), *self._search.values.modules()):
            if is_found_here(module):  # Cython's have modules that nobody can import
                yield ModuleNeed(module, place, Certainty.SURE)
        for module, place in self._search.modules.met().items():
            if module not in self._search.analysis.modules and is_found_here(module):
                yield ModuleNeed(module, place, Certainty.LIKELY)
        if self._search.needs.needs_ipython:
            yield ModuleNeed("IPython", "the cell's magics and shell lines", Certainty.SURE)

    def _bound_to_python(self) -> list[Refusal]:
        """Return what can't go to another Python."""
        if not self._destination.is_another_python:
            return []
        return [
            byte_code_refusal(
                each, self._search.code.why_undefined(each.name), self._search.notebook, self._destination.python
            )
            for each in self._search.values.with_code()
            if not self._search.may_lack(each.name)
        ]
