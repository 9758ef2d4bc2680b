"""Pickles of a notebook's values: by cloudpickle, with what must be otherwise for a cell.

The functions of a notebook and the cell share one dict of globals, so a function is pickled without its globals: they
are names that are captured too. Values refer to the notebook's functions and classes by name, so that editing a
function changes no value's pickle. Large memory stands apart from the pickle, without a copy.
"""

from __future__ import annotations

import gc
import io
import pickle
import sys
import threading
import types
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Protocol, TypeVar

import cloudpickle  # type: ignore[import-untyped]

from cellrun.core.context.manifest import Blob
from cellrun.core.context.pickles.arrays import APART_BYTES, Array, ArrayReducer, Region, shared_regions, sharing
from cellrun.core.context.pickles.class_making import reduced_class
from cellrun.core.context.pickles.denied import Denial, why_denied
from cellrun.core.context.pickles.instances import filled_at_call, reduced_instance
from cellrun.core.context.pickles.reducers import reducer
from cellrun.core.context.pickles.references import CellReference, NamespaceReference, Reduced, named, reduced_code
from cellrun.core.context.value_store import Memory, Strided

_WITH_MODULE = (type, types.FunctionType, types.BuiltinFunctionType)
_NEVER_SHARED = (str, bytes, int, float, complex, type, types.BuiltinFunctionType, types.ModuleType, types.CodeType)


class DeniedError(Exception):
    """A value, or something inside it, that can't be captured."""

    def __init__(self, value: object, denial: Denial) -> None:
        self.value = value
        self.remedy = denial.remedy
        super().__init__(f"{denial.words} ({type(value).__name__})")


@dataclass
class Pickled:
    """Some values, pickled together, and what was met on the way."""

    payload: bytes = b""
    buffers: list[pickle.PickleBuffer | Strided] = field(default_factory=list)
    """Large memory that isn't in the payload, in its order."""
    functions: list[types.FunctionType] = field(default_factory=list)
    """Functions of the notebook that are in it, methods included."""
    names: set[str] = field(default_factory=set)
    """Functions and classes of the notebook that it refers to by name."""
    modules: set[str] = field(default_factory=set)
    """Modules that have to be imported to load it."""
    arrays: list[Array] = field(default_factory=list)
    """Arrays in it that may share memory with those of other pickles."""
    mapped: list[str] = field(default_factory=list)
    """Files that arrays in it are mapped from: they are captured as their paths."""
    filled: set[type] = field(default_factory=set)
    """Classes of modules whose attributes their first instance sets, of instances in it."""
    has_code: bool = False
    """Whether functions or classes themselves are in it, with byte code that belongs to one version of Python."""
    met: Callable[[], dict[int, object]] = dict
    """Gives `objects`: to look at millions of them takes longer than the pickle, and it is seldom needed."""

    @cached_property
    def objects(self) -> dict[int, object]:
        """Everything in it that could be in another pickle too, by identity."""
        return self.met()

    @property
    def bytes(self) -> int:
        """Its size, the memory apart included."""
        return len(self.payload) + sum(memory.nbytes for memory in self._memories())

    def keep(self, store: Store, wrote: Callable[[int], object] = lambda _: None) -> tuple[Blob, tuple[Blob, ...]]:
        """Put the payload and the memory apart into a store; `wrote` is told the bytes as they are done."""
        payload = store.put_pickle(self.payload, wrote)
        return payload, tuple(store.put(each, wrote) for each in self._memories())

    def _memories(self) -> Iterator[memoryview | Strided]:
        return (each if isinstance(each, Strided) else each.raw() for each in self.buffers)


class Store(Protocol):
    """Where pickles are kept."""

    def put(self, memory: Memory, wrote: Callable[[int], object]) -> Blob:
        """Keep some bytes and return what finds them again."""

    def put_pickle(self, payload: Memory, wrote: Callable[[int], object]) -> Blob:
        """Keep a pickle, as `put` does."""


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
    wrote: Callable[[int], object] = lambda _: None,
) -> Pickled:
    """Pickle values that may share objects.

    `name_of` tells the name by which a function or class is referred to; None has it pickled where it is met.
    `wrote` is told the bytes of the pickle as they are done.
    Raises DeniedError for what can't be captured, and whatever pickling raises.
    """

    def pickle_with(regions: Sequence[Region]) -> Pickled:
        return _Pickler(_Payload(wrote), namespace, name_of, class_ids, regions).together(list(values))

    def pickle_all() -> Pickled:
        pickled = pickle_with(())
        regions = shared_regions(pickled.arrays)  # which memory is shared, and how much of it, is known at the end
        return pickle_with(regions) if regions else pickled

    try:
        return pickle_all()
    except pickle.PicklingError as error:
        if not isinstance(error.__cause__, RecursionError):
            raise
        return deeply(pickle_all)


def _shareable(memo: Any, functions: Sequence[types.FunctionType], arrays: ArrayReducer) -> dict[int, object]:
    """Return the objects of a pickler's memo whose identity can matter; kept, so that no other gets the same id."""
    by_value = {id(function) for function in functions}
    with without_collections():
        objects = {
            id(value): value
            for _, value in memo.copy().values()
            if not isinstance(value, _NEVER_SHARED)
            and not (isinstance(value, types.FunctionType) and id(value) not in by_value)
            and type(value).__module__ != "numpy.dtypes"  # one for all arrays of a type
        }
    return objects | {number: each.mmap for number, each in arrays.maps.items()}


class _Payload(io.BytesIO):
    """The bytes of a pickle, which come in pieces."""

    def __init__(self, wrote: Callable[[int], object]) -> None:
        super().__init__()
        self._wrote = wrote

    def write(self, piece: Any, /) -> int:
        """Take a piece, and tell how long it is."""
        self._wrote(len(piece))
        return super().write(piece)


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    def __init__(
        self,
        file: _Payload,
        namespace: dict[str, Any],
        name_of: Callable[[object], str | None],
        class_ids: ClassIds,
        regions: Sequence[Region],
    ) -> None:
        self._file = file
        self._pickled, self._arrays = Pickled(), ArrayReducer(regions)
        # Nothing that leads back to the pickler: what it has met would live on until garbage is collected.
        callback = partial(_buffer, self._pickled.buffers, self._arrays)
        super().__init__(self._file, protocol=5, buffer_callback=callback)
        self._namespace = namespace
        self._name_of = name_of
        self._class_ids = class_ids
        self._allowed: set[type] = set()
        self._cells: dict[int, CellReference] = {}

    def together(self, values: list[object]) -> Pickled:
        """Pickle values; a pickler does that once."""
        self.dump(values)
        pickled, arrays = self._pickled, self._arrays
        pickled.payload = self._file.getvalue()
        pickled.met = partial(_shareable, self.memo, pickled.functions, arrays)
        pickled.arrays = arrays.met
        pickled.mapped = sorted({each.path for each in arrays.maps.values()})
        # The memo leads to the pickler, which must lead neither to the pickle nor to who holds it.
        self._pickled, self._name_of, self._file = Pickled(), _nameless, _Payload(_nameless)
        return pickled

    def reducer_override(self, obj: Any) -> Any:
        """Reduce what pickle doesn't know by itself; called for everything but plain values and containers."""
        is_code = isinstance(obj, (type, types.FunctionType))
        name = self._name_of(obj) if is_code else None
        if name is not None:
            self._pickled.names.add(name)
            return named, (name,)
        if isinstance(obj, types.CodeType):
            return reduced_code(obj, self.dispatch_table[types.CodeType](obj))
        special = reducer(obj)
        if special is not None:
            return special
        array = self._arrays.reduce(obj)
        if array is not None:
            self._note_module(obj)
            return array
        instance = None
        if not is_code:
            self._refuse_denied(obj)
            self._note_filled(type(obj))
            instance = reduced_instance(obj)
        reduced = super().reducer_override(obj) if instance is None else instance
        if reduced is not NotImplemented and is_code:
            return self._code(obj, reduced)
        self._note_module(obj)
        return reduced

    def _refuse_denied(self, obj: object) -> None:
        kind = type(obj)
        if kind in self._allowed:
            return
        denial = why_denied(kind)
        if denial is not None:
            raise DeniedError(obj, denial)
        self._allowed.add(kind)

    def _note_filled(self, kind: type) -> None:
        if kind.__module__ != "__main__" and filled_at_call(kind):
            self._pickled.filled.add(kind)

    def _code(self, obj: Any, reduced: Reduced) -> Reduced:
        if len(reduced) < 3:  # the types of None, ... and the like
            return reduced
        self._pickled.has_code = True
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
        return reduced_class(obj, reduced, self._class_ids.of(obj))

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


def _nameless(_: object) -> None:
    """Tell no name of anything."""


def _buffer(buffers: list[pickle.PickleBuffer | Strided], arrays: ArrayReducer, buffer: pickle.PickleBuffer) -> bool:
    """Take large memory out of a pickle; true leaves it in."""
    if buffer.raw().nbytes < APART_BYTES:
        return True
    buffers.append(arrays.strided(buffer) or buffer)
    return False


class Packed(Protocol):
    """A value as it would be written alone."""

    @property
    def payload(self) -> bytes:
        """The value itself."""

    @property
    def objects(self) -> Mapping[int, object]:
        """Everything in it that could be in another value too, by identity."""

    @property
    def arrays(self) -> Sequence[Array]:
        """Arrays in it that may share memory with those of other values."""


def grouped(packed: Mapping[str, Packed], ties: Mapping[str, Iterable[object]]) -> list[list[str]]:
    """Return the names of values in groups that share an object or memory, directly or by way of others.

    `ties` are further things by which names belong together if they have one in common.
    """
    memories = {
        id(array): ("memory", number)
        for number, together in enumerate(sharing([array for each in packed.values() for array in each.arrays]))
        for array in together
    }
    leader = {name: name for name in packed}

    def lead(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    first_with: dict[object, str] = {}
    have_objects = False
    by_size = sorted(packed.items(), key=lambda item: len(item[1].payload))
    for number, (name, each) in enumerate(by_size, 1):
        is_largest = number == len(by_size)
        objects: Collection[int] = ()
        if not is_largest:
            objects = each.objects
            have_objects = have_objects or bool(objects)
        elif have_objects:  # it may hold millions, which are looked at only if others have anything
            objects = each.objects.keys() & first_with.keys()
        in_memories = [memories[id(array)] for array in each.arrays if id(array) in memories]
        for key in (*objects, *in_memories, *ties.get(name, ())):
            leader[lead(name)] = lead(first_with.setdefault(key, name))
    groups = defaultdict(list)
    for name in sorted(packed):
        groups[lead(name)].append(name)
    return list(groups.values())


@contextmanager
def without_collections() -> Iterator[None]:
    """Let no garbage be collected meanwhile."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


_T = TypeVar("_T")
_STACK_BYTES = 512 << 20  # of address space: only what is used is memory
_MOST_DEEP = 200_000  # 2.6 kB each; since Python 3.12 C code has a limit of its own: not 5,000 nested lists


def deeply(work: Callable[[], _T]) -> _T:
    """Return what `work` returns, or raise what it raises, in a thread that has room for deep recursion."""
    results: list[_T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001  # raised again below
            errors.append(error)

    limit, size = sys.getrecursionlimit(), threading.stack_size(_STACK_BYTES)
    try:
        sys.setrecursionlimit(_MOST_DEEP)
        thread = threading.Thread(target=run, name="cellrun-deep", daemon=True)  # Ctrl-C leaves it
        thread.start()
    finally:
        threading.stack_size(size)
    try:
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
    if errors:
        raise errors[0]
    return results[0]
