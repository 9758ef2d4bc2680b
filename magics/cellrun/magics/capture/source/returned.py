"""The names that a cell gives back: read once more when it has run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from cellrun.magics.capture.source.analysis import Analysis
from cellrun.magics.capture.source.flow import analyse


def analyse_with_returned(source: str, returned: Sequence[str], transform: Callable[[str], str]) -> Analysis:
    """Analyse the source of a cell, already in plain Python, that gives names back.

    A name that it doesn't surely give a value itself has to travel: its value may come back as it was.
    """
    analysis = analyse(f"{source}\n({', '.join(returned)},)\n", transform=transform)
    last = source.count("\n") + 1
    reads = (replace(each, line=1, where="--return") if each.line > last else each for each in analysis.reads)
    return replace(analysis, reads=tuple(reads))
