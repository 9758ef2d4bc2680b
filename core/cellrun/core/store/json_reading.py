"""JSON as quick as can be, whatever Python's own encoder has written."""

from __future__ import annotations

import json
from typing import Any

try:
    from orjson import loads
except ImportError:  # in an environment without cellrun's packages: slower, the same
    from json import loads  # type: ignore[assignment]  # what we call it with is the same

__all__ = ["loads", "read_json"]


def read_json(data: bytes) -> Any:
    """Return what JSON text stands for. Raises ValueError, or RecursionError for one that is nested too deep."""
    try:
        return loads(data)
    except json.JSONDecodeError:  # a lone surrogate in a text: JSON allows it, orjson doesn't
        return json.loads(data)
