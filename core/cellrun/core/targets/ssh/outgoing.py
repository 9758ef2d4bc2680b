"""What a run is started with on another machine, kept until it is there: the only place for its secrets meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cellrun.core.disk import make_private_folder, write_once
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.places import private_folder
from cellrun.core.store.workspace_record import WorkspaceRecord

_FOLDER = "outgoing"


@dataclass(frozen=True)
class Order:
    """What the far side is told to start. Its values may be secrets."""

    request: Mapping[str, Any]
    """The run request as plain values, without them."""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Environment variables that the user gave."""


class Outgoing:
    """The orders of a workspace's runs that aren't known to have been started yet.

    Each is a file (0600) in CELLRUN_HOME's private folder, in no run's; whoever launched it, or finds its run ended,
    removes it.
    """

    def __init__(self, workspace: WorkspaceLayout) -> None:
        self._workspace = workspace
        self.workspace_id = WorkspaceRecord.read(workspace).id
        self._folder = private_folder() / _FOLDER / self.workspace_id

    def add(self, run: RunLayout, order: Order) -> bool:
        """Keep an order; False if one is kept for this run already."""
        make_private_folder(self._folder)
        try:
            write_once(
                self._path(run), json.dumps({"request": order.request, "variables": order.variables}), mode=0o600
            )
        except FileExistsError:
            return False
        return True

    def get(self, run: RunLayout) -> Order | None:
        """Return the order of a run; None if it has none (any more)."""
        with suppress(FileNotFoundError):
            data = json.loads(self._path(run).read_bytes())
            return Order(data["request"], data["variables"])
        return None

    def note_asked(self, run: RunLayout) -> None:
        """Note that the far side is being asked to start it: from now on nobody here knows that it won't."""
        self._mark(run).touch(mode=0o600)

    def was_asked(self, run: RunLayout) -> bool:
        """Whether the far side may have started it."""
        return self._mark(run).exists()

    def remove(self, run: RunLayout) -> None:
        """Forget a run's order."""
        self._path(run).unlink(missing_ok=True)
        self._mark(run).unlink(missing_ok=True)

    def runs(self) -> Iterator[RunLayout]:
        """Iterate over all runs that have an order."""
        if self._folder.is_dir():
            for path in sorted(self._folder.glob("*.json")):
                yield self._workspace.run(path.stem)

    def _path(self, run: RunLayout) -> Path:
        return self._folder / f"{run.run_id}.json"

    def _mark(self, run: RunLayout) -> Path:
        return self._folder / f"{run.run_id}.asked"
