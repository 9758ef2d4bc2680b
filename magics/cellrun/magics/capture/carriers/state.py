"""Carries the state of the notebook's process: of libraries that the cell's code uses, and environment variables."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

from cellrun.core.context.manifest import Context, Need, State
from cellrun.core.context.pickles.pickling import ClassIds, Pickled, Store, pickle_together
from cellrun.core.context.state.interpreter import foreign_handlers, log_files
from cellrun.core.context.state.kind import StateKind
from cellrun.core.context.state.libraries import MAGICS, NEVER_DRAW
from cellrun.core.context.state.table import TABLE, plain_bytes
from cellrun.core.supervision.launch_spec import inherited
from cellrun.magics.capture.carrier import CapturedCell, Carrier, Found
from cellrun.magics.capture.carriers.modules import ModuleCarrier
from cellrun.magics.capture.local.local_modules import added_path, find_local
from cellrun.magics.capture.paths.carrier import FileCarrier
from cellrun.magics.capture.source.analysis import Read, Variable

_ADD_A_HANDLER = frozenset({"addHandler", "basicConfig", "dictConfig", "fileConfig"})
_STATELESS = frozenset({"__main__", "IPython", "cellrun", "cloudpickle"})  # in most runs; none of it uses such state


@dataclass(frozen=True)
class _Item:
    kind: StateKind
    payload: bytes
    format: str


class StateCarrier(Carrier):
    """Carries what differs from a fresh interpreter's, of the modules that the cell needs."""

    def __init__(self, cell: CapturedCell, modules: ModuleCarrier) -> None:
        self._notebook = cell.notebook
        self._analysis = cell.analysis
        self._left_out = cell.left_out
        self._modules = modules
        self._items: list[_Item] = []
        self._notes: list[str] = []
        self._path = self._added_path()

    def find_once(self) -> Iterator[Found]:
        """Read the state as it is now; iterate over what options that are functions of the notebook need in turn."""
        found, needed = Found(Read("", 0, "an option of a library")), self._modules.met()
        packages = {top for top in needed if top not in _STATELESS and not _is_followed(top)}
        for kind in TABLE:
            module = sys.modules.get(kind.module)
            if module is None or not _matters(kind, needed, packages):
                continue
            try:
                value = kind.read(module, needed)
            except Exception as error:  # noqa: BLE001  # a library of a version that keeps it elsewhere
                self._notes.append(f"{kind.module}'s {kind.what} can't be read, and aren't captured: {error}")
                continue
            if value is not None:
                self.take(kind, value, found)
        # What the cell sets itself isn't said to be missing.
        mentioned = {*self._analysis.attributes, *(read.name for read in self._analysis.reads)}
        self._notes += _left_behind(needed, self._notebook.cells(), mentioned)
        yield found

    def pack(self, context: Context, store: Store) -> Context:
        """Write it to the store."""
        state = tuple(
            State(item.kind.module, item.kind.what, store.put_pickle(item.payload, lambda _: None), item.format)
            for item in self._items
        )
        return replace(context, path=self._path, state=(*context.state, *state))

    def account(self) -> Iterator[Need]:
        """Iterate over it, a line each."""
        for folder in self._path:
            yield Need("sys.path", "state", folder, "", how="state")
        for item in self._items:
            yield Need(item.kind.module, "state", item.kind.what, "", len(item.payload), how="state")

    def notes(self) -> list[str]:
        """Return what of it stays behind."""
        return self._notes

    def _added_path(self) -> tuple[str, ...]:
        added = added_path(self._notebook.folder)
        return () if added and self._left_out.has("sys.path", "what the notebook added") else added

    def take(self, kind: StateKind, value: Any, found: Found) -> None:
        """Take a value of state, the last of its kind, unless it is left out; what it needs goes into `found`."""
        if self._left_out.has(kind.module, f"its {kind.what}"):
            return
        self._items = [each for each in self._items if each.kind is not kind]
        payload = plain_bytes(value)
        if payload is not None:
            self._items.append(_Item(kind, payload, "json"))
            return
        kept, pickled = self._pickled(kind, value)
        if kept:
            self._items.append(_Item(kind, pickled.payload, "pickle"))
            found.functions += pickled.functions
            found.modules |= pickled.modules
            found.reads += [Read(name, 0, f"{kind.module}'s {kind.what}") for name in sorted(pickled.names)]

    def _pickled(self, kind: StateKind, options: dict[str, Any]) -> tuple[dict[str, Any], Pickled]:
        """Pickle options; those that can't be are left out and noted."""
        try:
            return options, self._pickle(kind, options)
        except Exception:  # noqa: BLE001  # whatever the types of the user's values raise
            kept = {name: value for name, value in options.items() if self._can_be_captured(kind, name, value)}
            return kept, self._pickle(kind, kept)

    def _can_be_captured(self, kind: StateKind, name: str, value: Any) -> bool:
        try:
            self._pickle(kind, value)
        except Exception as error:  # noqa: BLE001  # as above
            self._notes.append(f"{kind.module}'s {kind.what}: {name} stays behind: {error}")
            return False
        return True

    def why_no_magic(self, value: object) -> Exception | None:
        """Return why what registers a magic can't be captured, None if it can."""
        try:
            self._pickle(MAGICS, value)
        except Exception as error:  # noqa: BLE001  # as above
            return error
        return None

    def _pickle(self, kind: StateKind, value: Any) -> Pickled:
        # Functions go by value, whatever their names: the state may be set where only the cell's names are.
        name_of = self._notebook.name_of if kind.by_name else lambda _: None
        pickled = pickle_together([value], self._notebook.namespace, name_of, ClassIds())
        if pickled.buffers:
            raise ValueError(f"its {pickled.bytes:,} bytes are too many for an option")
        return pickled


def _is_followed(top: str) -> bool:
    """Whether what a module imports in turn is known to be needed, or it never uses such state."""
    return top in sys.stdlib_module_names or bool(find_local(top))


def _matters(kind: StateKind, needed: Collection[str], packages: AbstractSet[str]) -> bool:
    """Whether the cell, or an installed package that it needs, may use a kind of state."""
    if not kind.users or not kind.users.isdisjoint(needed):
        return True
    return kind.of_packages and bool(packages - NEVER_DRAW.get(kind.module, frozenset()))


def _left_behind(needed: Collection[str], cells: Iterable[str], mentioned: Collection[str]) -> Iterator[str]:
    """Iterate over notes on what can't be taken along."""
    if any("register_error(" in cell for cell in cells):  # nothing tells which there are
        yield "error handlers of codecs aren't captured: call codecs.register_error in the cell"
    cuda, tensorflow = sys.modules.get("torch.cuda"), sys.modules.get("tensorflow.python.eager.context")
    if cuda is not None and "torch" in needed and cuda.is_initialized():
        yield "torch's random generators of CUDA devices start anew in the run: seed them in the cell"
    uses_tensorflow = not {"tensorflow", "keras"}.isdisjoint(needed)
    if tensorflow is not None and uses_tensorflow and tensorflow.global_seed() is not None:
        yield "tensorflow's random state isn't captured: call tf.random.set_seed in the cell"
    if "cupy.random" in sys.modules and "cupy" in needed:
        yield "cupy's random state isn't captured: call cupy.random.seed in the cell"
    logging = sys.modules.get("logging")
    if logging is not None and "logging" in needed:
        for path in log_files(logging) if _ADD_A_HANDLER.isdisjoint(mentioned) else ():
            yield f"the notebook's loggers write to {path}, the run's don't: add a handler in the cell"
        for name in set(foreign_handlers(logging)).difference(mentioned):
            yield f"the notebook's loggers have a {name}, the run's don't: add it in the cell"


_OF_EVERY_LOGIN = frozenset({"HOME", "HOSTNAME", "LANG", "LOGNAME", "PATH", "PWD", "SHELL", "TMPDIR", "USER"})
"""What another machine has its own of."""


class EnvironmentCarrier(Carrier):
    """Accounts for variables; `files` may give some by a `.env` file."""

    def __init__(self, cell: CapturedCell, files: FileCarrier) -> None:
        self._given = cell.variables
        self._place = cell.place
        self._files = files
        self._read: dict[str, tuple[Variable, str]] = {}

    def follow(self, found: Found) -> Iterable[Found]:
        """Take note of variables that are read in a function, or in the cell itself."""
        where = found.outside.where
        for each in found.outside.variables:
            before = self._read.get(each.name)
            if before is None or (each.is_required and not before[0].is_required):
                self._read[each.name] = each, f"{where}, line {each.line}" if where else f"line {each.line}"
        return ()

    def account(self) -> Iterator[Need]:
        """Iterate over those that the run has, a line each, without their values."""
        passed_on = self._passed_on()
        for name, (_, place) in self._read.items():
            if name in self._given or name in passed_on:
                how = "--env" if name in self._given else "inherited"
                yield Need(name, "environment", "environment variable", place, how=how)

    def notes(self) -> list[str]:
        """Return what the run won't have; a `.env` file may still give it what is missing here."""
        notes, passed_on = [], self._passed_on()
        for name, (variable, place) in self._read.items():
            if name in self._given or name in passed_on:
                continue
            if not self._place.inherits and name in _OF_EVERY_LOGIN:
                continue
            if name in os.environ:
                whose = "is the notebook's own and isn't passed on" if self._place.inherits else self._stays
                notes.append(f"environment variable {name!r} ({place}) {whose}; `--env {name}` gives it to the run")
            elif variable.is_required and not self._files.has_env_file:
                notes.append(
                    f"environment variable {name!r} ({place}) isn't set; `--env {name}=VALUE` gives it to the run"
                )
        return notes

    @property
    def _stays(self) -> str:
        return f"isn't passed on to {self._place}"

    def _passed_on(self) -> Collection[str]:
        return inherited(os.environ) if self._place.inherits else ()
