"""The workspace's values: files named by the hash of their content, so that what is there isn't written again."""

from __future__ import annotations

import hashlib
import mmap
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from cellrun.core.context.manifest import Blob
from cellrun.core.context.pickles.memory import Memory, Strided, bytes_of, pieces_of, size_of
from cellrun.core.errors import ContextException

_LARGE_BYTES = 8 << 20
_SAMPLE_BYTES = 4096
_SAMPLES = 64
_SHA256 = "sha256-"

Wrote = Callable[[int], object]
"""Is told the bytes that are done, as they are."""


class Hasher(Protocol):
    """What makes a hash of bytes."""

    def update(self, data: memoryview, /) -> object:
        """Go on with more bytes."""

    def hexdigest(self) -> str:
        """Return the hash of all of them."""


class ValueStore:
    """The folder of values."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written: list[Blob] = []
        """What this object has put there that wasn't there before."""

    def put(self, memory: Memory, wrote: Wrote = lambda _: None) -> Blob:
        """Keep some bytes, without a whole copy in memory, and return what finds them again.

        Large ones are hashed while they are written; before, if a sample says that they are likely there already.
        """
        if size_of(memory) < _LARGE_BYTES:
            data = memoryview(bytes(bytes_of(memory)))
            blob = blob_of(data)
            if not self._has(blob):
                self._new(lambda path: _write(data, blob, path))
            wrote(blob.bytes)
            return blob
        sample = self.folder / "samples" / _sample(memory)
        if sample.exists() and self._has(known := blob_of(memory)):
            wrote(known.bytes)
            return known
        blob = self._new(lambda path: _write_and_hash(memory, path, wrote))
        sample.parent.mkdir(mode=0o700, exist_ok=True)
        sample.touch(mode=0o600)
        return blob

    def open(self, blob: Blob) -> memoryview:
        """Return the bytes, writable: a private mapping of the file, read as it is used and never written back.

        Raises ContextException if they are gone or cut.
        """
        path = self.path(blob)
        try:
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size != blob.bytes:
                    raise ContextException(f"{path} has {size} bytes, {blob.bytes} were written: it can't be used")
                if not size:  # nothing can't be mapped
                    return memoryview(bytearray())
                return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
        except FileNotFoundError as error:
            raise ContextException(f"a captured value is gone: {path}") from error

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
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self.folder / f".new-{os.getpid()}-{os.urandom(4).hex()}"
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


def blob_of(memory: Memory) -> Blob:
    """Return what finds some bytes in a store, without keeping them."""
    size = size_of(memory)
    name, hasher = _hasher(on_all_cores=size >= _LARGE_BYTES)
    for piece in pieces_of(memory) if isinstance(memory, Strided) else (bytes_of(memory),):
        hasher.update(piece)
    return Blob(name + hasher.hexdigest(), size)


def digest_as(digest: str, view: memoryview) -> str:
    """Return the hash of some bytes, of the kind that another hash is."""
    if digest.startswith(_SHA256):
        return _SHA256 + hashlib.sha256(view).hexdigest()
    return blob_of(view).hash


def _hasher(*, on_all_cores: bool = False) -> tuple[str, Hasher]:
    """Return what a hash's name begins with, and what makes it."""
    try:
        from blake3 import blake3  # noqa: PLC0415  # a job, which mostly reads, needn't load it
    except ImportError:  # a job in an environment that knows nothing of cellrun keeps its results
        return _SHA256, hashlib.sha256()
    return "", blake3(max_threads=blake3.AUTO if on_all_cores else 1)


def _write(data: memoryview, blob: Blob, path: Path) -> Blob:
    path.write_bytes(data)
    return blob


def _write_and_hash(memory: Memory, path: Path, wrote: Wrote) -> Blob:
    """Write a file and hash just what was written: both piece by piece, beside each other."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # a job, which mostly reads, needn't load it

    name, hasher = _hasher()
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
