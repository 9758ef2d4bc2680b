"""The rows of docs/faults.md: what may go wrong, what is right then, and the tests that do it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from tests.imports import ROOT

TABLE = ROOT / "docs" / "faults.md"
NAMED_TEST = re.compile(r"`(tests/[\w/]+\.py::\w+)`")
_ROW = re.compile(r"^\| (?P<id>[A-Z]\d+) \| (?P<fault>.*) \| (?P<right>.*) \| (?P<tests>.*) \|$", re.MULTILINE)
_NOT_HERE = "Not here: "


class Row(NamedTuple):
    """One row of the table."""

    id: str
    fault: str
    right: str
    not_here: str
    """What of it can't be met, and why; empty if all can."""
    tests: tuple[str, ...]
    """Ids of its tests, without parameters."""


def rows(chosen: Sequence[str] = ()) -> list[Row]:
    """Return the rows in the table's order; those chosen by id (`D1`) or by letter, if any are."""
    found = []
    for row in _ROW.finditer(TABLE.read_text()):
        right, _, not_here = row["right"].partition(_NOT_HERE)
        found.append(Row(row["id"], row["fault"], right.strip(), not_here, tuple(NAMED_TEST.findall(row["tests"]))))
    return [row for row in found if not chosen or row.id in chosen or row.id[0] in chosen]
