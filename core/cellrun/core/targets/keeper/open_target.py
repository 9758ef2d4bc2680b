"""A target that is opened once and used for long: what it holds, as a connection, is given up with it."""

from __future__ import annotations

from contextlib import suppress

from cellrun.core.layout import WorkspaceLayout
from cellrun.core.targets.contract import ComputeTarget
from cellrun.core.targets.workspace_targets import WorkspaceTargets


class OpenTarget:
    """A target of a workspace by its name; made anew once it is attached otherwise. For one thread."""

    def __init__(self, workspace: WorkspaceLayout, name: str) -> None:
        self._workspace = workspace
        self._name = name
        self._made: ComputeTarget | None = None
        self._version: tuple[int, ...] = ()

    def get(self) -> ComputeTarget:
        """Return the target. Raises ComputeTargetException if it can't be used here, or is attached no more."""
        version = self._version_now()
        if self._made is None or version != self._version:
            self.close()
            self._made, self._version = WorkspaceTargets(self._workspace).get(self._name), version
        return self._made

    def close(self) -> None:
        """Give it up; `get` makes it anew."""
        made, self._made = self._made, None
        if made is not None:
            with suppress(Exception):  # a stranger's class: what it can't give up it loses with this process
                made.close()

    def _version_now(self) -> tuple[int, ...]:
        try:
            about = (self._workspace.targets / f"{self._name}.json").stat()
        except OSError:
            return ()
        return about.st_mtime_ns, about.st_ino, about.st_size
