"""The parts of a RunConfiguration, by Azure ML's names: plain values, read when a run is submitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from cellrun.core.distributed.distribution import Distribution
from cellrun.core.names import camel


@dataclass
class Part:
    """One part: its fields are what Azure ML's file has of it, in another spelling."""

    _read_as: ClassVar[Mapping[str, str]] = {}
    """How a field is spelled in the file where the rule doesn't tell."""

    def to_json(self) -> dict[str, Any]:
        """Return it as Azure ML's file has it."""
        return {self._key(one.name): getattr(self, one.name) for one in fields(self)}

    def read(self, data: Mapping[str, Any]) -> None:
        """Take what `to_json` returned; what isn't there stays as it is."""
        for one in fields(self):
            if self._key(one.name) in data:
                setattr(self, one.name, data[self._key(one.name)])

    def _key(self, name: str) -> str:
        return self._read_as.get(name) or camel(name)

    @property
    def is_set(self) -> bool:
        """Whether it differs from what it is if nobody changes it."""
        return self != type(self)()


@dataclass
class DockerConfiguration(Part):
    """How Azure ML's containers are started. cellrun starts none: it is kept, and noticed if `use_docker` is set."""

    use_docker: bool = False
    shared_volumes: bool = True
    arguments: list[str] | None = None
    shm_size: str | None = None


@dataclass
class HistoryConfiguration(Part):
    """What is kept of a run. Here outputs, logs and the code always are."""

    output_collection: bool = True
    snapshot_project: bool = True
    directories_to_watch: list[str] = field(default_factory=lambda: ["logs"])
    enable_mlflow_tracking: bool = True
    _read_as: ClassVar[Mapping[str, str]] = {"enable_mlflow_tracking": "enableMLflowTracking"}


@dataclass
class SparkConfiguration(Part):
    """Settings for Spark, which isn't here: kept, and noticed if set."""

    configuration: dict[str, Any] = field(default_factory=dict)


@dataclass
class HdiConfiguration(Part):
    """Settings for HDInsight, which isn't here."""

    yarn_deploy_mode: str = "cluster"


@dataclass
class AmlComputeConfiguration(Part):
    """The machine that Azure ML makes for one run of the target `amlcompute`; here that is this machine."""

    vm_size: str | None = None
    vm_priority: str | None = None
    retain_cluster: bool = False
    name: str | None = None
    cluster_max_node_count: int | None = None


@dataclass
class KubernetesComputeConfiguration(Part):
    """Settings for Kubernetes, which isn't here."""

    instance_type: str | None = None


@dataclass
class MpiConfiguration(Part):
    """So many processes of the script, which find each other as those of MPI do."""

    process_count_per_node: int = 1
    node_count: int = 1

    framework: ClassVar[str] = "Python"
    communicator: ClassVar[str] = "IntelMpi"

    def distribution(self, nodes: int) -> Distribution:
        """Return the processes."""
        return Distribution("mpi", self.process_count_per_node * nodes, nodes)


@dataclass
class PyTorchConfiguration(Part):
    """So many processes of the script, for torch.distributed. Without a count it is one a node."""

    communication_backend: str = "Nccl"
    process_count: int | None = None
    node_count: int = 1

    framework: ClassVar[str] = "PyTorch"

    @property
    def communicator(self) -> str:
        """What Azure ML's configuration calls the backend."""
        return self.communication_backend

    def distribution(self, nodes: int) -> Distribution:
        """Return the processes."""
        return Distribution("pytorch", nodes if self.process_count is None else self.process_count, nodes)


@dataclass
class TensorflowConfiguration(Part):
    """So many workers of the script, and parameter servers, which know of each other by TF_CONFIG."""

    worker_count: int = 1
    parameter_server_count: int = 0

    framework: ClassVar[str] = "TensorFlow"
    communicator: ClassVar[str] = "ParameterServer"
    node_count: ClassVar[int] = 1

    def distribution(self, nodes: int) -> Distribution:  # noqa: ARG002  # as the others
        """Return the processes."""
        return Distribution("tensorflow", self.worker_count, servers=self.parameter_server_count)


DistributedConfiguration = MpiConfiguration | PyTorchConfiguration | TensorflowConfiguration


@dataclass
class ParallelTaskConfiguration(Part):
    """Settings for ParallelRunStep's tasks, which aren't here."""

    max_retries_per_worker: int = 0
    worker_count_per_node: int = 1
