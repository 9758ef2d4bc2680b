"""Carries the notebook's own magics: functions and classes of it, extensions that it loaded, aliases."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from types import MethodType
from typing import Any

from IPython.core.alias import Alias, default_aliases
from IPython.core.magic import MagicAlias, Magics

from cellrun.core.context.state.libraries import MAGICS
from cellrun.magics.capture.carrier import CapturedCell, Carrier, Found
from cellrun.magics.capture.carriers.state import StateCarrier
from cellrun.magics.capture.local.local_modules import find_local
from cellrun.magics.capture.refusals import Refusal
from cellrun.magics.capture.source.analysis import MagicUse, Reach, Read, Text
from cellrun.magics.capture.words import attribute_of

_KINDS = ("line", "cell")
_LOADERS = frozenset({"load_ext", "reload_ext"})
_OF_EVERY_SHELL = ("IPython.core", "cellrun")
_OF_THE_KERNEL = {
    "ipykernel": "is about the kernel and its front end, and a run has neither",
    "IPython.extensions.storemagic": "keeps values in the notebook's IPython profile, which a run doesn't use",
}
_OF_MAGICS = frozenset({"shell", "options_table", "magics", "_cross_validation_lock"})  # any instance's


class MagicCarrier(Carrier):
    """Carries those that the cell uses, as state of the shell.

    Responsibilities: which magics are used; what registers each again; refusals.
    """

    def __init__(self, cell: CapturedCell, state: StateCarrier) -> None:
        self._notebook = cell.notebook
        self._shell: Any = cell.notebook.shell  # parts of it are untyped
        self._state = state
        self._texts = cell.analysis.texts
        in_functions = chain.from_iterable(cell.analysis.definitions.values())
        self._are_named = cell.analysis.reach is Reach.ALL or any(each.name == "get_ipython" for each in in_functions)
        self._waiting = list(cell.analysis.magics)
        self._seen: set[tuple[str, str]] = set()
        self._owners: list[Magics] = []
        self._value: dict[str, list[Any]] = {}  # what registers them, as `state.libraries` takes it
        self._reads: list[Read] = []  # of the functions and classes of the notebook among them
        self._modules: list[Found] = []  # local ones that are extensions
        self._uses_local_scope = False  # one sees all names of the cell
        self._refusals: list[Refusal] = []

    def follow(self, found: Found) -> Iterable[Found]:
        """Note the texts of functions, which may be the names of magics that they use."""
        self._are_named |= found.uses_shell
        if self._are_named:
            self._note_texts(found.texts)
        return ()

    def find_more(self) -> Iterator[Found]:
        """Take the magics that were noted; iterate over what they need in turn."""
        if self._are_named:
            self._note_texts(self._texts)
            self._texts = ()
        if self._look_up_noted():
            found = Found(Read("", 0, "a magic"), reads=[*self._reads])
            self._state.take(MAGICS, self._value, found)
            if self._uses_local_scope:
                found.reach, found.is_evaluating = Reach.ALL, True
            yield found
        modules, self._modules = self._modules, []
        yield from modules

    def check(self, values_folder: Path) -> list[Refusal]:
        """Return which magics can't be captured."""
        del values_folder
        return self._refusals

    def _note_texts(self, texts: Iterable[Text]) -> None:
        known = self._shell.magics_manager.magics if self._shell is not None else {}
        for text in texts:
            kinds = [kind for kind in _KINDS if text.value in known.get(kind, ())]
            self._waiting += [MagicUse(text.value, kind, text.line, text.where, is_possible=True) for kind in kinds]

    def _look_up_noted(self) -> bool:
        """Look up what was noted; whether there is anything new to carry."""
        count = sum(map(len, self._value.values()))
        while self._waiting:
            use = self._waiting.pop()
            if self._shell is not None and (use.kind, use.name) not in self._seen:
                self._seen.add((use.kind, use.name))
                self._look_up(use)
            if use.name in _LOADERS:
                self._need_local(use.words[:1], use)
        return sum(map(len, self._value.values())) > count

    def _look_up(self, use: MagicUse) -> None:
        magic = self._shell.find_magic(use.name, use.kind)
        if isinstance(magic, Alias):
            if (use.name, magic.cmd) not in default_aliases():
                self._carry("aliases", use.name, magic.cmd)
        elif isinstance(magic, MagicAlias):
            self._carry("other names", use.name, magic.magic_name, magic.magic_kind, magic.magic_params)
            self._waiting.append(MagicUse(magic.magic_name, magic.magic_kind, use.line, use.where))
        elif magic is not None:
            self._take(use, magic)

    def _take(self, use: MagicUse, magic: Any) -> None:
        """Take a function, or what it is a method of."""
        owner = magic.__self__ if isinstance(magic, MethodType) else None
        module = str(type(owner).__module__ if owner is not None else attribute_of(magic, "__module__"))
        if module.startswith(_OF_EVERY_SHELL):
            return
        why = next((why for home, why in _OF_THE_KERNEL.items() if module.startswith(home)), None)
        if why is not None:
            self._refuse(use, f"it {why}", "Leave it out of the cell")
            return
        extension = self._extension_of(module)
        if extension:
            self._carry("extensions", extension)
            self._need_local([extension], use)
            return
        self._uses_local_scope |= attribute_of(magic, "needs_local_scope") is True
        if isinstance(owner, Magics):
            if not any(each is owner for each in self._owners):
                self._owners.append(owner)
                self._carry_checked(use, "classes", type(owner), _attributes(owner))
        else:
            self._carry_checked(use, "functions", use.name, use.kind, magic)

    def _extension_of(self, module: str) -> str:
        """Return the name by which the extension was loaded whose magics are in a module; empty if there is none."""
        for name in sorted(map(str, self._shell.extension_manager.loaded)):
            loaded = sys.modules.get(name) or sys.modules.get(f"IPython.extensions.{name}")
            load = attribute_of(loaded, "load_ipython_extension")
            homes = {attribute_of(loaded, "__name__"), attribute_of(load, "__module__")} - {None}
            if any(module == home or module.startswith(f"{home}.") for home in homes):
                return name
        return ""

    def _need_local(self, names: Iterable[str], use: MagicUse) -> None:
        read = Read("", use.line, use.where)
        self._modules += [Found(read, modules={name}) for name in names if find_local(name.partition(".")[0])]

    def _carry_checked(self, use: MagicUse, how: str, *what: Any) -> None:
        error = self._state.why_no_magic(what)
        if error is not None:
            self._refuse(use, str(error), "Define it inside the cell, or load it there from an extension: %load_ext")
            return
        self._carry(how, *what)
        names = filter(None, map(self._notebook.name_of, what))
        self._reads += [Read(name, use.line, use.where) for name in names]

    def _refuse(self, use: MagicUse, why: str, remedy: str) -> None:
        if use.is_possible:  # a word such as `less` or `more`, most likely
            return
        shown = "%" * (1 + _KINDS.index(use.kind)) + use.name
        self._refusals.append(Refusal(shown, f"the magic {shown} can't be captured: {why}", use.place, remedy))

    def _carry(self, how: str, *what: Any) -> None:
        listed = self._value.setdefault(how, [])
        each = what[0] if how == "extensions" else what
        if each not in listed:
            listed.append(each)


def _attributes(owner: Magics) -> dict[str, Any]:
    """Return what an instance of the user's class has of its own: attributes, and traits that were set."""
    names = [name for name in vars(owner) if name not in _OF_MAGICS and not name.startswith("_trait")]
    mro = type(owner).__mro__
    traits = {name for kind in mro[: mro.index(Magics)] for name in vars(kind)}
    values = vars(owner).get("_trait_values", {})
    return {name: vars(owner)[name] for name in names} | {name: values[name] for name in values.keys() & traits}
