"""How a cluster is, under Azure ML's names and keys."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from cellrun.core.names import camel
from cellrun.core.targets.resource import SUCCEEDED


class _Told:
    """Plain values whose `serialize` is what Azure ML's has."""

    def serialize(self) -> dict[str, Any]:
        """Return them by Azure ML's keys."""
        told = {}
        for one in fields(self):  # type: ignore[arg-type]  # each is a dataclass
            value = getattr(self, one.name)
            told[camel(one.name)] = value.serialize() if isinstance(value, _Told) else value
        return told

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.serialize()})"


@dataclass(repr=False)
class ScaleSettings(_Told):
    """How many nodes a cluster has: here at most so many of its runs at once."""

    minimum_node_count: int = 0
    maximum_node_count: int = 1
    idle_seconds_before_scaledown: int = 1800

    def serialize(self) -> dict[str, Any]:
        """Return them by Azure ML's keys."""
        return {
            "minNodeCount": self.minimum_node_count,
            "maxNodeCount": self.maximum_node_count,
            "nodeIdleTimeBeforeScaleDown": f"PT{self.idle_seconds_before_scaledown}S",
        }


@dataclass(repr=False)
class NodeStateCounts(_Told):
    """How many nodes are in which state."""

    preparing_node_count: int = 0
    running_node_count: int = 0
    idle_node_count: int = 0
    unusable_node_count: int = 0
    leaving_node_count: int = 0
    preempted_node_count: int = 0


@dataclass(repr=False)
class AmlComputeStatus(_Told):
    """How a cluster is."""

    current_node_count: int
    target_node_count: int
    node_state_counts: NodeStateCounts
    scale_settings: ScaleSettings
    vm_size: str
    vm_priority: str
    creation_time: str | None = None
    modified_time: str | None = None
    allocation_state: str = "Steady"
    allocation_state_transition_time: str | None = None
    provisioning_state: str = SUCCEEDED
    provisioning_state_transition_time: str | None = None
    errors: list[Any] | None = None


@dataclass(repr=False)
class ComputeInstanceStatus(_Told):
    """How a compute instance is."""

    vm_size: str
    state: str = "Running"
    creation_time: str | None = None
    errors: list[Any] = field(default_factory=list)
