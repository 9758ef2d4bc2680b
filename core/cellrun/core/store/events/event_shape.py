"""Whether a record from elsewhere is an event as an `EventLog` writes it, so that any reader can take it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from math import isfinite
from typing import Any

from cellrun.core import names
from cellrun.core.disk.control_file import is_mapping_of, is_text_or_none
from cellrun.core.errors import InvalidNameError
from cellrun.core.identity import ProcessIdentity
from cellrun.core.store.events.event_line import are_exact, is_encoded, is_exact

_PLAIN = frozenset({float, int, str, bool, type(None)})
_LONGEST_NAME_CHARS = 100_000  # no limit is set that high, and what is remembered of names has an end


def event_problem(event: Mapping[str, Any], *, is_kept: bool = False) -> str:
    """Say what is wrong with an event; empty if it is one. A kind that this cellrun doesn't know may have any shape.

    Names are held to this process's limits, unless the event `is_kept` already: its writer may have had others.
    """
    if not isinstance(event.get("k"), str):
        return f"kind {event.get('k')!r} is no text"
    if not _is_number(event.get("t")):
        return f"time {event.get('t')!r} is no number"
    expected = (_KEPT if is_kept else _SHAPES).get(event["k"], {})
    wrong = [key for key, is_right in expected.items() if key not in event or not is_right(event[key])]
    if wrong:
        return f"{event['k']} event: {', '.join(wrong)} missing or not as expected"
    step = event.get("i")
    if type(step) in {str, bool} or not (is_encoded if is_kept else _is_value)(step):
        return f"{event['k']} event: i is no number"
    return ""


def _is_value(value: Any) -> bool:
    return is_exact(value) and is_encoded(value)


def _are_values(values: Any) -> bool:
    if type(values) is not list or not values:
        return False
    if set(map(type, values)) <= _PLAIN:
        return are_exact(values)
    return all(map(_is_value, values))


def _is_row(cells: Any) -> bool:
    return type(cells) is dict and all(_is_name(name) and _is_value(value) for name, value in cells.items())


def _is_table(columns: Any) -> bool:
    return _are_columns(columns) and all(map(_is_name, columns)) and all(map(_are_values, columns.values()))


def _are_columns(columns: Any) -> bool:
    if type(columns) is not dict or not all(map(_are_encoded, columns.values())):
        return False
    return len({len(values) for values in columns.values()}) == 1


def _are_encoded(values: Any) -> bool:
    return type(values) is list and bool(values) and all(map(is_encoded, values))


def _is_number(value: Any) -> bool:
    return type(value) in {int, float} and is_exact(value) and isfinite(value)


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_rank(value: Any) -> bool:
    return value is None or (type(value) is int and abs(value) < 2**31)  # a column of 32 bits holds it


def _is_identity(value: Any) -> bool:
    try:
        ProcessIdentity.from_json(value)
    except (KeyError, TypeError, ValueError):
        return False
    return True


def _is_allowed_by(check: Callable[[object], str]) -> Callable[[Any], bool]:
    def is_allowed(value: Any) -> bool:
        try:
            check(value)
        except InvalidNameError:
            return False
        return True

    return is_allowed


@lru_cache(maxsize=1024)  # a training has few names, and each line has one
def _is_known_name(value: str) -> bool:
    return _is_allowed_by(names.metric_name)(value)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and len(value) < _LONGEST_NAME_CHARS and _is_known_name(value)


def _is_tag_value(value: Any) -> bool:
    return value is None or _is_allowed_by(names.tag_value)(value)


_SHAPES: dict[str, dict[str, Callable[[Any], bool]]] = {
    "writer": {"id": _is_identity, "attempt": _is_count, "rank": _is_rank, "version": _is_count},
    "log": {"n": _is_name, "v": _is_value},
    "row": {"n": _is_name, "c": _is_row},
    "list": {"n": _is_name, "v": _are_values},
    "table": {"n": _is_name, "c": _is_table},
    "image": {"n": _is_name, "f": _is_text},
    "page": {"n": _is_name, "f": _is_text},
    "file": {"n": _is_text, "bytes": _is_count},
    "tag": {"n": _is_name, "v": _is_tag_value},
    "untag": {"n": _is_name},
    "property": {"n": _is_name, "v": _is_allowed_by(names.tag_value)},
    "name": {"v": _is_allowed_by(names.display_name)},
    "description": {"v": _is_text},
}
_AS_KEPT: dict[Callable[[Any], bool], Callable[[Any], bool]] = {
    _is_name: _is_text,
    _is_value: is_encoded,
    _are_values: _are_encoded,
    _is_row: is_mapping_of(is_encoded),
    _is_table: _are_columns,
    _is_tag_value: is_text_or_none,
}
_KEPT: dict[str, dict[str, Callable[[Any], bool]]] = {
    kind: {key: _AS_KEPT.get(fits, fits) for key, fits in shape.items()} for kind, shape in _SHAPES.items()
}
_KEPT["name"]["v"] = _KEPT["property"]["v"] = _is_text
_LOG_KINDS = frozenset({float, int, str, bool, type(None)})
_STEP_KINDS = frozenset({float, int, type(None)})


def are_kept_values(events: Any) -> bool:
    """Whether all records are values logged one by one, as most are: no more than that is asked, for it is quick."""
    try:
        for event in events:
            if (
                event["k"] != "log"
                or type(event["v"]) not in _LOG_KINDS
                or type(event["t"]) is not float
                or type(event["n"]) is not str
                or type(event["w"]) is not str
                or type(event.get("i")) not in _STEP_KINDS
            ):
                return False
    except (KeyError, TypeError, AttributeError):
        return False
    return True


def is_kept_event(event: Any) -> bool:
    """Whether a record of a run's own log is an event that any reader can take."""
    return type(event) is dict and type(event.get("w")) is str and not event_problem(event, is_kept=True)
