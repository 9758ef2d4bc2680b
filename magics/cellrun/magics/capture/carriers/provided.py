"""What a run has by itself: its own Run, and environment variables, which are neither kept nor shown."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import Any

from cellrun.core.context.manifest import Context, Need
from cellrun.core.context.pickles.pickling import Store
from cellrun.core.runs.run import Run
from cellrun.core.supervision.launch_spec import inherited
from cellrun.magics.capture.carrier import Carrier, Found
from cellrun.magics.capture.cell import CapturedCell
from cellrun.magics.capture.paths.carrier import FileCarrier
from cellrun.magics.capture.source.analysis import Certainty, Read, Variable


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


_OF_EVERY_LOGIN = frozenset({"HOME", "HOSTNAME", "LANG", "LOGNAME", "PATH", "PWD", "SHELL", "TMPDIR", "USER"})
"""What another machine has its own of."""


class EnvironmentCarrier(Carrier):
    """Accounts for variables; `files` may give some by a `.env` file."""

    def __init__(self, cell: CapturedCell, files: FileCarrier) -> None:
        self._given = cell.variables
        self._place = cell.place
        self._files = files
        self._read: dict[str, tuple[Variable, str]] = {}

    def follow(self, found: Found) -> Iterable[Found]:
        """Take note of variables that are read in a function, or in the cell itself."""
        where = found.outside.where
        for each in found.outside.variables:
            before = self._read.get(each.name)
            if before is None or (each.is_required and not before[0].is_required):
                self._read[each.name] = each, f"{where}, line {each.line}" if where else f"line {each.line}"
        return ()

    def account(self) -> Iterator[Need]:
        """Iterate over those that the run has, a line each, without their values."""
        passed_on = self._passed_on()
        for name, (_, place) in self._read.items():
            if name in self._given or name in passed_on:
                how = "--env" if name in self._given else "inherited"
                yield Need(name, "environment", "environment variable", place, how=how)

    def notes(self) -> list[str]:
        """Return what the run won't have; a `.env` file may still give it what is missing here."""
        notes, passed_on = [], self._passed_on()
        for name, (variable, place) in self._read.items():
            if name in self._given or name in passed_on:
                continue
            if not self._place.inherits and name in _OF_EVERY_LOGIN:
                continue
            if name in os.environ:
                whose = "is the notebook's own and isn't passed on" if self._place.inherits else self._stays
                notes.append(f"environment variable {name!r} ({place}) {whose}; `--env {name}` gives it to the run")
            elif variable.is_required and not self._files.has_env_file:
                notes.append(
                    f"environment variable {name!r} ({place}) isn't set; `--env {name}=VALUE` gives it to the run"
                )
        return notes

    @property
    def _stays(self) -> str:
        return f"isn't passed on to {self._place}"

    def _passed_on(self) -> Collection[str]:
        return inherited(os.environ) if self._place.inherits else ()
