"""A capture card as text, to be read in a terminal of 100 columns."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator, Sequence

from cellrun.core.front_end import plain, plain_line
from cellrun.magics.capture.card.content import COLUMNS, NOTHING, TITLE, Content, Row, without_marks

_WIDTH = 100
_GAP = "  "


def card_text(content: Content) -> str:
    """Return a card as lines of text."""
    title = f"{TITLE}: {content.summary}" if content.summary else TITLE
    lines = [title + content.refused.rjust(_WIDTH - len(title)) if content.refused else title]
    for refused in content.refusal_words():
        lines += ["", *_wrapped("✕ ", refused.what)]
        lines += _wrapped("  ", refused.advice) if refused.advice else []
    rows = list(content.rows())
    lines += ["", *_table(rows)] if rows else []
    lines += ["", NOTHING] if content.is_bare else []
    if content.notes:
        lines.append("")
    for note in content.notes:
        lines += _wrapped("! ", note)
    return "\n".join(lines)


def _table(rows: Sequence[Row]) -> Iterator[str]:
    lines = [COLUMNS, *(_cells(row) for row in rows)]
    widths = _fitting([max(map(_width, column)) for column in zip(*lines, strict=True)])
    for line in lines:
        yield _GAP.join(_padded(text, width) for text, width in zip(line, widths, strict=True)).rstrip()


def _cells(row: Row) -> tuple[str, ...]:
    note = row.note.partition(":")[0]  # `same as digits-2` says it
    cells = (*row[:4], f"{row.captured_as}, {note}" if note else row.captured_as)
    return tuple(map(plain_line, cells))


def _fitting(widths: list[int]) -> list[int]:
    """Take from the widest columns what is too much for a terminal."""
    too_much = sum(widths) + len(_GAP) * (len(widths) - 1) - _WIDTH
    for _ in range(too_much):
        widths[widths.index(max(widths))] -= 1
    return widths


def _wrapped(mark: str, text: str) -> list[str]:
    return textwrap.wrap(
        plain(without_marks(text)), _WIDTH, initial_indent=mark, subsequent_indent="  ", break_on_hyphens=False
    )


def _padded(text: str, width: int) -> str:
    """Return a text in as many columns of a terminal; one that is longer is cut."""
    if _width(text) > width:
        while _width(text) > width - 1:
            text = text[:-1]
        text += "…"
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes: East Asian letters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
