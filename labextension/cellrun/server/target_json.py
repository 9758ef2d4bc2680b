"""A target as its page shows it: `Target` of openapi.yaml."""

from __future__ import annotations

from typing import Any

from cellrun.core.resources import Resources
from cellrun.core.targets.contract import Capability, TargetDescription
from cellrun.core.targets.target_states import TargetState
from cellrun.core.targets.workspace_targets import LOCAL


def target_json(state: TargetState) -> dict[str, Any]:
    """Return how a target is as plain values."""
    others, kept = state.others, state.kept
    return {
        "name": state.name,
        "kind": state.kind,
        "where": state.where,
        "is_attached": state.name != LOCAL,
        "can": [str(each) for each in Capability if each in state.capabilities],
        "why_unusable": state.why_unusable or None,
        "others": {"kind": others.kind, "settings": others.settings, "why": others.why} if others else None,
        "fullness": _fullness(state.described) if state.described else None,
        "heard_at": state.heard_at,
        "why_not": state.why_not or None,
        "since": state.since,
        "is_asked": state.is_asked,
        "next_try": kept.next_try if kept else None,
        "is_paused": bool(kept and kept.is_paused),
        "problems": dict(kept.problems) if kept else {},
    }


def _fullness(described: TargetDescription) -> dict[str, Any]:
    return {
        "capacity": _resources(described.capacity),
        "in_use": _resources(described.in_use),
        "running": described.running,
        "waiting": described.waiting,
    }


def _resources(resources: Resources) -> dict[str, int]:
    return {"cpus": resources.cpus, "gpus": resources.gpus, "memory_bytes": resources.memory_bytes}
