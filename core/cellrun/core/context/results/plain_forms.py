"""Forms of values that can be read without running any code: JSON for plain data, and numpy's own for its arrays.

A value has such a form only if exactly the same comes back: a tuple, which JSON would make a list, has none.
"""

from __future__ import annotations

import io
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from cellrun.core.context.manifest import Group
from cellrun.core.context.value_store import ValueStore
from cellrun.core.errors import ContextException

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

JSON, NPY, SCALAR, PICKLE = "json", "npy", "scalar", "pickle"
_SCALARS = frozenset({type(None), bool, int, float, str})
_MOST_DEPTH = 100
"""Deeper ones are pickled: the limits on recursion differ from reader to reader."""
_KINDS_OF_ARRAYS = frozenset("biufcmMSU")
_KINDS_OF_SCALARS = frozenset("biufcmM")  # a text or bytes of numpy's would lose zeros at its end


@dataclass(frozen=True)
class PlainForm:
    """A value in a form that anybody can read; `buffers` is memory of the value itself, not copied."""

    format: str
    payload: bytes
    buffers: Sequence[memoryview] = ()
    objects: dict[int, object] = field(default_factory=dict)
    """Everything in it that could be in another value too, by identity."""
    arrays: Sequence[NDArray[Any]] = ()
    """Arrays in it that may share memory with those of other values."""


def plain_form(value: object) -> PlainForm | None:
    """Return the plain form of a value; None if it has none that gives exactly the same again."""
    if type(value) in _SCALARS or type(value) in {list, dict}:
        return _json(value)
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    array: Any = value
    if type(value) is numpy.ndarray:
        return _npy(array)
    return _scalar(array) if isinstance(value, numpy.generic) else None


def load_plain(group: Group, store: ValueStore) -> Any:
    """Return the value of a group that is in a plain form. Raises ContextException for one that can't be read."""
    payload, buffers = store.read(group.payload), [store.open(blob) for blob in group.buffers]
    try:
        if group.format == JSON:
            return json.loads(bytes(payload))
        array = _array(payload, buffers)
        return array[()] if group.format == SCALAR else array
    except (ImportError, ValueError, TypeError, KeyError, RecursionError) as error:
        names = ", ".join(group.names)
        raise ContextException(f"{names} can't be loaded here: {type(error).__name__}: {error}") from error


def _json(value: object) -> PlainForm | None:
    containers: dict[int, object] = {}
    if not _is_plain(value, containers, _MOST_DEPTH):
        return None
    try:
        payload = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except ValueError:  # half a surrogate pair, or an int with more digits than Python writes
        return None
    return PlainForm(JSON, payload, objects=containers)


def _is_plain(value: object, containers: dict[int, object], depth: int) -> bool:
    """Whether JSON gives a value again; no container may be in it twice, as each place would get one of its own."""
    kind = type(value)
    if kind in _SCALARS:
        return True
    if kind not in {list, dict} or id(value) in containers or not depth:
        return False
    containers[id(value)] = value
    if isinstance(value, dict):
        if any(type(key) is not str for key in value):
            return False
        items: Any = value.values()
    else:
        items = value
    return all(_is_plain(item, containers, depth - 1) for item in items)


def _npy(array: NDArray[Any], form: str = NPY, kinds: frozenset[str] = _KINDS_OF_ARRAYS) -> PlainForm | None:
    """Return an array in two parts, which are a file of numpy's together: the header, and its memory."""
    import numpy as np  # noqa: PLC0415  # it is loaded: who has an array has it

    dtype = array.dtype
    if dtype.kind not in kinds or dtype.metadata or not _is_same(dtype, np.dtype(dtype.str)):
        return None
    header = io.BytesIO()
    contiguous = array if array.flags.forc else np.ascontiguousarray(array)
    np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(contiguous))
    buffers = (contiguous.reshape(-1, order="A").view(np.uint8).data,) if array.nbytes else ()
    return PlainForm(form, header.getvalue(), buffers, {id(array): array}, [array])


def _scalar(value: np.generic) -> PlainForm | None:
    import numpy as np  # noqa: PLC0415  # as above

    array = np.asarray(value)
    return _npy(array, SCALAR, _KINDS_OF_SCALARS) if array.dtype.type is type(value) else None


def _is_same(dtype: np.dtype[Any], other: np.dtype[Any]) -> bool:
    return (dtype, dtype.char, dtype.type) == (other, other.char, other.type)


def _array(payload: memoryview, buffers: Sequence[memoryview]) -> NDArray[Any]:
    import numpy as np  # noqa: PLC0415  # only who reads an array needs it

    file = io.BytesIO(payload)
    np.lib.format.read_magic(file)
    shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype.hasobject:
        raise ValueError("an array of Python objects isn't in plain form")
    order: Literal["C", "F"] = "F" if is_fortran else "C"
    count = math.prod(shape)
    if not buffers:
        if count * dtype.itemsize:
            raise ValueError("the memory of the array is missing")
        return np.empty(shape, dtype, order)
    flat: NDArray[Any] = np.frombuffer(buffers[0], dtype, count)
    return flat.reshape(shape, order=order)
