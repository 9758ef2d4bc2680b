"""Values in words, for the account of what travels; and the words in values."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import PurePath
from typing import Any

_MOST_LOOKED_AT = 500


def type_words(value: Any) -> str:
    """Return what a value is: its type, and the shape of what has one."""
    words = [type(value).__name__]
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and all(isinstance(each, int) for each in shape):
        words.append(" \u00d7 ".join(map(str, shape)))
        words.append(str(getattr(value, "dtype", "")))
    return " ".join(word for word in words if word)


def texts_in(value: Any) -> Iterator[str]:
    """Iterate over the texts and paths that a value is or holds, near its surface: they may name files."""
    waiting = deque([value])
    for _ in range(_MOST_LOOKED_AT):
        if not waiting:
            return
        each = waiting.popleft()
        if isinstance(each, (str, PurePath)):
            yield str(each)
        elif isinstance(each, Mapping):
            waiting.extend(islice(each.values(), _MOST_LOOKED_AT))
        elif isinstance(each, (list, tuple, set, frozenset)):
            waiting.extend(islice(each, _MOST_LOOKED_AT))
        else:
            waiting.extend(getattr(each, "__dict__", {}).values())
