"""Finds a text in the lines of a log, however long it is, a part at a time."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cellrun.core.store.files.log_tail import LogReader

PART_BYTES = 64 * 1024 * 1024
"""Looked through for one answer: a fraction of a second."""
MOST_HITS = 1000
"""Of so many lines, the last ones, one answer says where they are; it counts all."""
_BLOCK_BYTES = 1024 * 1024
_ESCAPES = re.compile(rb"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")


@dataclass
class Found:
    """Which lines of a part hold a text. `next` is the offset to go on from; None at the end."""

    count: int = 0
    lines: list[int] = field(default_factory=list)
    """The offsets at which the last 1,000 of them begin."""
    numbers: list[int] = field(default_factory=list)
    """Which lines these are: how many end before them in what is looked through."""
    ends: int = 0
    """How many lines end in what was looked through."""
    next: int | None = None


def search_log(
    log: LogReader, text: str, *, start: int = 0, end: int | None = None, is_case_kept: bool = False
) -> Found:
    """Look through whole lines from `start` on, up to `end` (both byte offsets), 64 MB at the most.

    `text` is literal, in any case unless `is_case_kept`; terminal escapes are left out of lines, as a view does. A line
    counts once. One that is longer than a megabyte is looked at in pieces of that size.
    """
    wanted = text if is_case_kept else text.lower()
    size = log.size
    stop = size if end is None else min(end, size)
    found = Found()
    at = start
    while at < stop:
        if at - start >= PART_BYTES:
            found.next = at
            break
        block = log.read(at, min(_BLOCK_BYTES, stop - at))
        cut = block.rfind(b"\n") + 1
        if cut and at + len(block) < stop:
            block = block[:cut]  # the line that begins here is looked at whole, with the next block
        if not block:
            break
        _look(block, at, wanted, found, is_case_kept=is_case_kept)
        del found.lines[:-MOST_HITS], found.numbers[:-MOST_HITS]
        found.ends += block.count(b"\n")
        at += len(block)
    return found


def _look(block: bytes, at: int, wanted: str, found: Found, *, is_case_kept: bool) -> None:
    if not is_case_kept and wanted.isascii():  # most blocks hold nothing: seen without taking them apart
        plain = _ESCAPES.sub(b"", block)
        if wanted.encode() not in plain.lower():
            return
    for number, line in enumerate(re.split(rb"(?<=\n)", block), start=found.ends):
        shown = _ESCAPES.sub(b"", line).decode("utf-8", "replace")
        if wanted in (shown if is_case_kept else shown.lower()):
            found.count += 1
            found.lines.append(at)
            found.numbers.append(number)
        at += len(line)
