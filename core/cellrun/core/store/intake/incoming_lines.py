"""Event lines that come from elsewhere: bytes that must be whole lines exactly as an event log has them."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from cellrun.core.errors import BadLinesError
from cellrun.core.limits import limits
from cellrun.core.store.events.event_line import open_line
from cellrun.core.store.events.event_shape import event_problem
from cellrun.core.store.json_reading import read_json

LINE_HEAD = re.compile(rb'[0-9a-f]{8} \{"w":"(?P<writer>[0-9a-f]{8})","s":(?P<seq>[0-9]{1,15}),"t":(?P<at>[-+.0-9e]+),')
"""How every line begins: its checksum, then its writer, whose name a file gets, its number and its time."""

_ROOM_BYTES = 256  # for the head of a line, which the limit of an event doesn't count


class IncomingLine(NamedTuple):
    """One line: its number within its writer, its time, its bytes with the newline, its place in the batch from 1."""

    seq: int
    at: float
    data: bytes
    place: int


def incoming_lines(data: bytes) -> dict[str, list[IncomingLine]]:
    """Return the lines of a batch by writer, in order. Raises BadLinesError for the first that can't be one."""
    *lines, rest = data.split(b"\n")
    if rest:
        raise BadLinesError(len(lines) + 1, f"its end is missing ({len(rest)} bytes are there)")
    found: dict[str, list[IncomingLine]] = {}
    most_bytes = limits().event_bytes
    for place, line in enumerate(lines, start=1):
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
