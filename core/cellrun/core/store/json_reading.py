"""JSON as quick as can be, whatever Python's own encoder has written."""

from __future__ import annotations

import json
from typing import Any

import orjson


def read_json(data: bytes) -> Any:
    """Return what JSON text stands for. Raises ValueError, or RecursionError for one that is nested too deep."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:  # a lone surrogate in a text: JSON allows it, orjson doesn't
        return json.loads(data)
