"""Pickles of a notebook's values: by cloudpickle, with what must be otherwise for a cell.

The functions of a notebook and the cell share one dict of globals, so a function is pickled without its globals: they
are names that travel by themselves. Values refer to the notebook's functions and classes by name, so that editing a
function changes no value's pickle. Large memory stands apart from the pickle, without a copy.
"""

from __future__ import annotations

import io
import pickle
import types
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import cloudpickle  # type: ignore[import-untyped]

from cellrun.core.context.denied import why_denied
from cellrun.core.context.reducers import Reduced, reducer
from cellrun.core.context.references import CellReference, NamespaceReference, named

_APART_BYTES = 64 << 10
_CLASS_MAKERS = {"_make_skeleton_class": 4, "_make_skeleton_enum": 5}  # which argument is the class's id
_WITH_MODULE = (type, types.FunctionType, types.BuiltinFunctionType)
_NEVER_SHARED = (str, bytes, int, float, complex, type, types.BuiltinFunctionType, types.ModuleType, types.CodeType)


class DeniedError(Exception):
    """A value, or something inside it, that can't travel."""

    def __init__(self, value: object, why: str) -> None:
        self.value = value
        self.why = why
        super().__init__(f"{why} ({type(value).__name__})")


@dataclass
class Pickled:
    """Some values, pickled together, and what was met on the way."""

    payload: bytes = b""
    buffers: list[pickle.PickleBuffer] = field(default_factory=list)
    functions: list[types.FunctionType] = field(default_factory=list)
    """Functions of the notebook that are in it, methods included."""
    names: set[str] = field(default_factory=set)
    """Functions and classes of the notebook that it refers to by name."""
    modules: set[str] = field(default_factory=set)
    """Modules that have to be imported to load it."""
    objects: dict[int, object] = field(default_factory=dict)
    """Everything in it that could be in another pickle too, by identity."""

    @property
    def bytes(self) -> int:
        """Its size, the memory apart included."""
        return len(self.payload) + sum(buffer.raw().nbytes for buffer in self.buffers)


class ClassIds:
    """Ids by which cloudpickle knows classes again across pickles: the same in each capture of the same classes."""

    def __init__(self) -> None:
        self._ids: dict[type, str] = {}

    def of(self, kind: type) -> str:
        """Return the id of a class."""
        if kind not in self._ids:
            same_name = sum(each.__qualname__ == kind.__qualname__ for each in self._ids)
            self._ids[kind] = f"{kind.__module__}.{kind.__qualname__}#{same_name}"
        return self._ids[kind]


def pickle_together(
    values: Sequence[object],
    namespace: dict[str, Any],
    name_of: Callable[[object], str | None],
    class_ids: ClassIds,
) -> Pickled:
    """Pickle values that may share objects.

    `name_of` tells the name by which a function or class is referred to; None has it pickled where it is met.
    Raises DeniedError for what can't travel, and whatever pickling raises.
    """
    pickled = Pickled()
    with io.BytesIO() as file:
        pickler = _Pickler(file, pickled, namespace, name_of, class_ids)
        pickler.dump(list(values))
        pickled.payload = file.getvalue()
        pickled.objects = _shareable(pickler.memo.copy().values(), pickled.functions)
    return pickled


def _shareable(memo: Iterable[tuple[int, Any]], functions: Sequence[types.FunctionType]) -> dict[int, object]:
    """Return the objects of a pickle whose identity can matter; kept, so that no other gets the same id."""
    by_value = {id(function) for function in functions}
    return {
        id(value): value
        for _, value in memo
        if not isinstance(value, _NEVER_SHARED)
        and not (isinstance(value, types.FunctionType) and id(value) not in by_value)
        and type(value).__module__ != "numpy.dtypes"  # one for all arrays of a type
    }


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    def __init__(
        self,
        file: io.BytesIO,
        pickled: Pickled,
        namespace: dict[str, Any],
        name_of: Callable[[object], str | None],
        class_ids: ClassIds,
    ) -> None:
        super().__init__(file, protocol=5, buffer_callback=self._buffer)
        self._pickled = pickled
        self._namespace = namespace
        self._name_of = name_of
        self._class_ids = class_ids
        self._denied: dict[type, str] = {}
        self._cells: dict[int, CellReference] = {}

    def reducer_override(self, obj: Any) -> Any:
        """Reduce what pickle doesn't know by itself; called for everything but plain values and containers."""
        is_code = isinstance(obj, (type, types.FunctionType))
        name = self._name_of(obj) if is_code else None
        if name is not None:
            self._pickled.names.add(name)
            return named, (name,)
        special = reducer(obj)
        if special is not None:
            return special
        if not is_code:
            self._refuse_denied(obj)
        reduced = super().reducer_override(obj)
        if reduced is not NotImplemented and is_code:
            return self._code(obj, reduced)
        self._note_module(obj)
        return reduced

    def _refuse_denied(self, obj: object) -> None:
        kind = type(obj)
        why = self._denied.get(kind)
        if why is None:
            why = self._denied[kind] = why_denied(kind)
        if why:
            raise DeniedError(obj, why)

    def _code(self, obj: Any, reduced: Reduced) -> Reduced:
        if len(reduced) < 3:  # the types of None, ... and the like
            return reduced
        make, arguments, state, *rest = reduced
        if isinstance(obj, types.FunctionType):
            if obj.__globals__ is not self._namespace:
                return reduced
            self._pickled.functions.append(obj)
            code, _globals, *others, _closure = arguments
            closure = None if obj.__closure__ is None else tuple(self._cell(cell) for cell in obj.__closure__)
            attributes, slots = state
            arguments = (code, NamespaceReference(), *others, closure)
            return (make, arguments, (attributes, {**slots, "__globals__": {}}), *rest)
        position = _CLASS_MAKERS.get(make.__name__)
        if position is not None:
            arguments = (*arguments[:position], self._class_ids.of(obj), *arguments[position + 1 :])
        return (make, arguments, state, *rest)

    def _cell(self, cell: types.CellType) -> CellReference:
        """Return the same stand-in for the same variable: functions of one closure go on sharing it."""
        return self._cells.setdefault(id(cell), CellReference())

    def _note_module(self, obj: Any) -> None:
        if isinstance(obj, types.ModuleType):
            name = obj.__name__
        else:
            owner = obj if isinstance(obj, _WITH_MODULE) else type(obj)
            name = owner.__module__
        if isinstance(name, str):  # None for some that are made in C
            self._pickled.modules.add(name)

    def _buffer(self, buffer: pickle.PickleBuffer) -> bool:
        """Take large memory out of the pickle; true leaves it in."""
        try:
            size = buffer.raw().nbytes
        except BufferError:  # not contiguous
            return True
        if size < _APART_BYTES:
            return True
        self._pickled.buffers.append(buffer)
        return False
