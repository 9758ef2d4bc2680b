"""Classes whose attributes their first instance sets, as lexers of pygments: no pickle of an instance does that."""

from __future__ import annotations

import dis
from functools import lru_cache
from types import CodeType, FunctionType


def filled_at_call(kind: type) -> tuple[str, ...]:
    """Return the attributes of a class that calling it sets, by its metaclass's `__call__`, and has set already."""
    call = type(kind).__call__
    if type(kind) is type or not isinstance(call, FunctionType):
        return ()
    return tuple(name for name in _stored(call.__code__) if name in vars(kind))


@lru_cache(maxsize=256)
def _stored(code: CodeType) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.argval for each in dis.get_instructions(code) if each.opname == "STORE_ATTR"))
