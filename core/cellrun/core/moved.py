"""Where modules are by now that run folders, tickets and pickles of earlier versions name: one table.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

_ROOT = Path(__file__).parent
_PACKAGE = "cellrun.core."
_MODULES = {
    # 0.1: `job` was parted into what stands beside a job and what runs inside one
    "job.cell": "cell.main",
    "job.supervisor": "supervision.supervisor",
    "job.recorder_script": "supervision.recorder_script",
    "runs.context": "current_run",
    "runs.offline_run": "offline.offline_run",
    "store.layout": "layout",
    "submission.resources": "resources",
    # 0.1.0: modules of one noun were joined
    "context.pickles.code_objects": "context.pickles.references",
    "context.pickles.exceptions": "context.pickles.instances",
    "context.pickles.mapped_files": "context.pickles.arrays",
    "context.pickles.torch_values": "context.pickles.reducers",
    "context.pickles.weak_references": "context.pickles.reducers",
    "status": "store.status",
    # 0.1.0: modules were named by the field's words
    "data.datasets.first_verbs": "data.datasets.legacy_verbs",
    "far.link": "remote.link",
    "far.opening": "remote.handshake",
    "pipelines.told_status": "pipelines.azure_status",
}
_NAMES = {("context.pickles.reducers", "_open_workspace"): ("workspace", "open_workspace")}


def moved_name(module: str, name: str) -> tuple[str, str]:
    """Return where a function or class is that a pickle names by its module and its name."""
    ours = module.removeprefix(_PACKAGE)
    if ours == module:
        return module, name
    there, name = _NAMES.get((ours, name), (_MODULES.get(ours, ours), name))
    return _PACKAGE + there, name


def names_moved(pickled: bytes) -> bool:
    """Whether a pickle seems to name something that is elsewhere by now."""
    old = {*_MODULES, *(module for module, _ in _NAMES)}
    return any(f"{_PACKAGE}{module}".encode() in pickled for module in old)


def moved_command(command: Sequence[str], python_path: str = "") -> tuple[str, ...]:
    """Return a command that names modules (after `-m`) and files of ours where they are.

    `python_path` is its PYTHONPATH: a copy of the earlier cellrun in it has its modules where they were.
    """
    copies = [Path(folder) for folder in python_path.split(os.pathsep) if folder]
    return tuple(
        _moved_file(word) if before != "-m" else word if _is_in(copies, word) else moved_name(word, "")[0]
        for before, word in zip(("", *command), command, strict=False)
    )


def _is_in(folders: Sequence[Path], module: str) -> bool:
    return any(folder.joinpath(*module.split(".")).with_suffix(".py").exists() for folder in folders)


def _moved_file(path: str) -> str:
    """Return a file of ours in place of one that isn't there any more."""
    for old, new in _MODULES.items():
        if path.endswith(f"/cellrun/core/{old.replace('.', '/')}.py") and not Path(path).exists():
            return str(_ROOT / f"{new.replace('.', '/')}.py")
    return path
