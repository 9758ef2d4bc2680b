"""What a cluster has and what of it is in use, as its autoscaler tells; what was learned of it last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from cellrun.core.far.words import NONSENSE
from cellrun.core.resources import Resources
from cellrun.core.targets.ray.client import RayClient
from cellrun.core.targets.ray.connection import nonsense


class Nodes(NamedTuple):
    """The nodes of a cluster."""

    how_many: int
    largest: Resources
    """The most of each that one node has: what a run may ask for before the cluster grows."""
    total: Resources
    in_use: Resources

    @classmethod
    def of(cls, client: RayClient) -> Nodes:
        """Ask the cluster. Raises ComputeTargetException."""
        told = client.status()
        try:
            usage = told["data"]["clusterStatus"]["loadMetricsReport"]["usageByNode"] or {}
            nodes = [(_part(each, 1), _part(each, 0)) for each in usage.values()]
        except NONSENSE:
            raise nonsense(client.address) from None
        has, uses = [each[0] for each in nodes], [each[1] for each in nodes]
        largest = Resources(*(max(column, default=0) for column in zip(*has, strict=True))) if has else Resources(0)
        return cls(len(nodes), largest, _sum(has), _sum(uses))


def _part(usage: Mapping[str, Any], column: int) -> Resources:
    """Return what a node has (1) or has in use (0) of what it tells as pairs."""
    cpus, gpus, memory = (float(usage.get(name, (0, 0))[column]) for name in ("CPU", "GPU", "memory"))
    return Resources(int(cpus), int(gpus), int(memory))


def _sum(parts: list[Resources]) -> Resources:
    return Resources(*(sum(column) for column in zip(*parts, strict=True))) if parts else Resources(0)
