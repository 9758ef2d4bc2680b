"""The capacity of a Ray cluster and its use, as its autoscaler tells; and what was learned of it last."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from cellrun.core.disk.whole_files import replace_file
from cellrun.core.errors import WorkspaceException
from cellrun.core.places import home_folder
from cellrun.core.remote.messages import NONSENSE
from cellrun.core.resources import Resources
from cellrun.core.targets.ray.client import RayClient
from cellrun.core.targets.ray.connection import unexpected_answer

MOST_BYTES = 100 * 1024**2
"""So large a package any cluster takes, unless it has said otherwise."""


class Learned(NamedTuple):
    """What a cluster has said of itself, kept in CELLRUN_HOME by its address. No secret."""

    most_bytes: int = MOST_BYTES
    largest: Resources | None = None
    """The most of each that one of its nodes had; None if it wasn't asked yet."""

    @classmethod
    def of(cls, address: str) -> Learned:
        """Return what is kept of a cluster."""
        with suppress(OSError, WorkspaceException, *NONSENSE):
            kept = json.loads(_path(address).read_bytes())
            largest = kept.get("largest")
            return cls(max(0, int(kept["most_bytes"])), Resources.from_json(largest) if largest else None)
        return cls()

    def keep(self, address: str) -> None:
        """Keep it; where the disk doesn't take it, it is learned again."""
        kept = {"most_bytes": self.most_bytes, "largest": self.largest.to_json() if self.largest else None}
        with suppress(OSError, WorkspaceException):
            replace_file(_path(address), json.dumps(kept), mode=0o600)


class Nodes(NamedTuple):
    """The nodes of a cluster."""

    how_many: int
    total: Resources
    in_use: Resources

    @classmethod
    def of(cls, client: RayClient) -> Nodes:
        """Ask the cluster, and keep how large its nodes are. Raises ComputeTargetException."""
        told = client.status()
        try:
            usage = told["data"]["clusterStatus"]["loadMetricsReport"]["usageByNode"] or {}
            nodes = [(_part(each, 1), _part(each, 0)) for each in usage.values()]
        except NONSENSE:
            raise unexpected_answer(client.address) from None
        has, uses = [each[0] for each in nodes], [each[1] for each in nodes]
        if has:
            largest = Resources(*(max(column) for column in zip(*has, strict=True)))
            Learned.of(client.address)._replace(largest=largest).keep(client.address)
        return cls(len(nodes), _sum(has), _sum(uses))


def _part(usage: Mapping[str, Any], column: int) -> Resources:
    """Return what a node has (1) or has in use (0) of what it tells as pairs."""
    cpus, gpus, memory = (float(usage.get(name, (0, 0))[column]) for name in ("CPU", "GPU", "memory"))
    return Resources(int(cpus), int(gpus), int(memory))


def _path(address: str) -> Path:
    return home_folder("clusters") / f"{hashlib.sha256(address.encode()).hexdigest()[:32]}.json"


def _sum(parts: list[Resources]) -> Resources:
    return Resources(*(sum(column) for column in zip(*parts, strict=True))) if parts else Resources(0)
