"""Logged documents in a still: a small confusion matrix whole, of a large one the largest confusions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cellrun.core.live.document import Cell, DocumentTable, Heatmap, document_content
from cellrun.core.live.frame import ImagePart
from cellrun.core.runs.logged_document import DOCUMENT_MIME
from cellrun.core.store.json_reading import read_json
from cellrun.widgets.text import value_text

MOST_CLASSES = 10
_FIRST_ROWS, _MOST_COLUMNS = 5, 8

Found = tuple[str, Sequence[str], Sequence[Sequence[str]], str, Sequence[Sequence[float]]]


def document_tables(images: Iterable[ImagePart]) -> Iterator[Found]:
    """Iterate over documents as tables: title, columns, rows, what is left out, and of each cell how full it is.

    Of each name the last one; one that isn't as its schema says is left out.
    """
    last = {image.name: image for image in images if image.mime == DOCUMENT_MIME and image.data is not None}
    for name, image in last.items():
        try:
            content = document_content(read_json(image.data or b""))
        except (ValueError, RecursionError):
            continue
        if isinstance(content, DocumentTable):
            yield (name, *_rows(content), ())
        elif content is not None:
            yield (name, *(_matrix(content) if len(content.labels) <= MOST_CLASSES else _confused(content)))


def _rows(table: DocumentTable) -> tuple[Sequence[str], Sequence[Sequence[str]], str]:
    rows = [[_text(cell) for cell in row[:_MOST_COLUMNS]] for row in table.rows[:_FIRST_ROWS]]
    rest = f"first {len(rows)} of {len(table.rows)} rows" if len(table.rows) > len(rows) else ""
    return table.columns[:_MOST_COLUMNS], rows, rest


def _matrix(content: Heatmap) -> tuple[Sequence[str], Sequence[Sequence[str]], str, Sequence[Sequence[float]]]:
    rows = [[label, *map(_text, row)] for label, row in zip(content.labels, content.rows, strict=True)]
    shares = [[0.0, *(value / (sum(row) or 1) for value in row)] for row in content.rows]
    return ["true ↓ predicted →", *content.labels], rows, _right(content), shares


def _confused(content: Heatmap) -> tuple[Sequence[str], Sequence[Sequence[str]], str, Sequence[Sequence[float]]]:
    pairs = [(value, i, j) for i, row in enumerate(content.rows) for j, value in enumerate(row) if i != j and value > 0]
    most = sorted(pairs, key=lambda pair: -pair[0])[:_FIRST_ROWS]
    rows = [[content.labels[i], content.labels[j], _text(value)] for value, i, j in most]
    rest = f"{len(content.labels)} classes, {_right(content)}; most confused"
    return ["true", "predicted", "count"], rows, rest, ()


def _right(content: Heatmap) -> str:
    right = sum(row[place] for place, row in enumerate(content.rows))
    return f"{_text(right)} of {_text(sum(map(sum, content.rows)))} on the diagonal"


def _text(cell: Cell) -> str:
    return "" if cell is None else value_text(cell)
