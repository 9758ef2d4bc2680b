"""JSON as quick as can be, whatever Python's own encoder has written; without orjson slower, the same."""

from __future__ import annotations

import json
import re
from typing import Any

try:
    from orjson import dumps, loads
except ImportError:  # in an environment without cellrun's packages
    from json import loads  # type: ignore[assignment]  # what we call it with is the same

    def dumps(value: Any, /) -> bytes:  # type: ignore[misc]  # as above
        """Return a value as JSON text. Raises TypeError for what JSON hasn't got, and for a lone surrogate."""
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        if "NaN" in text or "Infinity" in text:  # orjson has null in their place
            value = json.loads(text, parse_constant=lambda _: None)
            text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        try:
            return text.encode()
        except UnicodeEncodeError as error:
            raise TypeError(str(error)) from error


__all__ = ["check_brackets", "dumps", "loads", "read_json"]

MOST_BRACKETS = 4_500_000
"""Lists and objects in one text: an event of the largest size has 4,000,000 numbers that JSON can't carry. Each takes
up to 200 bytes of memory."""
_TEXTS = re.compile(rb'"[^"]*"?')
"""Of what holds no escapes. One without an end goes to the data's: else it would be looked for from each quote."""


def read_json(data: bytes) -> Any:
    """Return what JSON text stands for. Raises ValueError, or RecursionError for one that is nested too deep."""
    check_brackets(data)
    try:
        return loads(data)
    except json.JSONDecodeError:  # a lone surrogate in a text: JSON allows it, orjson doesn't
        return json.loads(data)


def check_brackets(data: bytes) -> None:
    """Raise ValueError for JSON that would fill the memory: with more lists and objects than anything of a run has."""
    if _has_many(data) and _has_many(_TEXTS.sub(b"", data.replace(rb"\\", b"").replace(rb"\"", b""))):
        raise ValueError(f"it has more than {MOST_BRACKETS:,} lists and objects")


def _has_many(data: bytes) -> bool:
    return len(data) > MOST_BRACKETS and data.count(b"[") + data.count(b"{") > MOST_BRACKETS
