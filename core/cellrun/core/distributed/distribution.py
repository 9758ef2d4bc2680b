"""How many processes of its program a run is, and how they find each other: pure data.

Standard library only: the process in front of them shares it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from cellrun.core.identity import RANK

DistributionKind = Literal["mpi", "pytorch", "tensorflow"]
HERE = "127.0.0.1"
"""Where the processes of one machine meet."""
_SERVER, _WORKER = "ps", "worker"


class Distribution(NamedTuple):
    """Several processes of one program, each told its rank as Azure ML's jobs of this kind are."""

    kind: DistributionKind
    processes: int
    """How many there are, of TensorFlow its workers."""
    nodes: int = 1
    """On how many machines they are: the first so many ranks on the first one, and so on."""
    servers: int = 0
    """TensorFlow's parameter servers, which end when the workers have."""

    @property
    def total(self) -> int:
        """How many processes are started."""
        return self.processes + self.servers

    @property
    def per_node(self) -> int:
        """How many of the processes, servers aside, are on each machine."""
        return self.processes // self.nodes

    def problems(self) -> list[str]:
        """Return what can't be of it."""
        counts = {"process count": self.processes, "node_count": self.nodes}
        problems = [
            f"distributed_job_config: {name}={value!r}; give a whole number from 1 on"
            for name, value in counts.items()
            if not _is_count(value, least=1)
        ]
        if not _is_count(self.servers, least=0):
            problems.append(f"distributed_job_config: parameter_server_count={self.servers!r}; give a whole number")
        if not problems and self.processes % self.nodes:
            problems.append(f"distributed_job_config: {self.processes} processes can't be shared by {self.nodes} nodes")
        return problems

    def node_problems(self, target: str, most: int = 1) -> list[str]:
        """Return why a target of so many nodes can't have it."""
        if self.nodes <= most:
            return []
        has = "is one machine" if most == 1 else f"has {most} nodes at most"
        return [f"node_count={self.nodes}: {target!r} {has}; give node_count={most}, or a target of the kind slurm"]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return self._asdict()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Distribution:
        """Read what `to_json` gave."""
        return cls(data["kind"], int(data["processes"]), int(data["nodes"]), int(data["servers"]))

    def is_server(self, rank: int) -> bool:
        """Whether a rank is a parameter server's: they come last."""
        return rank >= self.processes

    def variables(self, rank: int, ports: tuple[int, ...], host: str = HERE) -> dict[str, str]:
        """Return what one process is told in its environment, as Azure ML documents it.

        `ports` are free ones of the first machine, which the others reach by the name or address `host`: the first port
        is the meeting point; TensorFlow has one for each process.
        """
        own = {RANK: str(rank)} if self.total > 1 else {}
        return own | self._documented(rank, ports, host)

    def _documented(self, rank: int, ports: tuple[int, ...], host: str) -> dict[str, str]:
        node, local = divmod(rank, self.per_node)
        if self.kind == "tensorflow":
            addresses = [f"{host}:{port}" for port in ports]
            cluster = {_WORKER: addresses[: self.processes], _SERVER: addresses[self.processes :]}
            kind, index = (_SERVER, rank - self.processes) if self.is_server(rank) else (_WORKER, rank)
            import json  # noqa: PLC0415  # for this alone

            told = {"cluster": {name: found for name, found in cluster.items() if found}}
            return {
                "TF_CONFIG": json.dumps({**told, "task": {"type": kind, "index": index}, "environment": "cloud"}),
            }
        shared = {"AZ_BATCH_MASTER_NODE": f"{host}:{ports[0]}", "MASTER_ADDR": host, "MASTER_PORT": str(ports[0])}
        if self.kind == "mpi":
            return shared | {
                "OMPI_COMM_WORLD_RANK": str(rank),
                "OMPI_COMM_WORLD_SIZE": str(self.processes),
                "OMPI_COMM_WORLD_LOCAL_RANK": str(local),
                "OMPI_COMM_WORLD_LOCAL_SIZE": str(self.per_node),
                "OMPI_COMM_WORLD_NODE_RANK": str(node),
                "AZ_BATCHAI_MPI_MASTER_NODE": host,
            }
        return shared | {
            "WORLD_SIZE": str(self.processes),
            "LOCAL_WORLD_SIZE": str(self.per_node),
            "NODE_RANK": str(node),
            "RANK": str(rank),
            "LOCAL_RANK": str(local),
            "AZ_BATCHAI_TASK_INDEX": str(rank),
            "AZ_BATCHAI_PYTORCH_INIT_METHOD": f"tcp://{host}:{ports[0]}",
        }


def _is_count(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
