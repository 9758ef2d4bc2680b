"""The workspaces that a server serves: those of the user's registry, and the default one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

from cellrun.core import places
from cellrun.core.errors import RunNotFoundError
from cellrun.core.store.layout import RunLayout, WorkspaceLayout
from cellrun.core.store.lists.index import Index
from cellrun.core.store.run_store import RunStore
from cellrun.server.errors import NotFoundError

FIRST_ANSWER_S = 0.25
"""While a large index is made again, what was read of it by then is the answer."""
DEFAULT = "default"
"""The default workspace's other id: it is served before it exists, and has none of its own until then."""


class OpenWorkspace:
    """A workspace as the server holds it: with one index for all who ask."""

    def __init__(self, layout: WorkspaceLayout) -> None:
        self.layout = layout
        self.index = Index(layout)
        self.store = RunStore(layout)

    @property
    def exists(self) -> bool:
        """Whether it was made by now."""
        return self.layout.record.exists()

    def named(self) -> tuple[str, str]:
        """Return its id and its name; both `default` before the default workspace exists."""
        try:
            record = json.loads(self.layout.record.read_bytes())
            return str(record["id"]), str(record["name"])
        except FileNotFoundError:
            return DEFAULT, DEFAULT

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
        layouts = [places.default_workspace(), *(entry.layout for entry in places.registered())]
        return list({held.layout.folder: held for held in map(self._held, layouts)}.values())

    def open(self, workspace_id: str) -> OpenWorkspace:
        """Return a workspace by its id. Raises NotFoundError, naming those that are there."""
        if workspace_id == DEFAULT:
            return self._held(places.default_workspace())
        for entry in places.registered():
            if entry.id == workspace_id:
                return self._held(entry.layout)
        default = self._held(places.default_workspace())  # made, but not registered: its registry was removed
        if default.named()[0] == workspace_id:
            return default
        known = ", ".join(self._known()) or "none yet"
        raise NotFoundError(f"no workspace {workspace_id!r}; known: {known}; Workspace.from_config() opens one")

    def _held(self, layout: WorkspaceLayout) -> OpenWorkspace:
        with self._lock:
            held = self._open.get(layout.folder)
            if held is None:
                held = self._open[layout.folder] = OpenWorkspace(layout)
            return held

    def _known(self) -> Iterator[str]:
        for held in self.all():
            found, name = held.named()
            yield f"{found} ({name})"
