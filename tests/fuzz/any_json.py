"""JSON, and what might be taken for it: any, and almost the right one."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests.damage import WRONG

TEXTS = st.text(st.characters(exclude_categories=[]), max_size=12)
"""Any text; lone surrogates too, which JSON has."""

SCALARS = st.one_of(
    st.sampled_from([value for value in WRONG if not isinstance(value, (list, dict))]),
    *(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=8
)
_WHERE = st.integers(0, 10_000)


class Edit(NamedTuple):
    """One change of a file whose content isn't known when it is drawn: where, of what length, what and by what."""

    where: int
    length: int
    how: str
    by: Any


Change = Callable[[bytes], bytes]
"""What becomes of a file's content."""


def _edits(*hows: str, by: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Edit]]:
    return st.lists(st.builds(Edit, _WHERE, st.integers(0, 40), st.sampled_from(hows), by), min_size=1, max_size=3)


JSON_EDITS = _edits("replace", "replace", "remove", "copy", by=VALUES)
BYTE_EDITS = _edits("overwrite", "zero", "cut", "double", "end", by=st.binary(min_size=40, max_size=40))


def almost(whole: Any, edits: list[Edit]) -> Any:
    """Return a copy of some JSON that is changed in a few places."""
    holder = [json.loads(json.dumps(whole))]
    for edit in edits:
        places = list(_places(holder))
        at, key = places[edit.where % len(places)]
        if edit.how == "remove" and at is not holder:
            del at[key]
        elif edit.how == "copy":  # something of its own, elsewhere
            other, name = places[(edit.where + edit.length) % len(places)]
            at[key] = json.loads(json.dumps(other[name]))
        else:
            at[key] = copy.deepcopy(edit.by)  # one and the same may come in several places, one within the other
    return holder[0]


def changed_bytes(data: bytes, edits: list[Edit]) -> bytes:
    """Return bytes with some of them overwritten, cut out or put in twice."""
    changed = bytearray(data)
    for edit in edits:
        start = edit.where % (len(changed) + 1)
        end = min(len(changed), start + edit.length)
        if edit.how == "overwrite":
            changed[start:end] = edit.by[: end - start]
        elif edit.how == "zero":
            changed[start:end] = bytes(end - start)
        elif edit.how == "cut":
            del changed[start:end]
        elif edit.how == "double":
            changed[end:end] = changed[start:end]
        else:
            del changed[start:]
    return bytes(changed)


def _changed_json(edits: list[Edit]) -> Change:
    def change(text: bytes) -> bytes:
        try:
            return json.dumps(almost(json.loads(text), edits)).encode()
        except ValueError:  # no JSON by itself, such as lines of it
            return json.dumps([edit.by for edit in edits]).encode()

    return change


CHANGES: st.SearchStrategy[Change] = st.one_of(
    JSON_EDITS.map(_changed_json),
    VALUES.map(lambda value: lambda _: json.dumps(value).encode()),
    BYTE_EDITS.map(lambda edits: lambda text: changed_bytes(text, edits)),
    st.binary(max_size=40).map(lambda data: lambda _: data),
)
"""What may become of a control file: its own JSON changed, any JSON, its own bytes changed, any bytes."""


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    for key in list(data) if isinstance(data, dict) else range(len(data)):
        yield data, key
        if isinstance(data[key], (dict, list)):
            yield from _places(data[key])
