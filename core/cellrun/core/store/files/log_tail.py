"""A run's log: raw bytes by offset, and what of them can be printed by now."""

from __future__ import annotations

import codecs
import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from cellrun.core.disk.control_file import folder_beneath, open_file
from cellrun.core.front_end import unfinished
from cellrun.core.layout import RunLayout

_NO_LOG = frozenset({errno.ENOENT, errno.ELOOP, errno.ENOTDIR, errno.ENXIO})
LONGEST_WAIT_CHARS = 65_536
"""A line that long is printed before its end has come."""


class LogBytes(NamedTuple):
    """A piece of a log: raw bytes, and where in the file they begin."""

    offset: int
    data: bytes


class LogReader:
    """Reads a growing log by byte offsets: a file, or several, each of which is whole before the next one begins.

    A file that isn't there yet is empty. A link in its place, or in that of its folder, is none: the job may have made
    it.
    """

    def __init__(self, *paths: Path) -> None:
        self._paths = paths

    @classmethod
    def of_run(cls, layout: RunLayout, rank: int = 0) -> LogReader:
        """Read what is shown as a run's log: how things were made ready for it, then what it prints.

        Of a rank above 0 of a distributed run: what that one's process prints.
        """
        return cls(layout.rank_log(rank)) if rank else cls(layout.preparation_log, layout.log)

    @property
    def size(self) -> int:
        """The log's size now, in bytes."""
        return sum(map(_size, self._paths))

    def read(self, offset: int, most_bytes: int) -> bytes:
        """Return the bytes from an offset on, so many at most; b"" at the end."""
        found = b""
        for number, path in enumerate(self._paths, start=1):
            size = _size(path) if number < len(self._paths) else offset + most_bytes
            if offset < size and len(found) < most_bytes:
                with _opened(path) as file:
                    if file is not None:
                        file.seek(offset)
                        found += file.read(most_bytes - len(found))
            offset = max(0, offset - size)
        return found

    def tail(self, most_bytes: int) -> LogBytes:
        """Return the end of the log, however long it is; whole lines unless one line is longer than that."""
        start = max(0, self.size - most_bytes)
        data = self.read(start, most_bytes)
        cut = data.find(b"\n") + 1 if start else 0
        return LogBytes(start + cut, data[cut:])


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO | None]:
    folder = path.parent
    try:
        with folder_beneath(folder.parent, [folder.name]) as parent:
            fd = open_file(path.name, parent)
    except OSError as error:
        if error.errno not in _NO_LOG:
            raise
        yield None
        return
    with os.fdopen(fd, "rb") as file:
        yield file if stat.S_ISREG(os.fstat(fd).st_mode) else None


def _size(path: Path) -> int:
    with _opened(path) as file:
        return os.fstat(file.fileno()).st_size if file else 0


class LogDecoder:
    """Bytes to text piece by piece: UTF-8, U+FFFD for what isn't, a character cut in two waits for its rest."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def decode(self, data: bytes, *, final: bool = False) -> str:
        """Return the text that is complete by now; with `final`, what is left over too."""
        return self._decoder.decode(data, final)


class LinePrinter:
    r"""Cuts a growing log where a terminal can be left: after a newline, or between two states of a `\r` bar.

    So no line is printed in halves between those of somebody else, and a bar that lives on one line stays on one.
    """

    def __init__(self) -> None:
        self._decoder = LogDecoder()
        self._waiting = ""

    def feed(self, data: bytes, *, final: bool = False) -> str:
        """Return the text to print now; with `final`, the unfinished line too."""
        text = self._waiting + self._decoder.decode(data, final=final)
        cut = len(text) if final else unfinished(text) if len(text) > LONGEST_WAIT_CHARS else _last_stop(text)
        self._waiting = text[cut:]
        return text[:cut]

    def release(self) -> str:
        """Return the unfinished line as it stands, for one that has waited long enough; its rest comes with `feed`.

        A colour whose end hasn't come yet waits on.
        """
        cut = unfinished(self._waiting)
        text, self._waiting = self._waiting[:cut], self._waiting[cut:]
        return text


def _last_stop(text: str) -> int:
    """Return where the last whole line, or the last whole state of a bar, ends."""
    newline = text.rfind("\n") + 1
    # A bar is written as "\r 10%" (tqdm) or as "10%\r": in both a state is whole once the next \r is there.
    return max(newline, text.rfind("\r"))
