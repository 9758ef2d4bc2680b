"""The workspace's values: files named by the hash of their content, so that what is there isn't written again."""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from cellrun.core.context.manifest import Blob
from cellrun.core.errors import ContextException

_Bytes: TypeAlias = bytes | bytearray | memoryview
_LARGE_BYTES = 8 << 20
_CHUNK_BYTES = 64 << 20
_SAMPLE_BYTES = 4096
_SAMPLES = 64


class ValueStore:
    """The folder of values."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: _Bytes) -> Blob:
        """Keep some bytes, without a copy in memory, and return what finds them again.

        Large ones are hashed while they are written; before, if a sample says that they are likely there already.
        """
        view = memoryview(data).cast("B")
        if view.nbytes < _LARGE_BYTES:
            return self._keep(view, lambda: _hash(view))
        sample = self._folder / "samples" / _sample(view)
        if sample.exists():
            return self._keep(view, lambda: _hash(view, on_all_cores=True))
        blob = self._write_and_hash(view)
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

    def path(self, blob: Blob) -> Path:
        """Return where some bytes are kept."""
        return self._path(blob.hash)

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest

    def _keep(self, view: memoryview, hashed: Callable[[], str]) -> Blob:
        blob = Blob(hashed(), view.nbytes)
        path = self.path(blob)
        if not (path.exists() and path.stat().st_size == blob.bytes):
            self._write(view, lambda: blob.hash)
        return blob

    def _write_and_hash(self, view: memoryview) -> Blob:
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # a job, which only reads, needn't load it

        with ThreadPoolExecutor(1) as beside:
            digest = beside.submit(_hash, view)
            self._write(view, digest.result)
        return Blob(digest.result(), view.nbytes)

    def _write(self, view: memoryview, digest: Callable[[], str]) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self._folder / f".new-{os.getpid()}-{os.urandom(4).hex()}"
        try:
            with fresh.open("xb", buffering=0) as file:
                while view:
                    view = view[file.write(view[:_CHUNK_BYTES]) :]
            path = self._path(digest())
            path.parent.mkdir(mode=0o700, exist_ok=True)
            fresh.replace(path)
        except BaseException:  # Ctrl-C as well: nothing is left behind
            fresh.unlink(missing_ok=True)
            raise


def _hash(view: memoryview, *, on_all_cores: bool = False) -> str:
    from blake3 import blake3  # noqa: PLC0415  # a job, which only reads, needn't load it

    return blake3(view, max_threads=blake3.AUTO if on_all_cores else 1).hexdigest()


def _sample(view: memoryview) -> str:
    """Return a name for bytes of this size that agree in some places."""
    from blake3 import blake3  # noqa: PLC0415  # as above

    sampled = blake3(str(view.nbytes).encode())
    for number in range(_SAMPLES):
        start = number * (view.nbytes - _SAMPLE_BYTES) // (_SAMPLES - 1)
        sampled.update(view[start : start + _SAMPLE_BYTES])
    return sampled.hexdigest()
