"""NumPy arrays in pickles: their memory apart and without a copy, and one memory for arrays that are views of one."""

from __future__ import annotations

import ctypes
import mmap
import os
import pickle
import sys
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from cellrun.core.context.value_store import Strided
from cellrun.core.errors import ContextException

if TYPE_CHECKING:
    import numpy as np


Array: TypeAlias = "np.ndarray[Any, Any]"
APART_BYTES = 64 << 10
_MOST_COMPARED = 20_000


@dataclass(frozen=True)
class Region:
    """Memory that several arrays share, by its addresses."""

    low: int
    high: int
    owner: Array | None
    """The array that all of it belongs to, if that is one of them."""


class MemoryReference:
    """Pickles as the bytes between two addresses: one and the same object for all that refer to it."""

    def __init__(self, low: int, high: int) -> None:
        self._bytes = (ctypes.c_ubyte * (high - low)).from_address(low)

    def __reduce__(self) -> tuple[Any, ...]:
        return memory, (pickle.PickleBuffer(self._bytes),)


class ArrayReducer:
    """Takes the arrays of one pickle apart; `regions` is the memory that they are known to share."""

    def __init__(self, regions: Sequence[Region] = ()) -> None:
        self.met: list[Array] = []
        """Arrays that may share memory with others: kept, so that no other gets the same address."""
        self.maps: dict[int, MapReference] = {}
        """Files that arrays are mapped from, by the map's identity."""
        self._strided: dict[int, tuple[pickle.PickleBuffer, Strided]] = {}
        self._regions = sorted(regions, key=lambda region: region.low)
        self._references: dict[int, MemoryReference] = {}
        self._of_pandas: set[int] = set()
        numpy = sys.modules.get("numpy")
        self._kinds = () if numpy is None else (numpy.ndarray, numpy.memmap)

    def strided(self, buffer: pickle.PickleBuffer) -> Strided | None:
        """Return the memory that a buffer stands in for: pickle takes none that isn't contiguous."""
        found = self._strided.get(id(buffer))
        return found[1] if found else None

    def reduce(self, value: Any) -> tuple[Any, ...] | None:
        """Return how to make an array again; None for what is none, or is small and by itself."""
        kind = type(value)
        if kind not in self._kinds:
            if str(kind.__module__).startswith("pandas."):
                self._note_pandas(value, kind)
            return None
        mapped = None if value.base is None else map_under(value)
        if mapped is not None:
            reference = self.maps.setdefault(id(mapped.mmap), mapped)
            return view, (kind, reference, _layout(value, mapped.address))
        if value.dtype.hasobject or not value.nbytes:
            return None
        return self._shared(value) or self._apart(value)

    def _shared(self, array: Array) -> tuple[Any, ...] | None:
        if id(array) in self._of_pandas:
            return None
        self.met.append(array)
        region = self._region(*_span(array))
        if region is None or region.owner is array:
            return None
        reference = self._references.setdefault(region.low, MemoryReference(region.low, region.high))
        base = reference if region.owner is None else region.owner
        return view, (type(array), base, _layout(array, region.low))

    def _apart(self, array: Array) -> tuple[Any, ...] | None:
        if array.nbytes < APART_BYTES:
            return None
        low, high = _span(array)
        if high - low <= array.nbytes:
            return view, (type(array), MemoryReference(low, high), _layout(array, low))
        strided = Strided(array)
        buffer = pickle.PickleBuffer(bytearray(APART_BYTES))
        self._strided[id(buffer)] = buffer, strided
        layout = array.dtype, strided.array.shape, strided.axes, array.flags.writeable
        return side_by_side, (type(array), buffer, layout)

    def _region(self, low: int, high: int) -> Region | None:
        position = bisect_right(self._regions, low, key=lambda region: region.low) - 1
        if position < 0 or self._regions[position].high < high:
            return None
        return self._regions[position]

    def _note_pandas(self, value: Any, kind: type) -> None:
        """Note the memory of a frame or column: pandas copies it once one of two that share it is written to.

        It knows that they do by weak references, which aren't pickled: as views of one memory, both would change.
        """
        parts = [*getattr(value, "__dict__", {}).values(), getattr(value, "_ndarray", None)]
        if hasattr(kind, "mgr_locs"):  # a block of a frame
            parts.append(value.values)
        self._of_pandas |= {id(part) for part in parts if type(part) in self._kinds}


def shared_regions(arrays: Sequence[Array]) -> list[Region]:
    """Return the memory that some of these arrays share."""
    return [_region_of(each) for each in sharing(arrays)]


def sharing(arrays: Sequence[Array]) -> list[list[Array]]:
    """Return those arrays that share memory with another, one list for each memory."""
    if all(array.flags.owndata for array in arrays):
        return []
    import numpy as np  # noqa: PLC0415  # who has arrays has loaded it

    clusters: dict[int, list[Array]] = {}
    active: list[tuple[int, Array]] = []
    comparisons = 0
    different = {id(array): array for array in arrays}.values()
    for low, high, array in sorted(((*_span(each), each) for each in different), key=lambda span: span[:2]):
        clusters[id(array)] = [array]
        active = [(end, other) for end, other in active if end > low]
        for _, other in active:
            mine, others = clusters[id(array)], clusters[id(other)]
            if mine is others:
                continue
            comparisons += 1
            if comparisons > _MOST_COMPARED or _share(np, array, other):
                others += mine
                clusters |= dict.fromkeys(map(id, mine), others)
        active.append((high, array))
    return [each for each in {id(cluster): cluster for cluster in clusters.values()}.values() if len(each) > 1]


def memory(buffer: Any) -> Any:
    """Return memory as it was read."""
    return buffer


def view(kind: type[Array], base: Any, layout: tuple[Any, ...]) -> Array:
    """Return an array in a memory, or in another array.

    Its layout: type of its elements, shape, strides and offset in bytes, and whether it can be written to.
    """
    import numpy as np  # noqa: PLC0415  # a job whose values hold none needn't load it

    dtype, shape, strides, offset, is_writeable = layout
    made = np.ndarray.__new__(kind, shape, dtype, base, offset, strides)
    if isinstance(base, np.memmap) and isinstance(made, np.memmap):
        for name in ("_mmap", "filename", "offset", "mode"):
            setattr(made, name, getattr(base, name))
    return _protected(made, is_writeable=is_writeable)


def side_by_side(kind: type[Array], buffer: Any, layout: tuple[Any, ...]) -> Array:
    """Return an array whose elements were written side by side.

    Its layout: type of its elements, shape, which axis each is of the array's, and whether it can be written to.
    """
    import numpy as np  # noqa: PLC0415  # as above

    dtype, shape, axes, is_writeable = layout
    made: Array = np.ndarray.__new__(kind, shape, dtype, buffer).transpose(np.argsort(axes))
    return _protected(made, is_writeable=is_writeable)


def _protected(array: Array, *, is_writeable: bool) -> Array:
    if not is_writeable:
        array.flags.writeable = False
    return array


def _share(numpy: Any, left: Array, right: Array) -> bool:
    try:
        return bool(numpy.shares_memory(left, right, max_work=10_000))
    except RuntimeError:  # too hard to tell; as one memory they are right too
        return True


def _region_of(arrays: Sequence[Array]) -> Region:
    spans = [_span(array) for array in arrays]
    low, high = min(low for low, _ in spans), max(high for _, high in spans)
    owners = (
        array
        for array, span in zip(arrays, spans, strict=True)
        if array.flags.owndata and array.flags.forc and span == (low, high)
    )
    return Region(low, high, next(owners, None))


def _span(array: Array) -> tuple[int, int]:
    """Return the addresses of an array's first byte and of the one behind its last."""
    low = high = array.__array_interface__["data"][0]
    for count, stride in zip(array.shape, array.strides, strict=True):
        if stride < 0:
            low += (count - 1) * stride
        else:
            high += (count - 1) * stride
    return low, high + array.itemsize


def _layout(array: Array, low: int) -> tuple[Any, ...]:
    offset = array.__array_interface__["data"][0] - low
    return array.dtype, array.shape, array.strides, offset, array.flags.writeable


_SMAPS = Path("/proc/self/smaps")
_MODES = {"w+": "r+"}  # w+ would empty the file again


@dataclass(frozen=True)
class MapReference:
    """Pickles as the map of a file: one and the same for all arrays in it."""

    path: str
    mode: str
    start: int
    """Where in the file it begins."""
    mmap: mmap.mmap = field(repr=False, compare=False)
    address: int = field(repr=False, compare=False)
    """Where in memory it begins."""

    def __reduce__(self) -> tuple[Any, ...]:
        return mapped, (self.path, self.mode, self.start, len(self.mmap))


def map_under(array: np.ndarray[Any, Any]) -> MapReference | None:
    """Return the map that an array lies in.

    None if there is none, its file has no name any more, or the map holds changes of its own (mode `c`): such memory
    is pickled as any other.
    """
    import numpy as np  # noqa: PLC0415  # who has an array has loaded it

    root: Any = array
    while type(root) is np.ndarray:
        root = root.base
    held: mmap.mmap | None = getattr(root, "_mmap", None)
    if not isinstance(root, np.memmap) or held is None or root.filename is None:
        return None
    path = os.fspath(root.filename)
    address: int = np.frombuffer(held, np.uint8).__array_interface__["data"][0]
    if not Path(path).exists() or (root.mode == "c" and _has_changes(address, len(held))):
        return None
    start = root.offset - root.offset % mmap.ALLOCATIONGRANULARITY
    return MapReference(path, _MODES.get(root.mode, root.mode), start, held, address)


def mapped(path: str, mode: Any, start: int, length: int) -> np.memmap[Any, Any]:
    """Map a file as it was mapped where it was captured; raises ContextException if it is gone or shorter."""
    import numpy as np  # noqa: PLC0415  # a job whose values hold none needn't load it

    try:
        if Path(path).stat().st_size < start + length:
            raise ContextException(f"{path}, which the cell has mapped into memory, is shorter than it was")
        return np.memmap(path, np.uint8, mode, offset=start, shape=(length,))
    except OSError as error:
        what = f"{path}, which the cell has mapped into memory, can't be opened here: {error.strerror}"
        raise ContextException(f"{what}; make its file again, or read it inside the cell") from error


def _has_changes(address: int, length: int) -> bool:
    """Whether pages of a private map were written to; true where the system doesn't tell."""
    if sys.platform != "linux":
        return True
    sizes = _private_sizes(_SMAPS.read_text(encoding="ascii", errors="replace"))
    return any(dirty and low < address + length and address < high for low, high, dirty in sizes)


def _private_sizes(smaps: str) -> Iterator[tuple[int, int, int]]:
    """Iterate over the mappings of a process: its addresses, and the kB of it that are not as in its file."""
    low = high = 0
    for line in smaps.splitlines():
        name, *words = line.split()
        if name == "Anonymous:":
            yield low, high, int(words[0])
        elif not name.endswith(":"):
            low, high = (int(each, 16) for each in name.split("-"))
