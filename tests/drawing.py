"""The drawing of the house in docs/architecture.md: `python -m tests.drawing` brings it up to date.

The page says which rooms there are and in which order; the code says how large each is and what it imports. A row is a
room, or some modules that stand beside the rooms.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from tests.imports import ROOT, UPWARDS, files, imports, room

PAGE = ROOT / "docs" / "architecture.md"
_BLOCK = re.compile(r"(?<=## The drawing\n).*?^```\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
_ROW = re.compile(r"^  (\S.*?)  +([\d,]+)  +([\d,]+)(?:  (.*))?$")
_WIDTH = 56
CORE = "cellrun.core"
APART = "cellrun.magics.capture"
"""The one room outside of core that has a row of its own: the other parts are a row each."""


class Row(NamedTuple):
    """A room, or several modules: how many modules, how many lines, and the rooms that it imports."""

    names: tuple[str, ...]
    modules: int
    lines: int
    arrows: tuple[str, ...]


def drawn_rows(page: str) -> list[Row]:
    """Return the rows of a page's drawing, from above to below."""
    found = (_ROW.match(line) for line in _block(page).splitlines())
    return [
        Row(
            tuple(row[1].split()),
            int(row[2].replace(",", "")),
            int(row[3].replace(",", "")),
            tuple((row[4] or "").split()),
        )
        for row in found
        if row
    ]


def row_name(module: str) -> str:
    """Return what a module is counted as: a room of core, a module beside its rooms, or another part.

    The package `cellrun.core` itself, which hands out all public names, is "".
    """
    if module == CORE:
        return ""
    if f"{module}.".startswith(f"{CORE}."):
        return room(module).removeprefix(f"{CORE}.").replace(".", "/")
    if f"{module}.".startswith(f"{APART}."):
        return "magics/capture"
    return module.split(".")[1]


def sizes() -> dict[str, tuple[int, int]]:
    """Return the modules and lines of all that a row may name."""
    found: dict[str, tuple[int, int]] = {}
    for module, file in files().items():
        modules, lines = found.get(row_name(module), (0, 0))
        found[row_name(module)] = modules + 1, lines + _lines(file)
    found.pop("")
    return found


def arrows() -> set[tuple[str, str]]:
    """Return which of these imports which; those few that lead up are named in `UPWARDS`, and aside."""
    found = {(row_name(a), row_name(b)) for a, b, _ in imports() if (a, b) not in UPWARDS}
    return {(a, b) for a, b in found if a != b and a and b}


def redrawn(rows: list[Row]) -> list[Row]:
    """Return the same rows with the figures and arrows of today; an arrow that others imply isn't drawn."""
    size, all_arrows = sizes(), arrows()
    of = {name: row.names for row in rows for name in row.names}
    down = {row.names: {of[b] for a, b in all_arrows if a in row.names and b in of} - {row.names} for row in rows}
    below: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    order = [row.names for row in rows]
    for names in reversed(order):
        below[names] = down[names].union(*(below.get(each, set()) for each in down[names]))
    return [
        Row(
            names,
            sum(size[name][0] for name in names),
            sum(size[name][1] for name in names),
            tuple(
                each[0]
                for each in sorted(down[names], key=order.index)
                if not any(each in below.get(other, ()) for other in down[names])
            ),
        )
        for names in order
    ]


def up_to_date(page: str) -> str:
    """Return a page with the figures and arrows of today in its drawing."""
    today = iter(redrawn(drawn_rows(page)))
    lines = (_text(next(today)) if _ROW.match(line) else line for line in _block(page).splitlines())
    return page.replace(_block(page), "".join(f"{line}\n" for line in lines))


def _block(page: str) -> str:
    found = _BLOCK.search(page)
    assert found, "no drawing"
    return found[1]


def _text(row: Row) -> str:
    modules, lines = f"{row.modules:,}", f"{round(row.lines, -2) or 100:,}"
    return f"  {' '.join(row.names):{_WIDTH}} {modules:>7} {lines:>7}  {' '.join(row.arrows)}".rstrip()


def _lines(file: Path) -> int:
    return len(file.read_text().splitlines())


if __name__ == "__main__":
    PAGE.write_text(up_to_date(PAGE.read_text()))
