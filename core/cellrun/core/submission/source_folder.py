"""The source folder of a script or a command, as what a run's folder is filled with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.run_request import RunCode
from cellrun.core.submission.snapshot import Snapshot


class SourceFolder(RunCode):
    """A folder of which a snapshot goes along. `script` is the file in it that is run, if one is."""

    def __init__(self, folder: Path, script: str | None = None) -> None:
        self._folder = folder
        self._script = script
        self._snapshot: Snapshot | None = None

    def problems(self, workspace: WorkspaceLayout) -> Sequence[str]:
        """Scan the folder; return why it can't be taken along as it is."""
        self._snapshot = snapshot = Snapshot(self._folder, out=(workspace.folder,))
        problems = snapshot.problems()
        if self._script is not None and all(file.path != self._script for file in snapshot.files):
            rules = snapshot.rules.file_name or "the default rules (outputs/, logs/, caches, environments)"
            problems.append(f"script {self._script!r} is left out of the snapshot by {rules}")
        return problems

    def warnings(self) -> Sequence[str]:
        """Return what of the folder is left out."""
        if self._snapshot is None:
            return ()
        left_out = list(self._snapshot.warnings)
        if secrets := self._snapshot.secret_words():
            left_out.append(f"{secrets}; the run reads them where they are, if it runs on this machine")
        return [f"snapshot of {self._folder}: {warning}" for warning in left_out]

    def links(self) -> Mapping[str, str]:
        """Return the secrets beside the code, which a script may read where they are."""
        return self._snapshot.secrets if self._snapshot else {}

    @property
    def size_bytes(self) -> int:
        """How many bytes the snapshot has."""
        return self._snapshot.size_bytes if self._snapshot else 0

    def copy_to(self, draft: RunLayout) -> None:
        """Copy what was scanned. Raises SnapshotException for a file that can't be read."""
        (self._snapshot or Snapshot(self._folder, out=(draft.workspace.folder,))).copy_to(draft.snapshot)
