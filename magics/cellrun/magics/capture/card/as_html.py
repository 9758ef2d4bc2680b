"""A capture card as HTML: one element with its own style, in any notebook, in its theme."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from html import escape
from pathlib import Path

from cellrun.magics.capture.card.content import COLUMNS, NOTHING, TITLE, Content, Row, code_parts


def card_html(content: Content) -> str:
    """Return a card as HTML. All that comes from the notebook is escaped."""
    return "".join(
        [
            f'<div class="cellrun-needs" role="region" aria-label="{escape(TITLE)}"><style>{_css()}</style>',
            *_header(content),
            *_refusals(content),
            *_table(list(content.rows())),
            f'<p class="cellrun-needs-nothing">{escape(NOTHING)}</p>' if content.is_bare else "",
            *(f'<p class="cellrun-needs-note">{_marked(note)}</p>' for note in content.notes),
            "</div>",
        ]
    )


def _header(content: Content) -> Iterator[str]:
    yield f'<div class="cellrun-needs-header"><b>{escape(TITLE)}</b><span>{escape(content.summary)}</span>'
    if content.refused:
        yield f'<strong class="cellrun-needs-refused">{escape(content.refused)}</strong>'
    yield "</div>"


def _refusals(content: Content) -> Iterator[str]:
    for refused in content.refusal_words():
        yield f'<div class="cellrun-needs-refusal"><b>{_marked(refused.what)}</b>'
        yield f"<div>{_marked(refused.advice)}</div></div>" if refused.advice else "</div>"


def _table(rows: list[Row]) -> Iterator[str]:
    if not rows:
        return
    headings = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in COLUMNS)
    yield f'<div class="cellrun-needs-rows"><table><thead><tr>{headings}</tr></thead><tbody>'
    for row in rows:
        name, *others, how, note = (escape(cell) for cell in row)
        cells = "".join(f"<td>{cell}</td>" for cell in others)
        said = f" <span>{note}</span>" if note else ""
        yield f"<tr><td><code>{name}</code></td>{cells}<td>{how}{said}</td></tr>"
    yield "</tbody></table></div>"


def _marked(text: str) -> str:
    return "".join(f"<code>{escape(part)}</code>" if is_code else escape(part) for part, is_code in code_parts(text))


@lru_cache(maxsize=1)
def _css() -> str:
    return Path(__file__).with_name("card.css").read_text(encoding="utf-8")
