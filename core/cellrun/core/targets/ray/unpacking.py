"""A run's folder on a node of a cluster, made of the package that has come there.

It is in a private folder of its own, below the node's folder for what is temporary: jobs may share a package, and Ray
removes it. Standard library only.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from cellrun.core.disk.ownership import is_mine
from cellrun.core.disk.whole_files import copy_tree, make_private_folder, remove_tree, replace_file
from cellrun.core.errors import ExperimentExecutionException, WorkspaceException
from cellrun.core.identity import ProcessIdentity
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.names import is_plain
from cellrun.core.places import home_folder
from cellrun.core.remote.partial_files import finish, parts_of
from cellrun.core.remote.upload_orders import prepare
from cellrun.core.run_request import RunRequest

_PREFIX = "cellrun-ray-"
_OWNER = "owner.json"
_KEPT_S = 7 * 24 * 3600.0


def new_folder() -> Path:
    """Make the private folder of this process's run; what killed ones have left long ago is removed.

    Environments that are built are kept in this user's own place. Where that can't be written, as in a container, they
    are in this folder.
    """
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    _sweep(folder.parent)
    replace_file(folder / _OWNER, json.dumps(ProcessIdentity.current().to_json()))
    os.environ["CELLRUN_RUNTIME_DIR"] = str(folder / "runtime")
    try:
        home_folder("environments")
    except (WorkspaceException, OSError, RuntimeError):  # RuntimeError: this user has no home at all
        os.environ["CELLRUN_HOME"] = str(folder / "home")
    return folder


def unpacked(package: Path, order: Mapping[str, Any], place: Path) -> RunLayout:
    """Make a run's folder below a place; `order` is what the package says of it.

    Raises ExperimentExecutionException for a package that isn't whole, or has names that lead elsewhere.
    """
    workspace = WorkspaceLayout(place / "workspace")
    run_id, values = str(order["run"]), package / "values"
    if not is_plain(run_id):
        raise ExperimentExecutionException(f"no run can be called {run_id!r:.80}")
    for folder in (workspace.folder, workspace.runs, workspace.values):
        make_private_folder(folder)
    workspace.changes.touch(mode=0o600)
    named = {"version": 1, "id": str(order["workspace"]), "name": str(order["workspace_name"])}
    replace_file(workspace.record, json.dumps(named))
    for value in values.iterdir() if values.is_dir() else ():
        make_private_folder(workspace.values / value.name[:2])
        shutil.copyfile(value, workspace.values / value.name[:2] / value.name)
    run = workspace.run(run_id)
    make_private_folder(run.folder)
    for file in order["files"]:
        _copy(package / "run", file, run)
    prepare(run)
    return run


def lay_out(request: RunRequest, run: RunLayout) -> None:
    """Make the working folder of a run's job. Raises OSError, ExperimentExecutionException for what can't be made."""
    copy_tree(run.snapshot, run.work)
    if request.inputs or request.outputs:
        from cellrun.core.data.in_run.binding import lay_out as lay_out_data  # noqa: PLC0415  # few runs have any

        lay_out_data(request.inputs, request.outputs, run)


def _copy(source: Path, file: Mapping[str, Any], run: RunLayout) -> None:
    parts = parts_of(file["path"])
    path, target = source.joinpath(*parts), run.folder.joinpath(*parts)
    if not path.is_file() or path.stat().st_size != file["size"]:
        raise ExperimentExecutionException(f"{file['path']} of the run didn't come whole in its package: run it again")
    make_private_folder(target.parent)
    shutil.copyfile(path, target)
    finish(run.folder, parts, int(file["mode"]), int(file["mtime_ns"]))


def _sweep(temporary: Path) -> None:
    """Remove folders of runs that were killed, or whose end nobody took, a week ago."""
    for folder in temporary.glob(f"{_PREFIX}*"):
        with suppress(OSError, ValueError, KeyError, TypeError):
            if not is_mine(folder) or time.time() - folder.stat().st_mtime < _KEPT_S:
                continue
            if ProcessIdentity.from_json(json.loads((folder / _OWNER).read_bytes())).is_proven_dead(0.0):
                remove_tree(folder)
