"""Tells what a cell needs and can't have: names without a value that is captured, modules that its Python hasn't."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from types import FunctionType

from cellrun.core.context.manifest import Context, python_version
from cellrun.core.context.pickles.pickling import Store
from cellrun.magics.capture.carrier import CapturedCell, Carrier
from cellrun.magics.capture.carriers.code import CodeCarrier
from cellrun.magics.capture.carriers.modules import ModuleCarrier
from cellrun.magics.capture.carriers.values import ValueCarrier, WithCode
from cellrun.magics.capture.destination import ModuleNeed, Verdict
from cellrun.magics.capture.local.local_modules import is_found_here, names_of_star
from cellrun.magics.capture.notebook import Notebook
from cellrun.magics.capture.paths.carrier import FileCarrier
from cellrun.magics.capture.refusals import Refusal, needed_refusal
from cellrun.magics.capture.source.analysis import Certainty, Read

_MOST_NAMED = 3  # functions of a value
_OF_PYTHON_2 = frozenset({"basestring", "long", "raw_input", "reload", "unichr", "unicode", "xrange"})


class LackedNames(Carrier):
    """Tells of names that nobody defines, whose values can't be captured, or that are left out; it carries nothing."""

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
                yield _byte_code_refusal(each, self._code.why_undefined(each.name), self._cell.notebook, there.python)

    def _may_lack(self, name: str) -> bool:
        """Whether the cell can run without a value that can't be captured: it may set it itself, or not need it."""
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
        """Return the reads of names that nobody defines: neither do the functions that are captured."""
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
        """Return the methods that alone read a name, if neither the cell nor what is captured seems to call one."""
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


class LackedModules(Carrier):
    """Tells of modules and packages that the destination hasn't; it carries nothing."""

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
        may_bring = self._cell.analysis.may_bring_modules
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


def _byte_code_refusal(held: WithCode, why_undefined: str, notebook: Notebook, there: str) -> Refusal:
    """Return why a value can't go to another Python, whose version is `there`; a function may have no definition."""
    name, value, read, pickled = held
    here = python_version()
    if notebook.is_own_code(value):
        what = f"{'class' if isinstance(value, type) else 'function'} {name!r}"
        why = f"its byte code belongs to Python {here}, and {why_undefined}"
    else:
        what = f"variable {name!r} ({type(value).__name__})"
        functions = "; ".join(_function_words(each, notebook) for each in pickled.functions[:_MOST_NAMED])
        listed = f" ({functions})" if functions else ""
        why = f"it holds a function or class that no name stands for{listed}, whose byte code belongs to Python {here}"
    remedy = f"Define that by a def or class in no function or magic, or give an environment with Python {here}"
    return Refusal(name, f"{what} cannot be sent to Python {there}: {why}", read.place, remedy)


def _function_words(function: FunctionType, notebook: Notebook) -> str:
    code = function.__code__
    title = notebook.title_of(code.co_filename)
    return f"{function.__qualname__}, {title}, line {code.co_firstlineno}" if title else function.__qualname__
