"""The order of a run that is not yet started on another machine: meanwhile the only place of its secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from cellrun.core.disk.whole_files import make_private_folder, write_once
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.errors import ComputeTargetException
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.places import WorkspaceRecord, private_folder
from cellrun.core.run_request import RunRequest, request_to_json
from cellrun.core.store.status import StatusFile

_FOLDER = "outgoing"


class Order(NamedTuple):
    """What another machine is told to start. Its variables' values may be secrets."""

    request: Mapping[str, Any]
    """The run request as plain values, without those."""
    experiment: str
    variables: Mapping[str, str]
    """Environment variables that the user gave, by value."""

    def __repr__(self) -> str:
        """Return what may be shown of it."""
        return f"Order({self.request.get('program')!r})"

    @classmethod
    def of(cls, request: RunRequest) -> Order:
        """Return the order of a request, with its environment as another machine can have it."""
        if isinstance(request.environment, EnvironmentSpec):
            from cellrun.core.environments.portable_spec import PortableSpec  # noqa: PLC0415  # few runs need it

            request = replace(request, environment=PortableSpec.of(request.environment).spec)
        return cls(request_to_json(request), request.experiment, dict(request.variables))


class PendingLaunch:
    """The orders of a workspace's runs that aren't known to have been started yet.

    Each is a file (0600) in CELLRUN_HOME's private folder, in no run's; whoever launched it, or finds its run ended,
    removes it.
    """

    def __init__(self, workspace: WorkspaceLayout) -> None:
        self._workspace = workspace
        self._folder = private_folder() / _FOLDER / WorkspaceRecord.read(workspace).id

    def add(self, run: RunLayout, order: Order) -> bool:
        """Keep an order; False if one is kept for this run already."""
        make_private_folder(self._folder)
        try:
            write_once(self._path(run), json.dumps(order._asdict()), mode=0o600)
        except FileExistsError:
            return False
        return True

    def has(self, run: RunLayout) -> bool:
        """Whether a run has an order."""
        return self._path(run).exists()

    def get(self, run: RunLayout) -> Order | None:
        """Return the order of a run; None if it has none (any more).

        Raises ComputeTargetException for one that is damaged, as by a power cut: the run can't be started any more.
        """
        with suppress(FileNotFoundError):
            path = self._path(run)
            try:
                return Order(**json.loads(path.read_bytes()))
            except (ValueError, TypeError) as error:
                raise ComputeTargetException(f"{path} is damaged; run it again") from error
        return None

    def note_asked(self, run: RunLayout) -> None:
        """Note that its machine is being asked to start it: from now on nobody here knows that it won't."""
        self._mark(run).touch(mode=0o600)

    def was_asked(self, run: RunLayout) -> bool:
        """Whether its machine may have started it."""
        return self._mark(run).exists()

    def remove(self, run: RunLayout) -> None:
        """Forget a run's order."""
        self._path(run).unlink(missing_ok=True)
        self._mark(run).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Forget the orders of runs that have ended, or are gone: whoever ended them may not have known of any."""
        for path in self._folder.glob("*.json"):
            run = self._workspace.run(path.stem)
            if not run.folder.exists() or StatusFile(run).is_over():
                self.remove(run)

    def _path(self, run: RunLayout) -> Path:
        return self._folder / f"{run.run_id}.json"

    def _mark(self, run: RunLayout) -> Path:
        return self._folder / f"{run.run_id}.asked"
