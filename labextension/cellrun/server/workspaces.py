"""The workspaces that a server serves: those of the user's registry, and the default one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from cellrun.core import Workspace, places
from cellrun.core.errors import RunNotFoundError, WorkspaceException
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.places import WorkspaceRecord
from cellrun.core.store.lists.index import Index
from cellrun.core.store.run_store import RunStore
from cellrun.core.targets.target_states import TargetStates
from cellrun.core.targets.workspace_targets import WorkspaceTargets
from cellrun.server.errors import NotFoundError
from cellrun.server.kept_targets import KeptTargets

FIRST_ANSWER_S = 0.25
"""While a large index is made again, what was read of it by then is the answer."""
DEFAULT = "default"
"""The default workspace's other id: it is served before it exists, and has none of its own until then."""


class OpenWorkspace:
    """A workspace as the server holds it: with one index for all who ask.

    `known` is its id and name by the registry: what it goes by if its own record is damaged.
    """

    def __init__(self, layout: WorkspaceLayout, known: tuple[str, str]) -> None:
        self.layout = layout
        self._known = known
        self.index = Index(layout)
        self.store = RunStore(layout)
        self.targets = WorkspaceTargets(layout)
        self.target_states = TargetStates(layout)
        self._kept = KeptTargets(layout)

    @property
    def exists(self) -> bool:
        """Whether it was made by now."""
        return self.layout.record.exists()

    def named(self) -> tuple[str, str]:
        """Return its id and its name; both `default` before the default workspace exists."""
        try:
            return WorkspaceRecord.read(self.layout)
        except WorkspaceException:  # one damaged workspace doesn't hide all others
            return self._known

    def made(self) -> OpenWorkspace:
        """Return it once it is there: the default one is made with the first thing that is kept in it."""
        if not self.exists:
            Workspace.create(DEFAULT, self.layout.folder, exist_ok=True)
        return self

    def tend(self) -> None:
        """Let its list learn of runs elsewhere though nobody opens one; for whoever shows it, as often as it likes."""
        self._kept.tend()

    def run(self, id_or_name: str) -> RunLayout:
        """Return a run's layout by its id or name. Raises RunNotFoundError."""
        try:
            return self.store.find(id_or_name)
        except (ValueError, OSError):  # no name of a file: too long, NUL in it
            raise RunNotFoundError(id_or_name, str(self.layout.folder)) from None


class Workspaces:
    """Finds workspaces by id, and keeps what was opened. Threads may share it."""

    def __init__(self) -> None:
        self._open: dict[Path, OpenWorkspace] = {}
        self._lock = threading.Lock()

    def all(self) -> list[OpenWorkspace]:
        """Return all workspaces, the default one first, whether it exists by now or not."""
        found = [self._default(), *map(self._held, places.registered())]
        return list({held.layout.folder: held for held in found}.values())

    def open(self, workspace_id: str) -> OpenWorkspace:
        """Return a workspace by its id. Raises NotFoundError, naming those that are there."""
        if workspace_id == DEFAULT:
            return self._default()
        if entry := places.registered_as(workspace_id):
            return self._held(entry)
        default = self._default()
        if default.named()[0] == workspace_id:  # made, but not registered: its registry was removed
            return default
        known = ", ".join(self._known()) or "none yet"
        raise NotFoundError(f"no workspace {workspace_id!r}; known: {known}; Workspace.from_config() opens one")

    def _default(self) -> OpenWorkspace:
        return self._held(places.RegisteredWorkspace(DEFAULT, DEFAULT, places.default_workspace()))

    def _held(self, entry: places.RegisteredWorkspace) -> OpenWorkspace:
        with self._lock:
            held = self._open.get(entry.layout.folder)
            if held is None:
                held = self._open[entry.layout.folder] = OpenWorkspace(entry.layout, (entry.id, entry.name))
            return held

    def _known(self) -> Iterator[str]:
        for held in self.all():
            found, name = held.named()
            yield f"{found} ({name})"
