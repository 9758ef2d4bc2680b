"""Removes from a remote machine runs that are synchronized, drafts of runs that never came, and unused values.

Nothing of a run that lives, or that isn't known to be at home.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from cellrun.core.context.used_values import values_of_run
from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.disk.whole_files import remove_tree
from cellrun.core.environments.job_library import remove_unused
from cellrun.core.errors import CellrunError
from cellrun.core.layout import RunLayout
from cellrun.core.mirror.run_key import forget_key
from cellrun.core.places import home_folder
from cellrun.core.remote.engines import Engines
from cellrun.core.remote.launch_order import hold_launch_lock
from cellrun.core.remote.remote_workspace import INCOMING, RemoteWorkspace
from cellrun.core.store.run_store import DELETED
from cellrun.core.store.status import StatusFile

_DAY_S = 86_400.0
RUN_S = DRAFT_S = 7 * _DAY_S
VALUE_S = 30 * _DAY_S
_EVERY_S = _DAY_S
_STAMP = ".pruned"


def prune_now_and_then() -> None:
    """Remove what is due, once a day; what can't be removed stays until the next time."""
    with suppress(OSError, CellrunError):
        stamp = home_folder("remote") / _STAMP
        if _age_s(stamp) > _EVERY_S:
            stamp.touch(mode=0o600)
            prune()


def prune() -> None:
    """Remove what is due in all workspaces."""
    for there in RemoteWorkspace.all():
        with suppress(OSError, CellrunError), hold_launch_lock(there):  # nobody starts a run of what is being looked at
            _prune_runs(there)
            _prune_drafts(there)
            _prune_values(there)
    with suppress(OSError, CellrunError):
        remove_unused()


def _prune_runs(there: RemoteWorkspace) -> None:
    engines = Engines()
    for layout in _runs(there):
        mark = there.home_mark(layout.run_id)
        if _age_s(mark, missing_s=0.0) > RUN_S and StatusFile(layout).read().status.is_terminal:
            with suppress(CellrunError):  # its engine doesn't answer, or isn't known here (any more)
                if engines.of_run(layout).holds(layout):  # processes of it may be left
                    continue
                forget_key(layout)
                _remove(layout.folder)
                mark.unlink(missing_ok=True)
    for left in there.layout.runs.glob(f"{DELETED}*"):  # whoever was removing it was killed
        remove_tree(left)


def _prune_drafts(there: RemoteWorkspace) -> None:
    for draft in (there.folder / INCOMING).iterdir():
        if _age_s(draft) > DRAFT_S:
            remove_tree(draft)


def _prune_values(there: RemoteWorkspace) -> None:
    """Remove values that nobody has asked for in long, but none that a run here names: none if one can't be read."""
    try:
        named = {blob.hash for layout in _runs(there) for blob in values_of_run(layout)}
    except (*UNREADABLE, CellrunError):
        return
    for path in there.layout.values.glob("*/*"):
        is_part = path.parent.name == INCOMING
        if path.name not in named and _age_s(path) > (DRAFT_S if is_part else VALUE_S):
            path.unlink(missing_ok=True)


def _runs(there: RemoteWorkspace) -> Iterator[RunLayout]:
    for name in os.listdir(there.layout.runs):  # noqa: PTH208  # names alone
        if not name.startswith("."):
            yield there.layout.run(name)


def _remove(folder: Path) -> None:
    taken_out = folder.with_name(f"{DELETED}{os.urandom(8).hex()}")
    folder.rename(taken_out)
    remove_tree(taken_out)


def _age_s(path: Path, missing_s: float = float("inf")) -> float:
    """Return how long ago a file was changed; `missing_s` if it isn't there."""
    try:
        return time.time() - path.lstat().st_mtime
    except FileNotFoundError:
        return missing_s
