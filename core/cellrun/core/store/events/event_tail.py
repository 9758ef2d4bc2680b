"""Reads on in one writer's event file: its new whole lines, and damage."""

from __future__ import annotations

import errno
import os
from bisect import bisect_right
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from zlib import crc32

from cellrun.core.disk.control_file import open_control_file
from cellrun.core.resources import limits
from cellrun.core.store.events.event_line import open_line
from cellrun.core.store.events.event_shape import are_kept_values, is_kept_event
from cellrun.core.store.json_reading import check_brackets, loads, read_json

Event = dict[str, Any]
"""One event as its line holds it (`EventLog` writes them); `event_line.decode_value` gives a value its type."""

LONGEST_LINE_BYTES = 1 << 26
"""No record is that long, unless the limit of a call's values was raised: without a newline so far, the file holds
something else."""
_VALUE_BYTES = 32

_time_of = itemgetter("t")


class Damage(NamedTuple):
    """A record that can't be read; it costs itself alone."""

    file: Path
    byte: int
    """Where in the file it begins."""
    problem: str

    def __str__(self) -> str:
        return f"1 damaged record at byte {self.byte} of {self.file.name}: {self.problem}"


class EventTail:
    """Reads on in one file. `offset` is where the events begin that `take` hasn't returned yet."""

    def __init__(self, path: Path, offset: int = 0) -> None:
        self.path = path
        self.offset = offset
        self.has_more = False
        """Whether the file went on after what `fill` has read."""
        self.damage: list[Damage] = []
        self._read_to = offset
        self._skip_to = 0
        self._events: list[Event] = []
        self._sizes: list[int] = []  # of each event, with what stands unread before it

    @property
    def last_at(self) -> float:
        """The time of the last event read; there is one if `fill` said so."""
        return float(self._events[-1]["t"])

    def fill(self, most_bytes: int) -> bool:
        """Read the next whole lines, unless some wait to be taken; whether any event waits now."""
        while not self._events:
            with os.fdopen(open_control_file(self.path.parents[1], self.path), "rb") as file:
                file.seek(self._read_to)
                block = self._read_lines(file, most_bytes)
            if not block:
                break
            self._parse(block)
            self._read_to = max(self._read_to, self._skip_to)
        if not self._events and not self._skip_to:  # damage alone, which was told: nobody needs to meet it again
            self.offset = self._read_to  # but for a hole of any size: who kept an offset behind it would hash it all
        return bool(self._events)

    def take(self, until: float) -> list[Event]:
        """Return the events that wait, up to and including a time, and be done with them."""
        events, sizes = self._events, self._sizes
        if self.last_at <= until:
            self.offset, self._events, self._sizes = self._read_to, [], []
            return events
        count = bisect_right(events, until, key=_time_of)
        self.offset += sum(sizes[:count])
        self._events, self._sizes = events[count:], sizes[count:]
        return events[:count]

    def is_cut(self) -> bool:
        """Whether the file ends before what was read of it."""
        return self.path.stat().st_size < self.offset

    def torn(self) -> list[Damage]:
        """Return what stands after the last newline once all was read: being written, or torn by a kill."""
        left = self.path.stat().st_size - self.offset
        return [Damage(self.path, self.offset, f"its end is missing ({left} bytes are there)")] if left > 0 else []

    def _read_lines(self, file: BinaryIO, most_bytes: int) -> bytes:
        """Return whole lines, one at least if there is one; b"" at the end of the file or before a torn line."""
        block = file.read(most_bytes)
        self.has_more = len(block) == most_bytes
        whole = block.rfind(b"\n") + 1
        while not whole and self.has_more:
            if len(block) > max(LONGEST_LINE_BYTES, _VALUE_BYTES * limits().call_values):
                # No line at all: as a damaged record all of it is out of the way.
                self._skip_to = _next_data(file)
                return block
            more = file.read(len(block))  # twice as much each time, so that a long line is searched once
            self.has_more = len(more) == len(block)
            whole = len(block) + more.rfind(b"\n") + 1 if b"\n" in more else 0
            block += more
        return block[:whole]

    def _parse(self, block: bytes) -> None:
        lines = block.split(b"\n")
        if not lines[-1]:
            lines.pop()
        bodies = [line[9:] for line in lines]
        # All at once if all is well: one comparison and one parser call for the block, twice as fast as line by line.
        told = b"".join([line[:9] for line in lines])
        is_whole = told == (b"%08x " * len(lines)) % tuple(map(crc32, bodies))
        if is_whole and (events := _parsed_all(bodies)) is not None:
            self._events, self._sizes = events, [len(line) + 1 for line in lines]
        else:
            self._parse_each(lines)
        self._read_to += len(block)

    def _parse_each(self, lines: list[bytes]) -> None:
        start, size = self._read_to, 0
        for line in lines:
            size += len(line) + 1
            body = open_line(line)
            event = None if body is None else _event_of(body)
            if event is not None:
                self._events.append(event)
                self._sizes.append(size)
                start, size = start + size, 0
            elif line:  # an empty one stands after a torn one that was mended
                at = start + size - len(line) - 1
                problem = "wrong checksum" if body is None else "no event"
                self.damage.append(Damage(self.path, at, f"{problem} ({len(line)} bytes)"))


def _next_data(file: BinaryIO) -> int:
    """Return where a file goes on after a hole, its end if it doesn't: a hole of any size takes no time."""
    here, size = file.tell(), os.fstat(file.fileno()).st_size
    try:
        return os.lseek(file.fileno(), here, os.SEEK_DATA)
    except OSError as error:  # nothing comes after it, or the file system doesn't tell
        return max(here, size) if error.errno == errno.ENXIO else here


def _parsed_all(bodies: list[bytes]) -> list[Event] | None:
    """Return the events of a block; None if one of the records is none, or isn't read in the quick way."""
    try:
        text = b"[%b]" % b",".join(bodies)
        check_brackets(text)
        events: list[Event] = loads(text)
    except (ValueError, RecursionError):
        return None
    is_well = len(events) == len(bodies) and (are_kept_values(events) or all(map(is_kept_event, events)))
    return events if is_well else None


def _event_of(body: bytes) -> Event | None:
    """Return the event that a record is; None if it is none."""
    try:
        event: Event = read_json(body)
    except (ValueError, RecursionError):
        return None
    return event if is_kept_event(event) else None
