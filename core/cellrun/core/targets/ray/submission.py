"""One job as the Jobs API is told it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cellrun.core.layout import RunLayout
from cellrun.core.mirror.run_key import new_key
from cellrun.core.mirror.run_token import new_token
from cellrun.core.places import WorkspaceRecord
from cellrun.core.resources import Resources, limits
from cellrun.core.targets.pending_launch import Order
from cellrun.core.targets.ray.entry import SECRETS
from cellrun.core.targets.ray.handle import Handle
from cellrun.core.targets.ray.package import uri_of

_MODULE = "cellrun.core.targets.ray.entry"
# A cluster that was started out of a virtual environment has its `python` first on PATH; others only a `python3`.
_ENTRY = f"if command -v python >/dev/null 2>&1; then exec python -m {_MODULE}; else exec python3 -m {_MODULE}; fi"
_STOP_WAIT = "RAY_JOB_STOP_WAIT_TIME_S"
_END_S = 60
"""So long after both its graces a canceled run may take to send its end home."""


def carrier_of(run: RunLayout, handle: Handle) -> dict[str, Any]:
    """Return how what a run writes comes home: to our server, and into its job's log where it reaches none."""
    if not handle.server:
        return {"way": "lines"}
    workspace = WorkspaceRecord.read(run.workspace).id
    url = f"{handle.server}/cellrun/api/workspaces/{workspace}/runs/{run.run_id}/frames"
    return {"way": "push", "url": url, "or_lines": True}


def submission(run: RunLayout, handle: Handle, order: Order, package: str, core: str) -> Mapping[str, Any]:
    """Return what is posted; the names are those of packages that were uploaded. Its secrets are the job's alone."""
    asked = Resources.from_json(dict(order.request["resources"]))
    secrets = {
        "variables": dict(order.variables),
        "key": new_key(run).hex(),
        "token": new_token(run) if handle.server else "",
    }
    told: dict[str, Any] = {
        "entrypoint": _ENTRY,
        "submission_id": handle.job,
        "entrypoint_num_cpus": max(1, asked.cpus),
        "runtime_env": {
            "working_dir": uri_of(package),
            "py_modules": [uri_of(core)],
            "env_vars": {SECRETS: json.dumps(secrets), _STOP_WAIT: str(int(2 * limits().grace_s + _END_S))},
        },
        "metadata": {"cellrun_run": run.run_id},
    }
    if asked.gpus:
        told["entrypoint_num_gpus"] = asked.gpus
    if asked.memory_bytes:
        told["entrypoint_memory"] = asked.memory_bytes
    return told
