"""Carries runs that the cell needs: its own one, which the run itself makes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cellrun.core.context.manifest import Context
from cellrun.core.context.pickles.pickling import Store
from cellrun.core.runs.run import Run
from cellrun.magics.capture.carriers.carrier import Carrier
from cellrun.magics.capture.cell import CapturedCell
from cellrun.magics.capture.found import Found
from cellrun.magics.capture.source.analysis import Certainty, Read


class RunCarrier(Carrier):
    """Gives the cell its own Run; other runs travel as any value does."""

    def __init__(self, cell: CapturedCell) -> None:
        self._cell = cell
        self._is_else = ""
        self._others: dict[str, Run] = {}

    def find(self, read: Read, value: Any) -> Found | None:
        """Take the name of the cell's own Run; note where another run, or something else, stands in its place."""
        if read.name == self._cell.run_name:
            if isinstance(value, Run):
                return Found(read)
            self._is_else = type(value).__name__
        elif isinstance(value, Run) and read.certainty is not Certainty.DISTANT:
            self._others[read.name] = value
        return None

    def pack(self, context: Context, store: Store) -> Context:
        """Return the context with the name of the cell's own Run, if the cell uses it."""
        del store
        is_needed = self._cell.run_name in self._cell.needs.reached or self._cell.analysis.is_open
        return replace(context, run_name=self._cell.run_name) if is_needed and not self._is_else else context

    def notes(self) -> list[str]:
        """Return which runs are others than the cell's own."""
        own = self._cell.run_name
        notes = [
            f"{name!r} in the cell is the notebook's run {other.name}; the cell's own run is {own!r}"
            for name, other in self._others.items()
        ]
        if self._is_else:
            notes.append(
                f"{own!r} in the cell is the notebook's own ({self._is_else}); "
                "`--as NAME` or Run.get_context() gives the Run"
            )
        return notes
