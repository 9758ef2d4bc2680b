"""Copies of runs' snapshots that kernels have loaded: each goes with its kernel, or is swept if that was killed."""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from cellrun.core.identity import ProcessIdentity
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.places import cache_of

_PREFIX = "cellrun-"


def loaded_copies(workspace: WorkspaceLayout) -> Path:
    """Return the folder of the copies: in the user's own home, for what is imported from it must be nobody else's."""
    return cache_of(workspace) / "loaded"


def new_copy(layout: RunLayout) -> Path:
    """Make an empty folder for this process's copy of a run's snapshot."""
    place = loaded_copies(layout.workspace)
    place.mkdir(mode=0o700, exist_ok=True)
    for folder in abandoned_copies(layout.workspace):
        remove_copy(folder)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{layout.run_id}-", dir=place))
    _owner(folder).write_text(json.dumps(ProcessIdentity.current().to_json()))
    return folder


def remove_copy(folder: Path) -> None:
    """Remove a copy."""
    shutil.rmtree(folder, ignore_errors=True)
    _owner(folder).unlink(missing_ok=True)


def abandoned_copies(workspace: WorkspaceLayout) -> list[Path]:
    """Return the copies of kernels that were killed."""
    return [folder for folder in loaded_copies(workspace).glob(f"{_PREFIX}*/") if _is_abandoned(folder)]


def _is_abandoned(folder: Path) -> bool:
    with suppress(OSError, ValueError, KeyError, TypeError):  # being made, or another user's
        owner = _owner(folder)
        return ProcessIdentity.from_json(json.loads(owner.read_bytes())).is_proven_dead(owner.stat().st_mtime)
    return False


def _owner(folder: Path) -> Path:
    """Return the file that says which process has a copy."""
    return folder.with_name(f"{folder.name}.owner")
