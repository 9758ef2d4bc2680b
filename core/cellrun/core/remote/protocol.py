"""The encoding of orders and answers on the two pipes to a remote agent.

Each is one line of JSON, whose `bytes` says how many bytes follow the line. Before the first there may be anything that
a login shell prints; `MARKER` begins what is ours.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, BinaryIO, NamedTuple

MARKER = b"cellrun-far-1:"
PIECE_BYTES = 1 << 20
"""The most of a file that goes in one order, so that others come between."""
MOST_LINE_BYTES = 64 << 20
MOST_DATA_BYTES = 64 << 20
MOST_ANSWER_BYTES = 16 << 20
"""Of an answer's line, and of what follows it: four times what is asked for. Who answers may be anybody by now."""


class Message(NamedTuple):
    """An order or an answer."""

    facts: Mapping[str, Any]
    data: bytes = b""

    def encoded(self) -> bytes:
        """Return what is sent."""
        line = json.dumps({**self.facts, "bytes": len(self.data)}, separators=(",", ":"))
        return line.encode() + b"\n" + self.data


def facts_of(line: bytes) -> tuple[dict[str, Any], int]:
    """Return what a line says, and how many bytes follow it.

    Raises ValueError for what is no such line, RecursionError for one that is nested too deep.
    """
    facts = json.loads(line)
    if not isinstance(facts, dict):
        raise ValueError(f"expected an object, got {line[:80]!r}")  # noqa: TRY004  # nonsense of one kind
    size = facts.pop("bytes", 0)
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= MOST_DATA_BYTES:
        raise ValueError(f"expected 0 to {MOST_DATA_BYTES} bytes to follow, got {size!r}")
    return facts, size


def read_message(stream: BinaryIO) -> Message | None:
    """Return the next message of a stream, None at its end. Raises ValueError for nonsense, EOFError for half a one."""
    line = stream.readline(MOST_LINE_BYTES)
    if not line:
        return None
    if not line.endswith(b"\n"):
        raise EOFError("half a line")
    facts, size = facts_of(line)
    data = stream.read(size)
    if len(data) < size:
        raise EOFError(f"{len(data)} of {size} bytes")
    return Message(facts, data)
