"""The folders of runs on a remote machine: below CELLRUN_HOME, one shaped like a workspace for each sender.

`remote/<workspace id>/` has `runs/` and `values/` as everywhere, and `incoming/`: what comes in is there until it is
whole. Nobody but this user can write to any of it (`places.home`).
"""

from __future__ import annotations

import json
from pathlib import Path

from cellrun.core.disk.whole_files import make_private_folder, replace_file
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.names import is_plain
from cellrun.core.places import home_folder
from cellrun.core.remote.refusal import BadOrderError

REMOTE = "remote"
INCOMING = "incoming"
HOME = "home"


class RemoteWorkspace:
    """The folder of one workspace. Raises BadOrderError for an id that is none, WorkspaceException, OSError."""

    def __init__(self, workspace_id: object) -> None:
        self.id = plain_name("workspace", workspace_id)
        self.folder = home_folder(REMOTE) / self.id
        self.layout = WorkspaceLayout(self.folder)

    @classmethod
    def all(cls) -> list[RemoteWorkspace]:
        """Return all that are there."""
        return [cls(path.name) for path in sorted(home_folder(REMOTE).iterdir()) if is_plain(path.name)]

    def make(self) -> None:
        """Make its folders, unless they are there."""
        for folder in (self.folder, self.layout.runs, self.layout.values, self.folder / INCOMING, self.folder / HOME):
            make_private_folder(folder)
        self.layout.changes.touch(mode=0o600)

    def name(self, name: str) -> None:
        """Note what its user calls it."""
        if not self.layout.record.exists():
            replace_file(self.layout.record, json.dumps({"version": 1, "id": self.id, "name": name}))

    def run(self, run_id: object) -> RunLayout:
        """Return the layout of a run, there or not."""
        return self.layout.run(plain_name("run", run_id))

    def draft(self, run_id: object) -> RunLayout:
        """Return the layout of a run that is coming in, there or not."""
        return RunLayout(self.folder / INCOMING / plain_name("run", run_id))

    def home_mark(self, run_id: str) -> Path:
        """Return the file that says since when all of a run has been at home."""
        return self.folder / HOME / run_id

    @property
    def lock(self) -> Path:
        """The file that is locked while a run is being started."""
        return self.folder / "launching.lock"


def plain_name(what: str, given: object) -> str:
    """Return a name of letters, digits and `_ - .` that names a folder. Raises BadOrderError for any other."""
    if not isinstance(given, str) or not is_plain(given):
        raise BadOrderError(f"no {what} can be called {given!r:.80}")
    return given
