"""The texts in values that may name files: in containers, in attributes, in the columns of tables."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from pathlib import PurePath
from typing import Any

from cellrun.magics.capture.words import attribute_of

_MOST_LOOKED_AT = 500
_MOST_COLUMNS = 1_000  # whose types are looked at
_MOST_TEXT_COLUMNS = 20
_MOST_TEXTS = 500  # of one column
_MOST_CHARS = 1_000
_TEXT_KINDS = frozenset("OUT")  # of numpy's types: objects, texts of one length, of any length
_TEXT_TYPES = frozenset({"string", "str", "category"})  # of pandas


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
