"""A still as HTML: text that can be read, searched and copied, and a picture of the curves."""

from __future__ import annotations

from base64 import b64encode

from cellrun.widgets.still.still import Still, Table

# Inline styles alone, and few: what GitHub, nbviewer and sanitizers leave of a page. Colours are the page's own.
_FRAME = (
    "border:1px solid #8888;border-radius:3px;padding:8px 12px;max-width:980px;font-family:sans-serif;font-size:13px"
)
HOW = "cellrun-how"  # by this name a JupyterLab that says better what to do leaves it out (rendered_run.ts)
_LOG = "margin:8px 0 0;font-family:monospace;font-size:12px;line-height:1.4;white-space:pre-wrap"
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})
_CELL = "padding:2px 16px 2px 0;text-align:left"
_TILE = "display:inline-block;margin:4px 24px 4px 0"


def still_html(still: Still, picture: bytes | None) -> str:
    """Return a still as one element. `picture` is a PNG of its charts; what a user logged is text, never markup."""
    parts = [_headline(still), *map(_failure, still.failure[:1])]
    if still.failure[1:]:
        parts.append(f"<div>{escape(' · '.join(still.failure[1:]))}</div>")
    if still.tiles:
        parts.append("".join(_tile(name, value) for name, value in still.tiles))
    if picture:
        data = b64encode(picture).decode()
        parts.append(
            f'<img alt="{escape(_described(still))}" src="data:image/png;base64,{data}" style="max-width:100%">'
        )
    parts += map(_table, still.tables)
    if still.more:
        parts.append(f"<div>… {still.more} more metrics</div>")
    if still.log:
        parts.append(f'<pre style="{_LOG}">{escape(chr(10).join(still.log))}</pre>')
    return f'<div style="{_FRAME}">{"".join(parts)}</div>'


def escape(text: str) -> str:
    """Return a text as HTML shows it; the library's `html` loads a large table, for what isn't done here."""
    return text.translate(_ESCAPES)


def live_html(text: str, version: str) -> str:
    """Return what stands in for a live view where nothing can show one: the run's text, and how to see it live."""
    command = f"<code>pip install cellrun=={escape(version)}</code>"
    how = f"To see it live here: {command} in the environment that Jupyter itself runs in, then restart Jupyter."
    return f'<div style="{_FRAME}"><pre style="{_LOG}">{escape(text)}</pre><div class="{HOW}">{how}</div></div>'


def _headline(still: Still) -> str:
    facts = "".join(f" · {escape(fact)}" for fact in [*still.facts, still.taken])
    return f"<div>{escape(still.sign)} {escape(still.status.word)} <b>{escape(still.name)}</b>{facts}</div>"


def _failure(text: str) -> str:
    return f'<div style="margin-top:8px"><b>{escape(text)}</b></div>'


def _tile(name: str, value: str) -> str:
    return f'<div style="{_TILE}"><div>{escape(name)}</div><b style="font-size:17px">{escape(value)}</b></div>'


def _table(table: Table) -> str:
    head = "".join(f'<th style="{_CELL}">{escape(name)}</th>' for name in table.columns)
    rows = "".join(
        f"<tr>{''.join(_cell(table, row, column) for column in range(len(table.rows[row])))}</tr>"
        for row in range(len(table.rows))
    )
    title = f"<div><b>{escape(table.title)}</b> {escape(table.rest)}</div>"
    return f'<div style="margin-top:8px">{title}<table><tr>{head}</tr>{rows}</table></div>'


def _cell(table: Table, row: int, column: int) -> str:
    share = table.shares[row][column] if table.shares else 0
    shade = f";background:rgba(25,118,210,{0.45 * share:.2f})" if share > 0 else ""
    return f'<td style="{_CELL}{shade}">{escape(table.rows[row][column])}</td>'


def _described(still: Still) -> str:
    """Return what the picture shows, for those who don't see it."""
    return "; ".join(f"chart of {chart.title}, latest {chart.latest}" for chart in still.charts)
