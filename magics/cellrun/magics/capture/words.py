"""Values in words, for the account of a capture; and the texts in values, which may name files and other values."""

from __future__ import annotations

import pickle
import re
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from pathlib import PurePath
from types import FunctionType
from typing import Any

_CELL_TITLE = re.compile(r"^Cell In\[(\d+)\]$")
_CONTAINERS = frozenset({list, tuple, dict, set, frozenset})
_MOST_LOOKED_AT = 500
_MOST_COLUMNS = 1_000  # whose types are looked at
_MOST_TEXT_COLUMNS = 20
_MOST_TEXTS = 500  # of one column
_MOST_CHARS = 1_000
_TEXT_KINDS = frozenset("OUT")  # of numpy's types: objects, texts of one length, of any length
_TEXT_TYPES = frozenset({"string", "str", "category"})  # of pandas


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
        elif isinstance(each, partial):
            waiting.extend((each.args, each.keywords))
        else:
            yield from paths_in_table(each)
            waiting.extend((attribute_of(each, "__dict__") or {}).values())


def paths_in_table(value: Any) -> Iterator[str]:
    """Iterate over texts of a frame, a series or an array that may be paths, evenly taken if there are many.

    Of many, their folders are among them, as the others of a column most likely are there too.
    """
    for column in islice(_text_columns(value), _MOST_TEXT_COLUMNS):
        step = -(-len(column) // _MOST_TEXTS) or 1
        texts = [str(each) for each in column[::step] if isinstance(each, (str, PurePath))]
        paths = [each for each in texts if _may_be_path(each)]
        if step > 1:
            yield from dict.fromkeys(folder for each in paths if (folder := each.rpartition("/")[0]))
        yield from paths


def _text_columns(value: Any) -> Iterator[Any]:
    """Iterate over what can be sliced and holds texts; nothing of a library that isn't loaded is one."""
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    if numpy is not None and isinstance(value, numpy.ndarray):
        if value.dtype.kind in _TEXT_KINDS:
            plain = numpy.asarray(value)  # of a masked one, `flat` has no length
            yield plain.reshape(-1) if plain.flags.c_contiguous else plain.flat
    elif pandas is not None and isinstance(value, pandas.DataFrame):
        types: Iterable[Any] = islice(value.dtypes, _MOST_COLUMNS)
        yield from (value.iloc[:, number].array for number, kind in enumerate(types) if _is_of_texts(kind))
    elif pandas is not None and isinstance(value, pandas.MultiIndex):  # its type is of objects, whatever its levels are
        yield from (level.array for level in value.levels if _is_of_texts(level.dtype))
    elif pandas is not None and isinstance(value, (pandas.Series, pandas.Index)) and _is_of_texts(value.dtype):
        yield value.array


def _is_of_texts(kind: Any) -> bool:
    return kind == object or getattr(kind, "name", "") in _TEXT_TYPES  # noqa: E721  # a dtype, equal to its type


def _may_be_path(text: str) -> bool:
    """Whether a text can be a path with a folder or a suffix in it: what a column holds is mostly no path."""
    return 0 < len(text) <= _MOST_CHARS and ("/" in text or "." in text) and not any(each in text for each in "*?[\n")
