"""What a run was run by: Python and its packages, the machine, the state of the source folder's repository."""

from __future__ import annotations

import json
from typing import Any

from cellrun.core.layout import RunLayout


def read_environment(layout: RunLayout) -> dict[str, Any] | None:
    """Return what was recorded beside the running job; None before it was (or where it couldn't be).

    Keys: `python` (version, implementation, executable), `packages` (version by name), `host` (name, os, cpu, cpus,
    memory_bytes), `gpus` (name, memory_bytes, driver of each), `cuda_visible_devices`, `git` (remote, branch, head,
    files_changed, untracked, diff, diff_truncated; None outside a repository), `recorded_at` in epoch seconds, and
    `problems`: what couldn't be found out, in words. What couldn't is missing.
    """
    try:
        recorded = json.loads(layout.environment.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return recorded if isinstance(recorded, dict) else None
