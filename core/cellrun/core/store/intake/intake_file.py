"""The event file of a writer on another machine: what of its lines is here, and what can be added."""

from __future__ import annotations

import mmap
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from cellrun.core.errors import BadLinesError, ConflictError, OutOfOrderError
from cellrun.core.store.intake.incoming_lines import LINE_HEAD, IncomingLine

PLAIN = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
"""How a file of a run is opened: it may have been put there by others, and be a link, or a pipe nobody writes into."""


class Addition(NamedTuple):
    """What a batch adds to a writer's file: from which byte on (a torn line's end goes), and which lines."""

    offset: int
    lines: Sequence[IncomingLine]


class IntakeFile:
    """One writer's file. All it knows it reads from the file, each time; the caller holds the run's intake lock."""

    def __init__(self, folder: Path, writer: str) -> None:
        self.path = folder / f"{writer}.jsonl"
        self._writer = writer

    def plan(self, lines: Sequence[IncomingLine], after: int | None) -> Addition:
        """Return what these lines, of rising numbers, add: those that are here already add nothing.

        `after` is the number of the line before the first of them in the writer's own file, -1 for none: it tells a gap
        that the writer itself has from lines that are still on their way. Raises OutOfOrderError for those,
        ConflictError for another line under a number that is taken, BadLinesError for a time that runs back.
        """
        with self._content() as content:
            end = content.rfind(b"\n") + 1
            last = _last_head(content, end)
            last_seq = int(last["seq"]) if last else -1
            new = [line for line in lines if line.seq > last_seq]
            known = lines[: len(lines) - len(new)]
            self._compare(content, end, known)
            if new:
                self._check_join(new[0], last_seq, known, after)
                if last and new[0].at < float(last["at"]):
                    raise BadLinesError(new[0].place, "its time runs back")
        return Addition(end, new)

    def add(self, addition: Addition) -> None:
        """Write the lines. Raises OSError if not all of them can be: those that are there are known next time."""
        append(self.path, b"".join(line.data for line in addition.lines), addition.offset)

    def _check_join(self, first: IncomingLine, last_seq: int, known: Sequence[IncomingLine], after: int | None) -> None:
        """Refuse lines between which and what is here others may be missing."""
        if known and known[-1].seq == last_seq:  # the batch itself shows what follows the last line
            return
        if after is not None and after < last_seq:
            raise ConflictError(
                self._writer, last_seq, f"is here, and its writer says that {first.seq} follows {after}"
            )
        if first.seq != last_seq + 1 and after != last_seq:
            raise OutOfOrderError({self._writer: last_seq + 1})

    def _compare(self, content: _Content, end: int, known: Sequence[IncomingLine]) -> None:
        """Raise ConflictError unless these lines are here as they are."""
        if not known:
            return
        start = _find(content, end, known[0].seq)
        for line in known:
            while (head := LINE_HEAD.match(content, start)) is None or int(head["seq"]) < line.seq:
                start = content.find(b"\n", start) + 1  # there is such a number or a higher one: the last one is
            if int(head["seq"]) > line.seq:
                raise ConflictError(self._writer, line.seq, "came after its writer had said that it has none")
            if content[start : start + len(line.data)] != line.data:
                raise ConflictError(self._writer, line.seq, "came again with another content")

    @contextmanager
    def _content(self) -> Iterator[_Content]:
        """Give the file's bytes, read as they are looked at."""
        try:
            fd = os.open(self.path, os.O_RDONLY | PLAIN)
        except FileNotFoundError:
            yield b""
            return
        try:
            if not os.fstat(fd).st_size:  # nothing can't be mapped
                yield b""
                return
            with mmap.mmap(fd, 0, access=mmap.ACCESS_READ) as content:
                yield content
        finally:
            os.close(fd)


_Content = bytes | mmap.mmap


def append(path: Path, data: bytes, offset: int) -> None:
    """Write bytes from an offset on, which is a file's end or stands before a torn line.

    Raises OSError if not all of them can be written; a beginning of them may be there then.
    """
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | PLAIN, 0o644)
    try:
        if os.fstat(fd).st_size != offset:
            os.ftruncate(fd, offset)  # a line that a full disk or a kill cut: it was never acknowledged
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(fd, rest) :]
    finally:
        os.close(fd)


def _last_head(content: _Content, end: int) -> re.Match[bytes] | None:
    """Return the head of the last line before a byte that is one; None if there is none."""
    while end > 0:
        start = content.rfind(b"\n", 0, end - 1) + 1
        if head := LINE_HEAD.match(content, start):
            return head
        end = start
    return None


def _find(content: _Content, end: int, seq: int) -> int:
    """Return where the first line begins whose number isn't below one. Numbers rise: a few looks are enough."""
    low, high = 0, end  # the line looked for begins at low or later, and before high, or it is the end
    while low < high:
        start = content.rfind(b"\n", 0, (low + high) // 2) + 1  # of the line in the middle
        start = max(start, low)
        stop = content.find(b"\n", start) + 1
        head = LINE_HEAD.match(content, start)
        if head is None or int(head["seq"]) < seq:  # a damaged line is none of ours
            low = stop
        else:
            high = start
    return low
