"""Memory of values, as it goes into the value store: piece by piece, large memory never as a whole copy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np

PIECE_BYTES = 8 << 20


class Strided:
    """A NumPy array whose elements don't lie side by side, as the bytes that they would be then.

    Its axes are taken in the order of their strides, the longest first: memory is read as it lies.
    """

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.axes = tuple(sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis])))
        self.array = array.transpose(self.axes)
        self.nbytes = array.nbytes

    def __getitem__(self, part: slice) -> bytes:
        """Return a part of the bytes."""
        size = self.array.itemsize
        first, end = part.start // size, -(-part.stop // size)
        elements: np.ndarray[Any, Any] = self.array.flat[first:end]
        return elements.tobytes()[part.start - first * size : part.stop - first * size]


Memory: TypeAlias = bytes | bytearray | memoryview | Strided


def size_of(memory: Memory) -> int:
    """Return the number of bytes."""
    return memory.nbytes if isinstance(memory, (memoryview, Strided)) else len(memory)


def bytes_of(memory: Memory) -> memoryview:
    """Return all bytes at once, without a copy if they lie side by side."""
    if isinstance(memory, Strided):
        return memoryview(b"".join(pieces_of(memory)))
    return memoryview(memory).cast("B")


def pieces_of(memory: Memory) -> Iterator[memoryview]:
    """Iterate over the bytes; each piece is a copy, so that it stays as it is while it is used."""
    if isinstance(memory, Strided):
        yield from _pieces(memory.array)
        return
    view = bytes_of(memory)
    for start in range(0, view.nbytes, PIECE_BYTES):
        yield memoryview(bytes(view[start : start + PIECE_BYTES]))


def _pieces(array: np.ndarray[Any, Any]) -> Iterator[memoryview]:
    row_bytes = array.nbytes // len(array)
    if row_bytes > PIECE_BYTES and array.ndim > 1:
        for row in array:
            yield from _pieces(row)
        return
    step = max(1, PIECE_BYTES // row_bytes)
    for start in range(0, len(array), step):
        yield memoryview(array[start : start + step].tobytes())
