"""Files that a run's events name, such as images: they go home with the events, not at the run's end."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress

from cellrun.core.mirror.remote_files import RemoteFiles

_NAMES_FILE = (b'"k":"image"', b'"k":"page"', b'"k":"file"')
_BLOCK_BYTES = 1 << 20


class NamedFiles:
    """Finds them in lines of event logs; by their paths below the run's folder."""

    def __init__(self, files: RemoteFiles) -> None:
        self._files = files

    def in_lines(self, lines: bytes) -> list[str]:
        """Return what whole lines name."""
        if not any(word in lines for word in _NAMES_FILE):
            return []
        found = (self._in_line(line) for line in lines.split(b"\n") if any(word in line for word in _NAMES_FILE))
        return [path for path in found if path]

    def in_log(self, log: str, size_bytes: int) -> Iterator[list[str]]:
        """Iterate over what an event log names in so many bytes and the line that these end in, by the MB."""
        offset = 0
        while offset < size_bytes and (block := self._block(log, offset)):
            lines = block[: block.rfind(b"\n") + 1] or block
            yield self.in_lines(lines)
            offset += len(lines)

    def _block(self, log: str, offset: int) -> bytes:
        fd = self._files.open(log)
        if fd is None:
            return b""
        try:
            return os.pread(fd, _BLOCK_BYTES, offset)
        finally:
            os.close(fd)

    def _in_line(self, line: bytes) -> str | None:
        with suppress(ValueError, AttributeError, RecursionError):
            event = json.loads(line[9:])
            name = event.get("f") if event.get("k") != "file" else event.get("n")
            return self._files.path_of_artifact(name) if isinstance(name, str) else None
        return None
