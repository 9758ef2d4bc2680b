"""Event lines that come from elsewhere: bytes that must be whole lines exactly as an event log has them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from cellrun.core.errors import BadLinesError
from cellrun.core.limits import limits
from cellrun.core.store.events.event_line import open_line
from cellrun.core.store.events.event_shape import event_problem
from cellrun.core.store.json_reading import read_json

LINE_HEAD = re.compile(rb'[0-9a-f]{8} \{"w":"(?P<writer>[0-9a-f]{8})","s":(?P<seq>[0-9]{1,15}),"t":(?P<at>[-+.0-9e]+),')
"""How every line begins: its checksum, then its writer, whose name a file gets, its number and its time."""

MOST_LINES = 100_000
"""Of one batch: each costs some hundred bytes while it is looked at, however well it was packed."""
_ROOM_BYTES = 256  # for the head of a line, which the limit of an event doesn't count


class IncomingLine(NamedTuple):
    """One line: its number within its writer, its time, its bytes with the newline, its place in the batch from 1."""

    seq: int
    at: float
    data: bytes
    place: int


def incoming_lines(blocks: Iterable[bytes]) -> dict[str, list[IncomingLine]]:
    """Return the lines of a batch by writer, in order, of which the blocks bring one after another.

    Raises BadLinesError for the first that can't be one: what comes after it isn't asked for.
    """
    found: dict[str, list[IncomingLine]] = {}
    most_bytes = limits().event_bytes
    for place, line in enumerate(_lines(blocks), start=1):
        if place > MOST_LINES:
            raise BadLinesError(place, f"a batch has {MOST_LINES:,} lines at most; send it in parts")
        if len(line) > most_bytes + _ROOM_BYTES:
            raise BadLinesError(place, f"it has {len(line):,} bytes, the limit is {most_bytes:,}")
        writer, incoming = _checked(line, place)
        before = found.setdefault(writer, [])
        if before and incoming.seq <= before[-1].seq:
            raise BadLinesError(place, f"its number {incoming.seq} doesn't come after {before[-1].seq}")
        if before and incoming.at < before[-1].at:
            raise BadLinesError(place, "its time runs back")
        before.append(incoming)
    return found


def _lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Iterate over lines without their newlines. Raises BadLinesError for an unfinished one at the end."""
    begun: list[bytes] = []  # of a line whose end hasn't come: joined once
    place = 1
    for block in blocks:
        start = 0
        while (end := block.find(b"\n", start)) >= 0:
            yield b"".join((*begun, block[start:end])) if begun else block[start:end]
            begun.clear()
            start, place = end + 1, place + 1
        if start < len(block):
            begun.append(block[start:])
    if begun:
        raise BadLinesError(place, f"its end is missing ({sum(map(len, begun))} bytes are there)")


def _checked(line: bytes, place: int) -> tuple[str, IncomingLine]:
    body = open_line(line)
    if body is None:
        raise BadLinesError(place, f"wrong checksum ({len(line)} bytes)")
    head = LINE_HEAD.match(line)
    if head is None or not body.isascii():
        raise BadLinesError(place, "it doesn't begin with the writer, number and time of an event")
    event = _parsed(body, place)
    writer, seq = head["writer"].decode(), int(head["seq"])
    if event.get("w") != writer or event.get("s") != seq:  # a key that comes twice
        raise BadLinesError(place, "it names two writers or numbers")
    if problem := event_problem(event):
        raise BadLinesError(place, problem)
    if (seq == 0) != (event["k"] == "writer"):
        raise BadLinesError(place, "the record of the writer, and it alone, has number 0")
    return writer, IncomingLine(seq, float(event["t"]), line + b"\n", place)


def _parsed(body: bytes, place: int) -> dict[str, Any]:
    try:
        event = read_json(body)
    except (ValueError, RecursionError):
        raise BadLinesError(place, "it is no JSON") from None
    if not isinstance(event, dict):
        raise BadLinesError(place, "it is no JSON object")
    return event
