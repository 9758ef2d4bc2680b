"""The recorded surroundings of a run: Python and packages, the machine, the state of the source's repository."""

from __future__ import annotations

from typing import Any

from cellrun.core.disk import control_file
from cellrun.core.disk.control_file import are_texts, is_mapping_of, is_number, is_scalar, is_text, is_text_or_none
from cellrun.core.errors import DamagedRunError
from cellrun.core.layout import RunLayout

_SHAPE: control_file.Shape = {
    "python": is_mapping_of(is_scalar),
    "packages": is_mapping_of(is_text),
    "host": is_mapping_of(is_scalar),
    "gpus": lambda value: isinstance(value, list) and all(map(is_mapping_of(is_scalar), value)),
    "cuda_visible_devices": is_text_or_none,
    "git": lambda value: value is None or is_mapping_of(is_scalar)(value),
    "recorded_at": is_number,
    "problems": are_texts,
}


def read_environment(layout: RunLayout) -> dict[str, Any] | None:
    """Return what was recorded beside the running job; None before it was (or where it couldn't be).

    Keys: `python` (version, implementation, executable), `packages` (version by name), `host` (name, os, cpu, cpus,
    memory_bytes), `gpus` (name, memory_bytes, driver of each), `cuda_visible_devices`, `git` (remote, branch, head,
    files_changed, untracked, diff, diff_truncated; None outside a repository), `recorded_at` in epoch seconds, and
    `problems`: what couldn't be found out, in words. What couldn't is missing.
    """
    try:
        recorded = control_file.read_object(layout.folder, layout.environment, _SHAPE, needed=())
    except (FileNotFoundError, DamagedRunError):
        return None
    return recorded
