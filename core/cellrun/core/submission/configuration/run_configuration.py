"""How a run is to be run: Azure ML's RunConfiguration, of which a ScriptRunConfig always has one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from cellrun.core.data.stores.data_reference import DataReferenceConfiguration
from cellrun.core.distributed.distribution import Distribution
from cellrun.core.errors import UserErrorException, shown
from cellrun.core.submission.configuration.parts import (
    AmlComputeConfiguration,
    DistributedConfiguration,
    DockerConfiguration,
    HdiConfiguration,
    HistoryConfiguration,
    KubernetesComputeConfiguration,
    MpiConfiguration,
    ParallelTaskConfiguration,
    PyTorchConfiguration,
    SparkConfiguration,
    TensorflowConfiguration,
)
from cellrun.core.unsupported import warn_once

if TYPE_CHECKING:
    from pathlib import Path

    from cellrun.core.environments.conda_dependencies import CondaDependencies
    from cellrun.core.environments.environment import Environment

LOCAL = "local"
ONE_RUN_CLUSTER = "amlcompute"
"""Azure ML's target that is made for one run, by the size of its machine."""
_ENVIRONMENT = "project_environment"


class RunConfiguration:
    """The target, the environment, the data and the processes of a run (Azure ML's name).

    Nothing is checked when it is made. What has no meaning on this machine (containers, Spark) is kept and noticed.

    script, arguments, command: what is run, where the ScriptRunConfig doesn't say it.
    framework, communicator, node_count: with `mpi`, `pytorch` and `tensorflow`, how many processes of it.
    conda_dependencies: the packages of its environment.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        self,
        script: str | None = None,
        arguments: Iterable[Any] | None = None,
        framework: str | None = None,
        communicator: str | None = None,
        conda_dependencies: CondaDependencies | None = None,
        _history_enabled: object = None,
        _path: str | os.PathLike[str] | None = None,
        _name: str | None = None,
        command: str | Iterable[Any] | None = None,
    ) -> None:
        self.script = script
        self.arguments: list[Any] = list(arguments or ())
        self.command = command
        self.framework = framework or "Python"
        self.communicator = communicator or "None"
        self.node_count = 1
        self.priority: int | None = None
        self.max_run_duration_seconds: float | None = None
        self.history = HistoryConfiguration()
        self.docker = DockerConfiguration()
        self.spark = SparkConfiguration()
        self.hdi = HdiConfiguration()
        self.mpi = MpiConfiguration()
        self.pytorch = PyTorchConfiguration()
        self.tensorflow = TensorflowConfiguration()
        self.paralleltask = ParallelTaskConfiguration()
        self.amlcompute = AmlComputeConfiguration()
        self.kubernetescompute = KubernetesComputeConfiguration()
        self.auto_cluster_compute_specification: Any = None
        self.data_references: dict[str, Any] = {}
        self.data: dict[str, Any] = {}
        self.output_data: dict[str, Any] = {}
        self.datacaches: list[Any] = []
        self.source_directory_data_store: str | None = None
        self.credential_passthrough = False
        self.services: dict[str, Any] = {}
        self.auto_prepare_environment = True
        self.wanted_target: object = None
        """The target as it was given: its name, itself, or None."""
        self._environment: Any = None
        self._untouched: object = None
        self._variables: dict[str, Any] = {}
        self._file = (_path, _name)
        if conda_dependencies is not None:
            self.environment.python.conda_dependencies = conda_dependencies

    @property
    def target(self) -> str:
        """The name of the compute target; a target itself may be given."""
        if self.wanted_target is None:
            return LOCAL
        return str(getattr(self.wanted_target, "name", self.wanted_target))

    @target.setter
    def target(self, target: object) -> None:
        self.wanted_target = target

    @property
    def environment(self) -> Environment:
        """Its environment, made when it is first asked for; what isn't changed then stands for the running Python."""
        if self._environment is None:
            from cellrun.core.environments.environment import Environment  # noqa: PLC0415  # few ask for it

            self._environment = Environment(_ENVIRONMENT)
            self._untouched = self._environment.to_json()
        return self._environment  # type: ignore[no-any-return]  # whatever was given is refused when it is submitted

    @environment.setter
    def environment(self, environment: object) -> None:
        self._environment, self._untouched = environment, None

    @property
    def wanted_environment(self) -> Any:
        """The environment as it was given; None if nobody gave or changed one."""
        made = self._environment
        return None if self._untouched is not None and made.to_json() == self._untouched else made

    @property
    def environment_variables(self) -> dict[str, Any]:
        """What is added to the variables of this process."""
        return self._variables

    @environment_variables.setter
    def environment_variables(self, variables: Mapping[str, Any] | None) -> None:
        self._variables = dict(variables or {})

    def distribute(self, distributed: DistributedConfiguration) -> None:
        """Let the run be as many processes as a configuration says. Raises UserErrorException for what is none."""
        part = next((name for kind, name in _DISTRIBUTED.items() if isinstance(distributed, kind)), None)
        if part is None:
            raise UserErrorException(
                f"distributed_job_config={shown(distributed)}: give MpiConfiguration, PyTorchConfiguration or "
                "TensorflowConfiguration"
            )
        if isinstance(distributed, PyTorchConfiguration) and str(distributed.communicator).lower() not in _BACKENDS:
            raise UserErrorException(f"communication_backend={shown(distributed.communicator)}: give 'Nccl' or 'Gloo'")
        setattr(self, part, distributed)
        self.framework, self.communicator = distributed.framework, distributed.communicator
        self.node_count = distributed.node_count

    def distribution(self) -> Distribution | None:
        """Return how many processes the run is; None for a single one that is told nothing."""
        communicator, framework = str(self.communicator).lower(), str(self.framework).lower()
        part: DistributedConfiguration | None = None
        if communicator in {"mpi", "openmpi", "intelmpi"}:
            part = self.mpi
        elif communicator in _BACKENDS:
            part = self.pytorch
        elif communicator == "parameterserver" and framework == "tensorflow":
            part = self.tensorflow
        if part is None:
            return None if self.node_count in {None, 1} else Distribution("pytorch", self.node_count, self.node_count)
        return part.distribution(max(self.node_count or 1, part.node_count))

    def data_into_run(self) -> list[Any]:
        """Return its data references, data and outputs, as what goes into a run. Raises UserErrorException."""
        found = []
        for name, reference in (self.data_references or {}).items():
            is_config = isinstance(reference, DataReferenceConfiguration)
            found.append(reference.named(name) if is_config else reference)
        return [*found, *(self.data or {}).values(), *(self.output_data or {}).values()]

    def notice(self) -> None:
        """Say once of each thing that is set and has no meaning here that it hasn't."""
        if self.docker.use_docker:
            warn_once("docker: cellrun starts no container; a run is a process, in a Python environment of its own")
        for name in ("spark", "hdi", "kubernetescompute", "paralleltask"):
            if getattr(getattr(self, name), "is_set", False):
                warn_once(f"run_config.{name} isn't used: it is for another kind of runs")
        if self.framework.lower() in {"pyspark", "r"}:
            warn_once(f"run_config.framework={self.framework!r}: cellrun has no such runs; the script is run by Python")
        if self.target == ONE_RUN_CLUSTER:
            warn_once("the target 'amlcompute' is a machine of the cloud for one run; here it is this machine")

    def came_from(self, path: str | os.PathLike[str], name: str | None) -> None:
        """Take notice of its file, where `save` writes it without a path."""
        self._file = (path, name)

    def save(
        self,
        path: str | os.PathLike[str] | None = None,
        name: str | None = None,
        separate_environment_yaml: bool = False,  # noqa: FBT001, FBT002  # Azure ML's signature
    ) -> Path:
        """Write it as `<name>.runconfig` into the `.azureml` of a folder, or into a file of that name; return the file.

        Without a path it is where it was loaded from. With `separate_environment_yaml` the packages of its environment
        are in a file beside it.
        """
        from cellrun.core.submission.configuration import file  # noqa: PLC0415  # few do

        last_path, last_name = self._file
        found = file.save(self, path or last_path or ".", name or last_name, separate=separate_environment_yaml)
        self._file = (path or last_path, name or last_name)
        return found

    @staticmethod
    def load(path: str | os.PathLike[str], name: str | None = None) -> RunConfiguration:
        """Return what `save`, Azure ML's too, wrote. Raises UserErrorException for a file that isn't there or none."""
        from cellrun.core.submission.configuration import file  # noqa: PLC0415  # few do

        return file.load(path, name)

    @staticmethod
    def delete(path: str | os.PathLike[str], name: str | None) -> None:
        """Remove a file that `save` wrote. Raises UserErrorException if it isn't there."""
        from cellrun.core.submission.configuration import file  # noqa: PLC0415  # few do

        file.found(path, name).unlink()

    def __repr__(self) -> str:
        return f"RunConfiguration(target={self.target!r}, framework={self.framework!r})"


_BACKENDS = frozenset({"nccl", "gloo"})
_DISTRIBUTED = {MpiConfiguration: "mpi", PyTorchConfiguration: "pytorch", TensorflowConfiguration: "tensorflow"}
