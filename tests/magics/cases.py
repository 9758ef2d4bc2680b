"""Cells with what their notebook did before, and what they print: the given cases, our own, and public suites'."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cellrun.core.context.manifest import Context
from cellrun.core.layout import RunLayout


@dataclass(frozen=True)
class Case:
    """A cell that prints in its run what it prints in its notebook."""

    id: str
    setup: Sequence[str]
    """Cells of the notebook that were run before."""
    cell: str
    files: dict[str, str] = field(default_factory=dict)
    """Files of the notebook's folder, by their paths."""
    out: str | None = None
    """What it prints; left out, what the notebook prints."""
    out_of: str | None = None
    """An expression of the notebook's that tells what it prints."""
    line: str | None = None
    """A line that is among those it prints: a magic prints timings too."""
    refused: str | None = None
    """The reason why it can't be submitted."""
    need: Sequence[str] = ()
    """Names that travel."""
    never: Sequence[str] = ()
    """Names that don't."""
    group: str = ""
    carrier: str = ""
    """The carrier that its submission tries; of our own cases and suites' ones only such have a kernel, too."""
    src: str = ""
    note: str = ""

    @property
    def loads_libraries(self) -> bool:
        """Whether it loads one of those that take longer than all the rest of a job."""
        return any(name in text for text in (*self.setup, self.cell) for name in ("pandas", "scipy", "sklearn"))

    def write_files(self, folder: Path) -> None:
        """Put its files into the notebook's folder."""
        for path, text in self.files.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def check_captured(self, layout: RunLayout) -> None:
        """See in a run's context that what it needs was captured, and what it doesn't need wasn't."""
        context = Context.read(layout.context)
        captured = {name for group in context.groups for name in group.names} | {each.name for each in context.imports}
        assert captured >= set(self.need)
        assert not captured & set(self.never)


def _cases(name: str) -> Iterable[Case]:
    path = Path(__file__).parents[1] / "data" / "cells" / f"{name}.json"
    return (Case(**case) for case in json.loads(path.read_text("utf-8")))


GIVEN = list(_cases("given"))
_MORE = [*_cases("own"), *_cases("suite")]
SUBMITTED = [case for case in _MORE if case.carrier]
LOADED = [case for case in _MORE if not case.carrier]
