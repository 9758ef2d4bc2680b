"""A run's log: raw bytes by offset, and what of them can be printed by now."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import NamedTuple

LONGEST_WAIT_CHARS = 65_536
"""A line that long is printed before its end has come."""


class LogPart(NamedTuple):
    """A piece of a log: raw bytes, and where in the file they begin."""

    offset: int
    data: bytes


class LogReader:
    """Reads a growing log file by byte offsets. A file that isn't there yet is empty."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def size(self) -> int:
        """The log's size now, in bytes."""
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0

    def read(self, offset: int, most_bytes: int) -> bytes:
        """Return the bytes from an offset on, so many at most; b"" at the end."""
        try:
            with self._path.open("rb") as file:
                file.seek(offset)
                return file.read(most_bytes)
        except FileNotFoundError:
            return b""

    def tail(self, most_bytes: int) -> LogPart:
        """Return the end of the log, however long it is; whole lines unless one line is longer than that."""
        start = max(0, self.size - most_bytes)
        data = self.read(start, most_bytes)
        cut = data.find(b"\n") + 1 if start else 0
        return LogPart(start + cut, data[cut:])


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
        cut = len(text) if final or len(text) > LONGEST_WAIT_CHARS else _last_stop(text)
        self._waiting = text[cut:]
        return text[:cut]

    def release(self) -> str:
        """Return the unfinished line as it stands, for one that has waited long enough; its rest comes with `feed`."""
        text, self._waiting = self._waiting, ""
        return text


def _last_stop(text: str) -> int:
    """Return where the last whole line, or the last whole state of a bar, ends."""
    newline = text.rfind("\n") + 1
    # A bar is written as "\r 10%" (tqdm) or as "10%\r": in both a state is whole once the next \r is there.
    return max(newline, text.rfind("\r"))
