"""Columns that a file's path tells: `{year:yyyy}/{month:MM}/{shop}.csv`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cellrun.core.errors import DatasetError, shown

_FIELD = re.compile(r"\{([^{}:]+)(?::([^{}]*))?\}")
_TIME = re.compile(r"yyyy|MM|dd|HH|mm|ss")
_UNITS = {"yyyy": "year", "MM": "month", "dd": "day", "HH": "hour", "mm": "minute", "ss": "second"}
_DIGITS = {"yyyy": 4}
_FIRST = {"year": 1900, "month": 1, "day": 1}


class PartitionFormat:
    """How a path is taken apart: `{column}` is a text, `{column:yyyy/MM/dd}` a time, `*` anything in a name.

    It stands for the end of a path. A column that is there several times is one time, or has to be the same text.
    """

    def __init__(self, text: object) -> None:
        if not isinstance(text, str) or not _FIELD.search(text):
            raise DatasetError(
                f"a partition format names columns in brackets, as in '{{shop}}/{{day:yyyy/MM/dd}}/*.csv'; got "
                f"{shown(text)}"
            )
        self.text = text
        self._groups: list[tuple[str, str | None]] = []
        """By group: the column, and which part of a time it is."""
        pattern, end = "", 0
        for found in _FIELD.finditer(text):
            pattern += _literal(text[end : found.start()]) + self._field(found.group(1), found.group(2))
            end = found.end()
        pattern += _literal(text[end:])
        start = "" if text.startswith("/") else "(?:^|/)"
        self._pattern = re.compile(f"{start}{pattern}$", re.DOTALL)
        self.columns = list(dict.fromkeys(column for column, _ in self._groups))

    def values(self, path: str) -> dict[str, Any]:
        """Return what a path tells, by column. Raises DatasetError for one that isn't of this format."""
        found = self._pattern.search(f"/{path.lstrip('/')}")
        if not found:
            raise DatasetError(f"the path /{path.lstrip('/')} isn't of the partition format {self.text!r}")
        texts: dict[str, str] = {}
        times: dict[str, dict[str, int]] = {}
        for (column, unit), text in zip(self._groups, found.groups(), strict=True):
            if unit:
                times.setdefault(column, {})[unit] = int(text)
            elif texts.setdefault(column, text) != text:
                raise DatasetError(f"the path /{path} has two values for {column!r}: {texts[column]!r} and {text!r}")
        try:
            made = {column: _time(units) for column, units in times.items()}
        except ValueError as error:
            raise DatasetError(f"the path /{path} tells no time by {self.text!r}: {error}") from error
        return {column: made.get(column, texts.get(column)) for column in self.columns}

    def _field(self, column: str, form: str | None) -> str:
        if form is None:
            self._groups.append((column, None))
            return "([^/]+)"
        pattern, end = "", 0
        for found in _TIME.finditer(form):
            digits = _DIGITS.get(found.group(), 2)
            pattern += f"{re.escape(form[end : found.start()])}(\\d{{{digits}}})"
            self._groups.append((column, _UNITS[found.group()]))
            end = found.end()
        if not end:
            raise DatasetError(
                f"in a partition format a time is told by yyyy, MM, dd, HH, mm and ss; got {shown(form)}"
            )
        return pattern + re.escape(form[end:])


def _time(units: Mapping[str, int]) -> datetime:
    given = {**_FIRST, **units}
    return datetime(*(given.get(unit, 0) for unit in _UNITS.values()))  # type: ignore[arg-type]  # noqa: DTZ001  # up to the second; no zone is told


def _literal(text: str) -> str:
    return ".*".join("[^/]*".join(map(re.escape, part.split("*"))) for part in text.split("**"))
