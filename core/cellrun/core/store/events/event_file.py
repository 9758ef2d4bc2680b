"""One writer's file of events: whole lines, in order, each by one unbuffered `write()`."""

from __future__ import annotations

import json
import os
import weakref
from time import time
from typing import Any

from cellrun.core.disk.control_file import folder_beneath
from cellrun.core.identity import ProcessIdentity
from cellrun.core.layout import RunLayout
from cellrun.core.store.events.event_line import VERSION, seal

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC


class EventFile:
    """A new file in a run's `events` folder, named as its writer, for as long as that process has it open.

    Whoever appends holds a lock. What `append` returned from is in the kernel's hands: no kill of this process takes
    it back. `fsync` comes with `close` alone.
    """

    def __init__(self, layout: RunLayout, attempt: int, rank: int | None) -> None:
        self.writer = os.urandom(4).hex()
        self.size_bytes = 0
        self.last_at = 0.0
        """The time of the last line, epoch seconds. Within a writer it never runs back, whatever the clock does."""
        self._seq = 0
        self._torn = False
        self._head = f'{{"w":"{self.writer}","s":'
        layout.events.mkdir(exist_ok=True)
        self._path = layout.events / f"{self.writer}.jsonl"
        with folder_beneath(layout.folder, [layout.events.name]) as folder:  # of somebody else's run it may be a link
            self._fd = os.open(self._path.name, _NEW, 0o644, dir_fd=folder)
        identity: dict[str, Any] = ProcessIdentity.current().to_json()
        about = {"k": "writer", "id": identity, "attempt": attempt, "rank": rank, "version": VERSION}
        # Closed with the object, but not by the interpreter's end: the log brings it to the disk there itself.
        self._closing = weakref.finalize(self, os.close, self._fd)
        self._closing.atexit = False
        try:
            self.append(json.dumps(about, separators=(",", ":"))[1:-1])
        except OSError:  # a full disk: each further try would leave a file without a beginning
            self._path.unlink(missing_ok=True)
            raise

    def append(self, text: str) -> None:
        """Write one line: its checksum, writer, number, time, and the text of the event's own keys."""
        now = time()
        if now > self.last_at:  # noqa: PLR1730  # max() costs as much as formatting the line
            self.last_at = now
        seq = self._seq
        self._seq = seq + 1  # a line that fails leaves a gap, never a number twice
        if self._torn:
            self._mend()
        body = f'{self._head}{seq},"t":{self.last_at!r},{text}}}'.encode("ascii")
        line = seal(body)
        written = os.write(self._fd, line)
        if written != len(line):
            self._write_rest(line, written)
        self.size_bytes += len(line)

    def close(self) -> None:
        """Bring all lines to the disk and end the file."""
        os.fsync(self._fd)
        self.abandon()

    def abandon(self) -> None:
        """Let go of the file: in a forked child it is its parent's."""
        self._closing()

    def discard(self) -> None:
        """Take the file away: nothing was logged into it."""
        self.abandon()
        self._path.unlink(missing_ok=True)

    def _write_rest(self, line: bytes, written: int) -> None:
        """Go on after a short write (a full disk, a quota); if that fails, remember that the line is torn."""
        try:
            while written < len(line):
                written += os.write(self._fd, line[written:])
        except OSError:
            self._torn = True
            self.size_bytes += written
            raise

    def _mend(self) -> None:
        """End a torn line, so that it costs itself alone; one that lacked its end alone must not be whole by that."""
        left = b"!\n"
        while left:
            written = os.write(self._fd, left)
            self.size_bytes += written
            left = left[written:]
        self._torn = False
