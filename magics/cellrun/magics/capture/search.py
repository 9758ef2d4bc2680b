"""The search for what a cell needs: what one carrier finds is led to the others, until there is no more."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from itertools import chain
from typing import Any
from weakref import WeakMethod

from cellrun.core.context.state.shell_settings import MAGICS
from cellrun.core.runs.run import Run
from cellrun.magics.capture.carriers.attributes import AttributeCarrier
from cellrun.magics.capture.carriers.code import CodeCarrier, annotated_names, attribute_texts
from cellrun.magics.capture.carriers.environment import EnvironmentCarrier
from cellrun.magics.capture.carriers.magics import MagicCarrier
from cellrun.magics.capture.carriers.modules import ModuleCarrier
from cellrun.magics.capture.carriers.state import StateCarrier
from cellrun.magics.capture.carriers.values import ValueCarrier
from cellrun.magics.capture.choices import Choices, LeftOut, is_module, is_path
from cellrun.magics.capture.found import Found
from cellrun.magics.capture.hidden_names import HiddenNames
from cellrun.magics.capture.local.local_modules import find_beside, find_local, names_of_star
from cellrun.magics.capture.local.module_source import module_source
from cellrun.magics.capture.needs import Needs
from cellrun.magics.capture.notebook import Notebook
from cellrun.magics.capture.paths.expressions import path_of
from cellrun.magics.capture.paths.files import FileCarrier
from cellrun.magics.capture.paths.shipment import Shipment
from cellrun.magics.capture.place import Place
from cellrun.magics.capture.source.analysis import Analysis, Certainty, Outside, Pieces, Reach, Read, Text
from cellrun.magics.capture.source.flow import analyse
from cellrun.magics.capture.source.scripts import analyse_script

_NO_CHOICES = Choices()
_HERE_ITSELF = Place()
_HERE = frozenset({".", "*"})  # what lists all that is in the notebook's folder


class Search:
    """What one cell needs, each name, file and module with the carrier that takes it.

    `run_name` is the name that the cell's own Run gets, unless the notebook has something else there that it needs;
    `choices` are what the user adds and leaves out; `by_source` tells that functions and classes are made again from
    their source, as another Python has to; `place` is where the run will be.
    """

    def __init__(  # noqa: PLR0913  # a cell has so many sides
        self,
        analysis: Analysis,
        notebook: Notebook,
        run_name: str,
        arguments: Iterable[str] = (),
        choices: Choices = _NO_CHOICES,
        *,
        by_source: bool = False,
        variables: Collection[str] = (),
        place: Place = _HERE_ITSELF,
    ) -> None:
        self.analysis = analysis
        self.notebook = notebook
        self.place = place
        self._by_source = by_source
        self.left_out = LeftOut(frozenset(choices.left_out))
        self.shipment = Shipment(self.left_out)
        self.modules = ModuleCarrier(self.shipment)
        self.values = ValueCarrier(notebook)
        self.code = CodeCarrier(notebook)
        self.files = FileCarrier(notebook.folder, self.shipment, place)
        self.state = StateCarrier(notebook, self.left_out)
        self.magics = MagicCarrier(notebook, self.state.why_no_magic)
        self.environment = EnvironmentCarrier(variables, place)
        self.attributes = AttributeCarrier(notebook)
        self.hidden = HiddenNames(notebook, {run_name, *analysis.writes})
        self.needs = Needs(analysis, notebook, _weakly(self._supply), self.left_out, choices.given)
        in_functions = chain.from_iterable(analysis.definitions.values())
        self._may_name_magics = analysis.reach is Reach.ALL or any(each.name == "get_ipython" for each in in_functions)
        self.run_name = run_name
        self.run_is_else = ""
        self.other_runs: dict[str, Run] = {}
        self.listed: list[Text] = []
        """Where code lists the notebook's folder."""
        self._scripts: set[str] = set()
        self._programs: set[str] = set()
        self.found_in_folders: set[str] = set()
        """Top-level modules that are found once the cell has entered a folder, or added one to `sys.path`."""
        self.unknown: list[str] = []
        """What the user adds and nobody knows."""
        self._search(arguments, choices.added)

    def missing(self) -> list[Read]:
        """Return the reads of names that nobody defines: neither do the functions that travel."""
        defined = {self.run_name, *self.code.writes}
        return [read for name, read in self.needs.missing.items() if name not in defined]

    def is_run_used(self) -> bool:
        """Whether the cell needs its own Run."""
        return not self.run_is_else and (self.run_name in self.needs.reached or self.analysis.is_open)

    def is_distant(self, name: str) -> bool:
        """Whether a name is needed only in case that code reaches any name."""
        return self.needs.reached[name].certainty is Certainty.DISTANT

    def may_lack(self, name: str) -> bool:
        """Whether the cell can run without a value that can't travel: it may set it itself, or not need it."""
        read = self.needs.reached.get(name)
        if read is None:  # an attribute of something that is needed
            return False
        is_set = (name in self.analysis.writes or name in self._starred) and read.certainty is not Certainty.SURE
        is_possible = is_set or name in self.code.writes or read.certainty <= Certainty.POSSIBLE or self.uncalled(name)
        return bool(is_possible) and name not in self.values.references

    def uncalled(self, name: str) -> list[str]:
        """Return the methods that alone read a name, if neither the cell nor what travels seems to call one of them."""
        of_cell = chain(self.analysis.reads, *self.analysis.definitions.values())
        if self.analysis.scripts or any(read.name == name for read in of_cell):
            return []
        used = {*self.analysis.attributes, *(text.value for text in self.analysis.texts)}
        return self.code.uncalled(name, used.union(*(each.source.names for each in self.modules.loaded())))

    @cached_property
    def _starred(self) -> set[str]:
        """The names that the cell gets by `from module import *`."""
        return {name for module in self.analysis.stars for name in names_of_star(module)}

    def _search(self, arguments: Iterable[str], added: Iterable[str]) -> None:
        """Lead what the cell's source tells, its arguments and what the user adds to the carriers, and follow it."""
        analysis = self.analysis
        self._find_outside(analysis.outside)
        self.needs.follow(analysis.reads)
        for module, line in analysis.modules.items():
            self.modules.need([module], f"line {line}")
        texts = [*analysis.texts, *(Text(each, 1, "the arguments") for each in arguments)]
        self._find_files(texts)
        for script in analysis.scripts:
            self._follow_script(script)
        self.hidden.note(texts, analysis.reach, analysis.reach_line, is_evaluating=analysis.is_evaluating)
        self.modules.note_texts(texts, imports_by_name=analysis.imports_by_name)
        self.unknown = [name for name in added if not self._add(name)]
        self.files.find_env_file(self.modules.met())
        of_options = Read("", 0, "an option of a library")
        mentioned = {*analysis.attributes, *(read.name for read in analysis.reads)}
        self.needs.follow(self._lead(self.state.find(self.modules.met(), mentioned), of_options))
        self._follow_rest()
        self.magics.note(analysis.magics)
        if self._may_name_magics:
            self.magics.note_texts(analysis.texts)
        self._follow_magics()

    def _add(self, name: str) -> bool:
        """Take along what the user adds: a name of the notebook, files, a module; false if it is none of these."""
        read = Read(name, 1, "--with")
        if self.notebook.holds(name):
            self.needs.follow([read])
        elif is_path(name, self.notebook.folder):
            self._lead(self.files.find(Text(name, read.line, read.where), is_pattern=True), read)
        elif is_module(name) and find_local(name.partition(".")[0]):
            self.modules.need([name], read.place)
        else:
            return False
        return True

    def _follow_rest(self) -> None:
        """Follow what is needed without being named, and what cells changed in modules, until there is no more."""
        while True:
            reads = self.hidden.reads()
            self.needs.follow(reads)
            self.modules.need_named()
            self.modules.need(filter(find_local, self.hidden.modules()), "what it unpickles")
            self._find_files(self.modules.paths())
            loaded, installed = self.modules.loaded(), self.modules.installed()
            assigned = self.attributes.find(loaded, installed, self.values.has_object, self.values.filled_classes())
            for read, value in assigned:
                if not self.left_out.has(read.name.replace(":", "."), read.place):  # `config:LR`, as in `--without`
                    self.needs.follow(self._safely(self._supplied_attribute, read, value))
            if not (reads or assigned):
                return

    def _follow_magics(self) -> None:
        """Follow what the notebook's own magics need, which may use others, until there is no more."""
        while self.magics.find():
            found = Found()
            self.state.take(MAGICS, self.magics.value, found)
            if self.magics.uses_local_scope:
                self.hidden.note((), Reach.ALL, is_evaluating=True)
            self.needs.follow([*self.magics.reads, *self._lead(found, Read("", 0, "a magic"))])
            self._follow_rest()
        for module, place in self.magics.modules.items():
            self.modules.need([module], place)
        self._follow_rest()

    def _supplied_attribute(self, read: Read, value: Any) -> Iterable[Read]:
        """Take what a module's attribute has now; what can't travel stays behind and is said."""
        self.needs.reached[read.name] = read
        found = self.values.find(read.name, value, read)
        refusal = self.values.refusals.pop(read.name, None)
        if refusal is None:
            return self._lead(found, read)
        del self.needs.reached[read.name]
        self.attributes.leave(read.name, read.place, refusal.what)
        return ()

    def _follow_script(self, script: Text) -> None:
        """Follow what a file reads whose code runs in the cell's namespace."""
        analysis = None if script.value in self._scripts else analyse_script(self.notebook.folder / script.value)
        self._scripts.add(script.value)
        if analysis is None:
            return
        for read in chain(analysis.reads, *analysis.definitions.values()):
            self.needs.follow([Read(read.name, script.line, script.value, min(Certainty.LIKELY, read.certainty))])
        self._need_of_script(script, analysis.modules)
        self._find_outside(replace(analysis.outside, where=script.value))
        self._find_files(replace(each, where=script.value) for each in analysis.texts)
        for each in analysis.scripts:
            self._follow_script(each)

    def _find_outside(self, outside: Outside) -> None:
        """Find what paths that are put together lead to, and note environment variables."""
        self.environment.find(outside.variables, outside.where)
        for each in outside.paths:
            path = path_of(each.pieces, self._value_of)
            is_here = path != "" and os.path.normpath(path) in _HERE
            if (each.is_listed or each.is_globbed) and is_here and self._is_known(each.pieces):
                self.listed.append(Text(path, each.line, outside.where))
            if each.is_listed:
                continue
            if each.is_entered:
                self.files.enter(path)
                self._find_searched(Text(path, each.line, outside.where))
            elif each.is_searched:
                self._find_searched(Text(path, each.line, outside.where))
            else:
                text = Text(path, each.line, outside.where)
                self._find_files([text], is_pattern=each.is_globbed, is_changed=each.is_changed)

    def _value_of(self, path: str) -> object:
        """Return what a dotted name stands for in the notebook, without running anything for it."""
        first, *others = path.split(".")
        value: object = self.notebook.namespace.get(first)
        if value is None and first in self.analysis.modules:
            value = sys.modules.get(first)
        for name in others:
            value = inspect.getattr_static(value, name, None)
        return value

    def _is_known(self, pieces: Pieces) -> bool:
        """Whether all that a path is made of is known."""
        return all(isinstance(part, str) or self._value_of(part.name) is not None for part in chain(*pieces))

    def _find_searched(self, folder: Text) -> None:
        """Find the modules that the cell imports from a folder that it enters, or adds to `sys.path` itself."""
        waiting, seen = list(self.analysis.modules), set()
        while waiting:
            top = waiting.pop()
            if top not in seen:
                seen.add(top)
                for path in (f"{folder.value}/{top}.py", f"{folder.value}/{top}"):
                    if (self.notebook.folder / path).exists():
                        self.found_in_folders.add(top)
                    found = self.files.find(replace(folder, value=path))
                    waiting += found.modules
                    self.modules.need(found.modules, folder.place)

    def _find_files(self, texts: Iterable[Text], *, is_pattern: bool = False, is_changed: bool = False) -> None:
        for text in texts:
            modules = self.files.find(text, is_pattern=is_pattern, is_changed=is_changed).modules
            self._need_of_script(text, modules)
            if text.value.endswith(".py"):
                self._follow_program(text)

    def _follow_program(self, text: Text) -> None:
        """Find the files that a script names, however it is run."""
        file = self.notebook.folder / text.value
        if text.value in self._programs or not os.path.isfile(file):  # noqa: PTH113  # False, never an error
            return
        self._programs.add(text.value)
        source = module_source(file)
        paths = (*(each for each in source.texts if "/" in each or "." in each), *source.paths)
        self._find_files(Text(path, 1, text.value) for path in paths)

    def _need_of_script(self, script: Text, modules: Iterable[str]) -> None:
        """Take the modules that a script imports: those that stand beside it come first."""
        folder = os.path.dirname(script.value)  # noqa: PTH120  # as it stands there
        for top in modules:
            beside = find_beside(self.notebook.folder / folder, top) if folder else []
            if beside:
                self._find_files(replace(script, value=f"{folder}/{each}") for each in beside)
            else:
                self.modules.need([top], script.place)

    def _supply(self, read: Read, value: Any) -> list[Read]:
        """Give a name's value to its carrier and return what it reads in turn, whatever the value is."""
        return self._safely(self._supplied, read, value)

    def _safely(self, supply: Callable[[Read, Any], Iterable[Read]], read: Read, value: Any) -> list[Read]:
        """Return what supplying a value gives; one that doesn't bear being looked at travels as its plain pickle."""
        try:
            return list(supply(read, value))
        except Exception as error:  # noqa: BLE001  # whatever the types of the user's values raise
            found = self.values.find_plainly(read.name, value, read, error)
            self.modules.need(found.modules, read.place)
            return found.reads

    def _supplied(self, read: Read, value: Any) -> Iterator[Read]:
        """Give a name's value to its carrier and iterate over what it reads in turn."""
        name = read.name
        if name == self.run_name:
            if isinstance(value, Run):
                return
            self.run_is_else = type(value).__name__
        elif isinstance(value, Run) and read.certainty is not Certainty.DISTANT:
            self.other_runs[name] = value
        if self.notebook.is_hidden(name):
            value = self._items_read(name, value)
        if self.hidden.leaves(read, value):
            return
        if not self.modules.find(name, value, read):
            found = self.values.find(name, value, read)
            if isinstance(value, type) and self.notebook.is_own_code(value):
                certainty = min(Certainty.POSSIBLE, read.certainty)
                found.reads += [Read(each, read.line, name, certainty) for each in annotated_names(value)]
                found.texts += [Text(each, read.line, name) for each in attribute_texts(value)]
            if self.values.has_code(name):
                found.reads += self._define(read, value, found)
            yield from self._lead(found, read)

    def _define(self, read: Read, value: object, found: Found) -> list[Read]:
        """Keep the definition of a function or class; return what executing it reads, where that will be done."""
        defined = self.code.define(read.name, value, found.functions)
        if defined is None:
            return []
        definition, changed = defined
        if not self._by_source:
            if not changed:  # for whoever loads it later with another Python
                self.code.keep(read.name, definition)
            return []
        self.code.keep(read.name, definition)
        self.values.leave_to_source(read.name)
        reads = [
            Read(each.name, read.line, read.name, min(each.certainty, read.certainty))
            for each in analyse(defined.source).reads
            if each.name != read.name
        ]
        for path, now in changed.items():
            reads += self._lead(self.values.find(path, now, replace(read, name=path)), read)
        return reads

    def _lead(self, found: Found, read: Read) -> list[Read]:
        """Lead what was found to the carriers that it is for; return all reads in it."""
        self.modules.need(found.modules, read.place)
        self.hidden.note(found.texts, found.reach, is_evaluating=found.is_evaluating)
        self.modules.note_texts(found.texts, imports_by_name=found.imports_by_name)
        self._may_name_magics |= found.uses_shell
        if self._may_name_magics:
            self.magics.note_texts(found.texts)
        reads = list(found.reads)
        for function in found.functions:
            reads += self._lead(self.code.find(function, read), read)
        self._find_outside(found.outside)
        self._find_files(found.texts)
        return reads

    def _items_read(self, name: str, history: Any) -> list[Any] | dict[Any, Any]:
        """Return the items of IPython's history that the cell reads, never all of its results."""
        if isinstance(history, list):  # In, which is text alone
            return list(history)
        keys = [read.key for read in self.analysis.reads if read.name == name]
        return {key: history[key] for key in keys if (key in history if isinstance(history, dict) else True)}


def _weakly(method: Callable[[Read, Any], Iterable[Read]]) -> Callable[[Read, Any], Iterable[Read]]:
    """Return a function that calls a method and doesn't hold its object: two that hold each other would live on."""
    reference = WeakMethod(method)

    def call(read: Read, value: Any) -> Iterable[Read]:
        found = reference()
        return found(read, value) if found else ()

    return call
