"""Files of a run as one zip archive, made while it is sent: however large they are, a chunk is in memory."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterator

from cellrun.core.errors import NotOfferedError
from cellrun.core.store.files.run_files import FileEntry, OfferedFiles

_CHUNK_BYTES = 1 << 18
_FIRST_YEAR = 1980  # a zip archive knows no time before
_LAST_YEAR = 2107
_LEVEL = 1  # text becomes a third of its size; more costs time and gains little


def zip_stream(files: OfferedFiles) -> Iterator[bytes]:
    """Iterate over the bytes of an archive of all files that are offered.

    A file that goes meanwhile is left out; one that grows ends where it ended when its turn came.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for entry in files.listing().files:
            for _ in _add(archive, files, entry):
                yield from sink.taken()
    yield from sink.taken()


def _add(archive: zipfile.ZipFile, files: OfferedFiles, entry: FileEntry) -> Iterator[None]:
    """Write a file into the archive, a chunk at a time."""
    try:
        opened = files.open(entry.name)
    except (FileNotFoundError, NotOfferedError):
        return
    with opened.file:
        about = zipfile.ZipInfo(entry.name, _date(opened.modified_at))
        about.compress_type = zipfile.ZIP_DEFLATED
        about.external_attr = 0o100644 << 16  # a plain file, of which nothing is to be executed
        left = opened.size_bytes
        with archive.open(about, "w", force_zip64=True) as target:
            while left and (chunk := opened.file.read(min(left, _CHUNK_BYTES))):
                target.write(chunk)
                left -= len(chunk)
                yield
    yield


def _date(at: float) -> tuple[int, int, int, int, int, int]:
    local = time.localtime(max(at, 0))
    year = min(max(local.tm_year, _FIRST_YEAR), _LAST_YEAR)
    return (year, local.tm_mon, local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec)


class _Sink:
    """A file that can only be written to, and hands on what was."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._chunks.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Do nothing: nothing is held back."""

    def close(self) -> None:
        """Do nothing: what was written is still to be taken."""

    def taken(self) -> Iterator[bytes]:
        """Return what was written since, as one piece."""
        whole = b"".join(self._chunks)
        self._chunks.clear()
        if whole:
            yield whole
