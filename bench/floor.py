"""The physical reference: the least that a log which survives a kill can cost to write and to read.

Written: json.dumps of the event, a crc32, one os.write of the line to an O_APPEND file. Read: seek to where one was,
check and parse the whole lines from there.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Iterable
from pathlib import Path

EVENTS = "events.jsonl"


class FloorLogger:
    """Writes events to one file of a folder."""

    def __init__(self, folder: Path) -> None:
        self._fd = os.open(folder / EVENTS, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._sequence = 0

    def log(self, name: str, value: float) -> None:
        """Write one value."""
        self._write({"n": name, "v": value})

    def log_row(self, name: str, **columns: float) -> None:
        """Write a value for each column."""
        self._write({"n": name, "c": columns})

    def log_list(self, name: str, value: Iterable[float]) -> None:
        """Write a list of values."""
        self._write({"n": name, "v": value})

    def complete(self) -> None:
        """Close the file."""
        os.close(self._fd)

    def _write(self, event: dict[str, object]) -> None:
        body = json.dumps({"w": "w0", "s": self._sequence, "t": time.time(), **event}).encode()
        os.write(self._fd, b"%08x %s\n" % (zlib.crc32(body), body))
        self._sequence += 1


class FloorReader:
    """Reads what FloorLogger wrote, from a byte offset on."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / EVENTS
        self._offset = 0
        self.points: list[tuple[int, float]] = []

    def read(self) -> int:
        """Read what is new; return how many points are known."""
        with self._path.open("rb") as file:
            file.seek(self._offset)
            while block := file.read(1 << 20):
                whole = block.rfind(b"\n") + 1
                file.seek(whole - len(block), os.SEEK_CUR)
                self._offset += whole
                for line in block[:whole].splitlines():
                    if int(line[:8], 16) == zlib.crc32(line[9:]):
                        event = json.loads(line[9:])
                        self.points.append((event["s"], event["v"]))
        return len(self.points)
