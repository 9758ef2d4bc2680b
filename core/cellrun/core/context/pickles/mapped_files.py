"""Arrays that are files mapped into memory (`numpy.memmap`): they travel as the file's path."""

from __future__ import annotations

import mmap
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellrun.core.errors import ContextException

if TYPE_CHECKING:
    import numpy as np

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
    travels as any other.
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
