"""What a logged document is shown as: a confusion matrix as a heatmap, any other as a table.

Its twin is `document.ts` of the front end; both are tested on `tests/data/documents.json`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import Any, TypeGuard

Cell = float | str | None
_MOST_CELLS = 200_000
"""Of a table of lists, also of lists of several lengths: few characters could ask for a billion of them."""
_LONGEST_NUMBER_BITS = 1024
"""A whole number beyond that is no float, and no browser's."""


@dataclass(frozen=True)
class Heatmap:
    """A square of numbers: a row for each true class, a column for each predicted one."""

    labels: Sequence[str]
    rows: Sequence[Sequence[float]]


@dataclass(frozen=True)
class DocumentTable:
    """Rows, each parallel to `columns`. The names that aren't the document's: class, threshold, from, to."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def document_content(document: Any) -> Heatmap | DocumentTable | None:
    """Return what a document is shown as; None for one that isn't as its schema says: its JSON is shown then."""
    data = document.get("data") if isinstance(document, Mapping) else None
    if not isinstance(data, Mapping):
        return None
    if document.get("schema_type") == "confusion_matrix":
        return _heatmap(data)
    if document.get("schema_type") == "accuracy_table":
        return _accuracy(data)
    return _columns(data)


def _heatmap(data: Mapping[str, Any]) -> Heatmap | None:
    matrix = data.get("matrix")
    if not _is_list(matrix) or not matrix or not all(_is_list(row) and len(row) == len(matrix) for row in matrix):
        return None
    if not all(_is_number(value) for row in matrix for value in row):
        return None
    labels = data.get("class_labels")
    named = _is_list(labels) and len(labels) == len(matrix)
    return Heatmap([_text(labels if named else None, number) for number in range(len(matrix))], matrix)


def _accuracy(data: Mapping[str, Any]) -> DocumentTable | None:
    tables, thresholds = data.get("probability_tables"), data.get("probability_thresholds")
    if not _is_list(tables) or not all(_is_list(table) and all(map(_is_list, table)) for table in tables):
        return None
    labels = data.get("class_labels")
    rows = [
        [_text(labels, number), _at(thresholds, place), *(_at(row, column) for column in range(4))]
        for number, table in enumerate(tables)
        for place, row in enumerate(table)
    ]
    return DocumentTable(["class", "threshold", "TP", "FP", "TN", "FN"], rows)


def _columns(data: Mapping[str, Any]) -> DocumentTable | None:
    """Return lists as columns; of edges, of which there is one more than of what lies between them, from and to."""
    columns: dict[str, Sequence[Any]] = {}
    for name, values in data.items():
        if not _is_list(values) or any(_is_list(value) or isinstance(value, Mapping) for value in values):
            continue
        if name.endswith("edges"):
            pairs = list(pairwise(values))
            columns["from"], columns["to"] = [low for low, _ in pairs], [high for _, high in pairs]
        else:
            columns[name] = values
    if not columns:
        return None
    count = max(map(len, columns.values()))
    if count * len(columns) > _MOST_CELLS:
        return None
    return DocumentTable([*columns], [[_at(values, row) for values in columns.values()] for row in range(count)])


def _at(values: Any, place: int) -> Cell:
    value = values[place] if _is_list(values) and place < len(values) else None
    return value if value is None or isinstance(value, str) or _is_number(value) else str(value)


def _text(values: Any, place: int) -> str:
    return str(values[place]) if _is_list(values) and place < len(values) else str(place)


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _is_number(value: Any) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool) and value.bit_length() < _LONGEST_NUMBER_BITS
    return isinstance(value, float) and isfinite(value)
