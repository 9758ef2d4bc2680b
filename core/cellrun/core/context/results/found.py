"""Finds the values that a cell gives back, and the cell's own code that they need, before anything is written."""

from __future__ import annotations

import dis
import pickle
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cellrun.core.context.manifest import Context
from cellrun.core.context.pickles.pickling import ClassIds, DeniedError, Pickled, pickle_together
from cellrun.core.context.pickles.references import RunCodeReference, own_name, own_path
from cellrun.core.context.results.plain_forms import PlainForm, plain_form
from cellrun.core.errors import ContextException
from cellrun.core.resources import limits

OF_MODULE = "__main__:"
"""How a name begins in a group that isn't a result itself: a result's function or class, or a global that one reads."""
_UNASKED_BYTES = 64 << 20
_READS = frozenset({"LOAD_GLOBAL", "LOAD_NAME"})


class Item(NamedTuple):
    """A name's value in the form that it would have alone."""

    name: str
    value: object
    form: PlainForm | Pickled

    @property
    def bytes(self) -> int:
        """What it takes in the store, alone."""
        if isinstance(self.form, Pickled):
            return self.form.bytes
        return len(self.form.payload) + sum(buffer.nbytes for buffer in self.form.buffers)


class FoundResults:
    """The results of one cell, each in the form in which it can be kept, or why it can't be.

    `namespace` is the cell's own, at its end; `captured` are the functions and classes that came from the notebook: one
    that is still the same is the notebook's own where it has it.
    """

    def __init__(self, context: Context, namespace: dict[str, Any], captured: Mapping[str, object]) -> None:
        self._context = context
        self._namespace = namespace
        self._captured = captured
        self._class_ids = ClassIds()
        self.items: dict[str, Item] = {}
        """Results by their names, and globals that functions in them read, whose names begin with OF_MODULE."""
        self.code: dict[str, Pickled] = {}
        """The cell's own functions and classes that these need."""
        self.problems: dict[str, str] = {}
        """Why a result can't be kept."""
        self.left_behind: dict[str, int] = {}
        """Globals that functions read and that are too large to come along unasked, with their bytes."""
        for name in context.returns:
            self._find(name)

    def _find(self, name: str) -> None:
        """Find how a result can be kept, with all that it needs, or why it can't."""
        if name not in self._namespace:
            self.problems[name] = "the cell has given it no value"
            return
        code = dict(self.code)
        try:
            item = self._item(name, self._namespace[name])
            _check_size(item)
            found = self._needed_by(item)
        except Exception as error:  # noqa: BLE001  # whatever the types of the user's values raise
            self.problems[name] = _words(error, self._namespace[name])
            self.code = code  # what it alone needs may lack a part
        else:
            self.items |= {name: item, **found}

    def _item(self, name: str, value: object) -> Item:
        own = own_path(value, self._namespace)
        if own is not None and not self._is_captured(own):
            return Item(name, value, Pickled(pickle.dumps([RunCodeReference(own)], protocol=5), names={own}))
        return Item(name, value, plain_form(value) or self.pickle([value]))

    def _is_captured(self, path: str) -> bool:
        """Whether code is still as it came from the notebook: the cell hasn't defined it anew."""
        top = _top(path)
        return self._captured.get(top) is self._namespace[top]

    def _needed_by(self, item: Item) -> dict[str, Item]:
        """Return what functions in a value read of the cell's globals; the cell's own code in it joins `code`."""
        found: dict[str, Item] = {}
        waiting = [item.form]
        while waiting:
            form = waiting.pop()
            if not isinstance(form, Pickled):
                continue
            names = {each for function in form.functions for each in _globals_read(function.__code__)}
            for name in tops_of(form) | names & self._namespace.keys():
                value = self._namespace[name]
                if name in self.code or OF_MODULE + name in found:
                    continue
                if own_name(value, self._namespace) == name:
                    self.code[name] = self.pickle([value], by_value=True)
                    waiting.append(self.code[name])
                elif needed := self._attempt(name, value):
                    found[needed.name] = needed
                    waiting.append(needed.form)
        return found

    def _attempt(self, name: str, value: object) -> Item | None:
        """Return a global that a function reads; None if it can't be kept: the function fails if it comes to it."""
        try:
            item = self._item(OF_MODULE + name, value)
        except Exception:  # noqa: BLE001  # as in `_find`
            return None
        if item.bytes > _UNASKED_BYTES and name not in self._context.returns:
            self.left_behind[name] = item.bytes
            return None
        return item

    def pickle(self, values: Sequence[object], *, by_value: bool = False) -> Pickled:
        """Pickle values together; the cell's own code in them by name, or as it is if the values are such code."""
        members = {own_name(value, self._namespace) for value in values} if by_value else set()

        def name_of(value: object) -> str | None:
            path = own_path(value, self._namespace)
            return None if path is None or _top(path) in members else path

        return pickle_together(values, self._namespace, name_of, self._class_ids)


def _top(path: str) -> str:
    return path.partition(".")[0]


def tops_of(pickled: Pickled) -> set[str]:
    """Return the names of the module that a pickle refers to, also for what is in classes."""
    return set(map(_top, pickled.names))


def _globals_read(code: types.CodeType) -> Iterator[str]:
    """Iterate over the global names that a function reads, and the functions in it."""
    for instruction in dis.get_instructions(code):
        if instruction.opname in _READS:
            yield instruction.argval
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _globals_read(constant)


def _check_size(item: Item) -> None:
    most = limits().value_bytes
    if item.bytes > most:
        raise ContextException(f"it has {item.bytes:,} bytes, the limit is {most:,} (CELLRUN_VALUE_BYTES)")


def _words(error: Exception, value: object) -> str:
    if isinstance(error, DeniedError):
        where = "it is" if error.value is value else f"it is a {type(value).__name__} and holds"
        return f"{where} {error}, which can't be given back"
    if isinstance(error, ContextException):
        return str(error)
    return f"it is a {type(value).__name__} that can't be pickled: {type(error).__name__}: {error}"
