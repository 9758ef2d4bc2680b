"""A table below a cell: text where text is shown, HTML in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from cellrun.core.front_end import plain, plain_line


class Table:
    """Rows below a header, and what else is to be said in sentences below them; without rows only these."""

    def __init__(self, header: Sequence[str], rows: Iterable[Sequence[str]], below: Sequence[str] = ()) -> None:
        self._header = header
        self._rows = list(rows)
        self._below = below

    def __repr__(self) -> str:
        lines = [[plain_line(cell) for cell in line] for line in (self._header, *self._rows)] if self._rows else []
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        texts = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
        return "\n".join(text.rstrip() for text in (*texts, *map(plain, self._below)))

    def _repr_html_(self) -> str:
        below = "".join(f"<p>{escape(text)}</p>" for text in self._below)
        if not self._rows:
            return below
        head, body = _html_row(self._header, "th"), "".join(_html_row(row, "td") for row in self._rows)
        return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>{below}"


def _html_row(cells: Sequence[str], tag: str) -> str:
    return "<tr>" + "".join(f'<{tag} style="text-align: left">{escape(cell)}</{tag}>' for cell in cells) + "</tr>"
