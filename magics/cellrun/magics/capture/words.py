"""Values in words, for the account of what travels."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from types import FunctionType
from typing import Any

_CELL_TITLE = re.compile(r"^Cell In\[(\d+)\]$")
_CONTAINERS = frozenset({list, tuple, dict, set, frozenset})


def type_words(value: Any) -> str:
    """Return what a value is: its type, and the shape of what has one, or the length of a container."""
    kind = type(value).__name__
    if type(value) in _CONTAINERS:
        return f"{kind}, 1 item" if len(value) == 1 else f"{kind}, {len(value):,} items"
    try:
        return _with_shape(value, kind)
    except Exception:  # noqa: BLE001  # whatever an attribute of the user's class is, and raises
        return kind


def _with_shape(value: Any, kind: str) -> str:
    # Of the class: a `__getattr__` of a dict of settings makes whatever it is asked for, and keeps it.
    shape = attribute_of(value, "shape") if hasattr(type(value), "shape") else None
    if not (isinstance(shape, tuple) and all(isinstance(each, int) for each in shape)):
        return kind
    dtype = attribute_of(value, "dtype")
    # A frame's `dtype` is a column of that name.
    items = "" if dtype is None or attribute_of(dtype, "shape") not in (None, ()) else str(dtype)
    return " ".join(word for word in (kind, " \u00d7 ".join(map(str, shape)), items if items != kind else "") if word)


def attribute_of(value: Any, name: str) -> Any:
    """Return an attribute of any value; None if it has none, whatever its class raises then."""
    try:
        return getattr(value, name, None)
    except Exception:  # noqa: BLE001  # a `__getattr__` of the user's
        return None


def code_words(value: FunctionType | type, title_of: Callable[[str], str | None]) -> str:
    """Return what a function or class of the notebook is, and the cell that defined it: `function, cell 4`."""
    kind = "class" if isinstance(value, type) else "function"
    found = _CELL_TITLE.search(title_of(_filename(value)) or "")
    return f"{kind}, cell {found[1]}" if found else kind


def _filename(value: FunctionType | type) -> str:
    """Return the file name of a function's code; of a class, that of its first method that was written in it."""
    if isinstance(value, FunctionType):
        return value.__code__.co_filename
    for each in vars(value).values():
        method = getattr(each, "fget", None) or getattr(each, "__func__", each)
        if isinstance(method, FunctionType) and method.__qualname__.startswith(value.__qualname__):
            return method.__code__.co_filename
    return ""


def error_words(error: Exception) -> str:
    """Return what an error says; its kind too, unless it tells what can't be pickled, which says all."""
    text, kind = str(error).strip().removesuffix("."), type(error).__name__
    if not text:
        return kind
    return text if isinstance(error, (pickle.PicklingError, TypeError)) else f"{kind}: {text}"
