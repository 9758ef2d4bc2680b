"""The workspace's values: files named by the hash of their content, so that what is there isn't written again."""

from __future__ import annotations

import hashlib
import mmap
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from cellrun.core.context.manifest import Blob
from cellrun.core.digest import Hasher
from cellrun.core.disk.whole_files import draft_name, make_private_folder
from cellrun.core.errors import ContextException

if TYPE_CHECKING:
    import numpy as np


_LARGE_BYTES = 8 << 20
_SAMPLE_BYTES = 4096
_SAMPLES = 64
_PIECE_BYTES = 1 << 20
_PLAIN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
SHA256 = "sha256-"
"""How a hash begins that any Python can make."""

Wrote = Callable[[int], object]
"""Is told the bytes that are done, as they are."""


class ValueStore:
    """The folder of values."""

    def __init__(self, folder: Path, *, pickles_like: str = "") -> None:
        """`pickles_like`: the kind of hash that pickles get, `SHA256` for what a Python without our packages checks."""
        self.folder = folder
        self._pickles_like = pickles_like
        self.written: list[Blob] = []
        """What this object has put there that wasn't there before."""

    def put_pickle(self, payload: Memory, wrote: Wrote = lambda _: None) -> Blob:
        """Keep what runs code when it is loaded, as `put` does."""
        return self.put(payload, wrote, like=self._pickles_like)

    def put(self, memory: Memory, wrote: Wrote = lambda _: None, *, like: str = "") -> Blob:
        """Keep some bytes, without a whole copy in memory, and return what finds them again.

        Large ones are hashed while they are written; before, if a sample says that they are likely there already.
        """
        if size_of(memory) < _LARGE_BYTES:
            data = memoryview(bytes(bytes_of(memory)))
            blob = blob_of(data, like)
            if not self._has(blob):
                self._new(lambda path: _write(data, blob, path))
            wrote(blob.bytes)
            return blob
        sample = self.folder / "samples" / _sample(memory)
        if sample.exists() and self._has(known := blob_of(memory, like)):
            wrote(known.bytes)
            return known
        blob = self._new(lambda path: _write_and_hash(memory, path, wrote, like))
        sample.parent.mkdir(mode=0o700, exist_ok=True)
        sample.touch(mode=0o600)
        return blob

    def open(self, blob: Blob) -> memoryview:
        """Return the bytes, writable: a private mapping of the file, read as it is used and never written back.

        Raises ContextException if they are gone or cut.
        """
        path = self.path(blob)
        try:
            with open(os.open(path, _PLAIN), "rb") as file:  # noqa: PTH123  # a file that is open
                found = os.fstat(file.fileno())
                size = found.st_size
                if size != blob.bytes or not stat.S_ISREG(found.st_mode):
                    raise ContextException(f"{path} has {size} bytes, {blob.bytes} were written: it can't be used")
                if not size:  # nothing can't be mapped
                    return memoryview(bytearray())
                return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
        except FileNotFoundError as error:
            raise ContextException(f"a captured value is gone: {path}") from error
        except OSError as error:  # a link, a socket
            raise ContextException(f"{path} can't be used: {error.strerror}") from error

    def read(self, blob: Blob) -> memoryview:
        """Return the bytes to load a pickle from. Raises ContextException as `open` does."""
        return self.open(blob)

    def path(self, blob: Blob) -> Path:
        """Return where some bytes are kept."""
        return self.folder / blob.hash[:2] / blob.hash

    def _has(self, blob: Blob) -> bool:
        path = self.path(blob)
        return path.exists() and path.stat().st_size == blob.bytes

    def _new(self, write: Callable[[Path], Blob]) -> Blob:
        make_private_folder(self.folder)
        fresh = self.folder / draft_name()
        try:
            blob = write(fresh)
            path = self.path(blob)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            if not self._has(blob):
                self.written.append(blob)
            fresh.replace(path)
        except BaseException:  # Ctrl-C as well: nothing is left behind
            fresh.unlink(missing_ok=True)
            raise
        return blob


class HashingStore:
    """Tells what bytes would be found by if they were kept; nothing is written."""

    def __init__(self, *, pickles_like: str = "") -> None:
        self._pickles_like = pickles_like

    def put(self, memory: Memory, wrote: Wrote = lambda _: None, *, like: str = "") -> Blob:
        """Return what would find some bytes again."""
        blob = blob_of(memory, like)
        wrote(blob.bytes)
        return blob

    def put_pickle(self, payload: Memory, wrote: Wrote = lambda _: None) -> Blob:
        """Return what would find a pickle again."""
        return self.put(payload, wrote, like=self._pickles_like)


class CheckedStore(ValueStore):
    """A value store that hands out a pickle only if its content has the hash by which it is named.

    Plain memory, which may be large and runs nothing, is known by its size.
    """

    def read(self, blob: Blob) -> memoryview:
        """Return a copy of the bytes: nobody can change it between the look at its hash and its loading."""
        view = memoryview(bytearray(super().open(blob)))
        self._check(blob, view)
        return view

    def _check(self, blob: Blob, view: memoryview) -> None:
        if digest_as(blob.hash, view) not in {blob.hash, None}:
            raise ContextException(f"{self.path(blob)} was changed since it was written: it can't be used")


def blob_of(memory: Memory, like: str = "") -> Blob:
    """Return what finds some bytes in a store, by the kind of hash that `like` is, without keeping them."""
    size = size_of(memory)
    name, hasher = _hasher(like, on_all_cores=size >= _LARGE_BYTES)
    for piece in pieces_of(memory) if isinstance(memory, Strided) else (bytes_of(memory),):
        hasher.update(piece)
    return Blob(name + hasher.hexdigest(), size)


def digest_as(digest: str, view: memoryview) -> str | None:
    """Return the hash of some bytes, of the kind that another hash is; None where this Python can't make such."""
    name, hasher = _hasher(digest, on_all_cores=len(view) >= _LARGE_BYTES)
    hasher.update(view)
    return name + hasher.hexdigest() if name == _kind(digest) else None


def hash_of(path: Path, like: str = "") -> str | None:
    """Return the hash of a file's content, of the kind that another hash is; None where this Python can't make such."""
    name, hasher = _hasher(like)
    if name != _kind(like):
        return None
    with path.open("rb", buffering=0) as file:
        while piece := file.read(_PIECE_BYTES):
            hasher.update(memoryview(piece))
    return name + hasher.hexdigest()


def _kind(digest: str) -> str:
    return SHA256 if digest.startswith(SHA256) else ""


def _hasher(like: str = "", *, on_all_cores: bool = False) -> tuple[str, Hasher]:
    """Return what a hash's name begins with, and what makes it."""
    if _kind(like):
        return SHA256, hashlib.sha256()
    try:
        from blake3 import blake3  # noqa: PLC0415  # a job, which mostly reads, needn't load it
    except ImportError:  # a job in an environment that knows nothing of cellrun keeps its results
        return SHA256, hashlib.sha256()
    return "", blake3(max_threads=blake3.AUTO if on_all_cores else 1)


def _write(data: memoryview, blob: Blob, path: Path) -> Blob:
    path.write_bytes(data)
    return blob


def _write_and_hash(memory: Memory, path: Path, wrote: Wrote, like: str) -> Blob:
    """Write a file and hash just what was written: both piece by piece, beside each other."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # a job, which mostly reads, needn't load it

    name, hasher = _hasher(like)
    with path.open("xb", buffering=0) as file, ThreadPoolExecutor(1) as beside:
        for piece in pieces_of(memory):
            hashing = beside.submit(hasher.update, piece)
            left = piece
            while left:
                left = left[file.write(left) :]
            hashing.result()
            wrote(piece.nbytes)
    return Blob(name + hasher.hexdigest(), size_of(memory))


def _sample(memory: Memory) -> str:
    """Return a name for bytes of this size that agree in some places."""
    size = size_of(memory)
    sampled = hashlib.blake2b(str(size).encode(), digest_size=32)
    view = memory if isinstance(memory, Strided) else bytes_of(memory)
    for number in range(_SAMPLES):
        start = number * (size - _SAMPLE_BYTES) // (_SAMPLES - 1)
        sampled.update(view[start : start + _SAMPLE_BYTES])
    return sampled.hexdigest()


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
