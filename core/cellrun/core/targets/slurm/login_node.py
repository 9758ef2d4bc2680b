"""A Slurm cluster that is reached through its login node, by ssh: what stands on this machine for it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar

from cellrun.core.run_request import RunRequest
from cellrun.core.targets.contract import Capability
from cellrun.core.targets.slurm import partition_json
from cellrun.core.targets.slurm.kind import SlurmTarget
from cellrun.core.targets.slurm.settings import option_problems
from cellrun.core.targets.ssh.facts import Facts
from cellrun.core.targets.ssh.remote_target import RemoteTarget

PARTITION = "partition"
_OF_THIS_SIDE = frozenset({"host", "python", "folder"})
"""Settings by which the login node is reached; the others are for the target of the same kind there."""


class LoginNode(SlurmTarget, RemoteTarget):
    """Runs that a target of kind slurm on the login node hands to its cluster, from folders that its nodes share.

    Environments are built on the login node: nodes often have no network.
    """

    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.QUEUES, Capability.CANCELS, Capability.LIMITS_TIME, Capability.GPUS}
    )

    def engine(self) -> Mapping[str, Any]:
        """Return the target that hands its runs over there."""
        settings = {name: value for name, value in self.settings.items() if name not in _OF_THIS_SIDE}
        return {"kind": self.kind, "name": self.name, "settings": settings}

    def problems_there(self, facts: Facts, request: RunRequest) -> list[str]:
        """Return why no node of the cluster could ever run it, and why its environment can't be built."""
        problems = [*facts.environment_problems(request, self.name), *option_problems(request.options)]
        with suppress(ValueError):  # what can't be understood tells as little as one whose Slurm didn't answer
            if (partitions := partition_json.from_json(facts.engine)).groups:
                wanted = request.options.get(PARTITION) or self.settings.get(PARTITION, "")
                problems += partitions.problems(request, wanted, self.name)
        return problems
