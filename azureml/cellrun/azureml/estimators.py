"""Azure ML's estimators, an older way to say what ScriptRunConfig says: packages, a script, and its parameters."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from cellrun.core import CondaDependencies, Environment, RunConfiguration, ScriptRunConfig, UserErrorException
from cellrun.core.errors import shown
from cellrun.core.submission.configuration.parts import (
    DistributedConfiguration,
    MpiConfiguration,
    PyTorchConfiguration,
    TensorflowConfiguration,
)
from cellrun.core.submission.configuration.run_configuration import ONE_RUN_CLUSTER
from cellrun.core.unsupported import warn_once

_IMAGES = ("custom_docker_base_image", "custom_docker_image", "image_registry_details", "shm_size")
_MEANINGLESS = {"use_gpu", "use_docker", "vm_priority", "source_directory_data_store", *_IMAGES}
"""What says something about a machine of Azure's: the run finds what this one has."""


class Estimator(ScriptRunConfig):
    """A script with its parameters and packages (Azure ML's name). `Experiment.submit` takes it as it does any config.

    script_params: by name, each becomes two arguments, or one if its value is "" or None; datasets as in arguments.
    conda_packages, pip_packages, conda_dependencies_file, pip_requirements_file: what an environment is built of;
        without any of them, and without environment_definition, the Python that submits runs the script.
    inputs: data that the script finds by name.
    distributed_training, node_count, process_count_per_node: so many processes of the script.
    """

    framework_packages: ClassVar[Sequence[str]] = ()
    """What the images of this estimator have: part of an environment that is built."""

    def __init__(  # noqa: PLR0913  # Azure ML's signature
        self,
        source_directory: str | os.PathLike[str] | None = None,
        *,
        compute_target: object = None,
        vm_size: str | None = None,
        entry_script: str | None = None,
        script_params: Mapping[str, Any] | None = None,
        node_count: int = 1,
        process_count_per_node: int = 1,
        distributed_backend: str | None = None,
        distributed_training: object = None,
        worker_count: int = 1,
        parameter_server_count: int = 1,
        user_managed: bool = False,
        conda_packages: Iterable[str] | None = None,
        pip_packages: Iterable[str] | None = None,
        conda_dependencies_file_path: str | None = None,
        pip_requirements_file_path: str | None = None,
        conda_dependencies_file: str | None = None,
        pip_requirements_file: str | None = None,
        environment_variables: Mapping[str, Any] | None = None,
        environment_definition: Environment | None = None,
        inputs: Iterable[Any] | None = None,
        resume_from: object = None,
        max_run_duration_seconds: float | None = None,
        framework_version: str | None = None,
        **others: Any,
    ) -> None:
        images = [name for name in _IMAGES if others.get(name) is not None]
        if images:
            warn_once(f"{', '.join(images)} of an estimator: cellrun starts no container, a run is a process")
        self._packages = _Packages(
            Path(source_directory or "."),
            tuple(conda_packages or ()),
            tuple(pip_packages or ()),
            conda_dependencies_file or conda_dependencies_file_path,
            pip_requirements_file or pip_requirements_file_path,
        )
        environment = environment_definition
        if environment is None and not user_managed:
            environment = self._packages.environment(self._framework(framework_version))
        given = RunConfiguration()
        given.target = ONE_RUN_CLUSTER if compute_target is None and vm_size else compute_target
        given.amlcompute.vm_size = vm_size
        if environment is not None:
            given.environment = environment
        if distributed_training is None and distributed_backend == "ps":
            distributed_training, node_count = ParameterServer(parameter_server_count, worker_count), 1
        distributed = _distributed(distributed_training or distributed_backend, node_count, process_count_per_node)
        if distributed is not None:
            given.distribute(distributed)
        given.node_count = max(node_count, given.node_count)
        super().__init__(
            source_directory or ".",
            entry_script,
            _arguments(script_params or {}),
            given,
            resume_from=resume_from,
            max_run_duration_seconds=max_run_duration_seconds,
            environment_variables=environment_variables,
            data=list(inputs or ()),
            **{name: value for name, value in others.items() if name not in _MEANINGLESS and not name.startswith("_")},
        )

    @property
    def conda_dependencies(self) -> CondaDependencies:
        """The packages of its environment."""
        return self.run_config.environment.python.conda_dependencies

    def _framework(self, version: str | None) -> list[str]:
        first, *others = self.framework_packages or ("",)
        pinned = f"{first}=={version}" if first and version else first
        return [line for line in (pinned, *others) if line]


class SKLearn(Estimator):
    """An estimator whose environment has scikit-learn."""

    framework_packages = ("scikit-learn", "numpy", "scipy", "pandas", "joblib", "matplotlib")


class PyTorch(Estimator):
    """An estimator whose environment has PyTorch."""

    framework_packages = ("torch", "torchvision", "numpy", "tensorboard")


class TensorFlow(Estimator):
    """An estimator whose environment has TensorFlow."""

    framework_packages = ("tensorflow", "numpy")


class Keras(Estimator):
    """An estimator whose environment has Keras on TensorFlow."""

    framework_packages = ("keras", "tensorflow", "numpy")


class Chainer(Estimator):
    """An estimator whose environment has Chainer."""

    framework_packages = ("chainer", "numpy")


class Mpi(MpiConfiguration):
    """So many processes a node, by MPI: an estimator's `distributed_training`."""


class ParameterServer(TensorflowConfiguration):
    """TensorFlow's workers and parameter servers: an estimator's `distributed_training`."""

    def __init__(self, parameter_server_count: int = 1, worker_count: int = 1) -> None:
        super().__init__(worker_count, parameter_server_count)


class Gloo(PyTorchConfiguration):
    """Processes of torch.distributed that find each other by Gloo: an estimator's `distributed_training`."""

    def __init__(self) -> None:
        super().__init__("Gloo")


class Nccl(PyTorchConfiguration):
    """Processes of torch.distributed that find each other by NCCL: an estimator's `distributed_training`."""

    def __init__(self) -> None:
        super().__init__("Nccl")


class _Packages:
    """What an estimator is told of packages."""

    def __init__(
        self,
        folder: Path,
        conda: tuple[str, ...],
        pip: tuple[str, ...],
        conda_file: str | None,
        pip_file: str | None,
    ) -> None:
        self._folder = folder
        self._conda = conda
        self._pip = pip
        self._conda_file = conda_file
        self._pip_file = pip_file

    def environment(self, framework: Sequence[str]) -> Environment | None:
        """Return the environment of these packages and of a framework's; None if none were asked for."""
        if not (self._conda or self._pip or self._conda_file or self._pip_file):
            return None
        made = Environment("estimator")
        if self._pip_file:
            made = Environment.from_pip_requirements("estimator", self._folder / self._pip_file)
        if self._conda_file:
            made.python.conda_dependencies = CondaDependencies(self._folder / self._conda_file)
        packages = made.python.conda_dependencies
        for line in self._conda:
            packages.add_conda_package(line)
        for line in self._pip:
            packages.add_pip_package(line)
        named = {_name(line) for line in (*packages.conda_packages, *packages.pip_packages)}
        for line in framework:
            if _name(line) not in named and not (_name(line) == "torch" and "pytorch" in named):
                packages.add_pip_package(line)
        return made


def _name(line: str) -> str:
    end = next((number for number, character in enumerate(line) if character in "=<>!~[ ;"), len(line))
    return line[:end].strip().lower().replace("_", "-")


def _arguments(parameters: Mapping[str, Any]) -> list[Any]:
    if not isinstance(parameters, Mapping):
        raise UserErrorException(f"script_params={shown(parameters)}: give a dict, as in {{'--rate': 0.1}}")
    arguments: list[Any] = []
    for name, value in parameters.items():
        has_value = value is not None and not (isinstance(value, str) and not value)
        arguments += [name, value] if has_value else [name]
    return arguments


def _distributed(given: object, nodes: int, processes: int) -> DistributedConfiguration | None:
    """Return the processes of an estimator, however it was said. Raises UserErrorException for what says nothing."""
    if isinstance(given, str):
        name = given.lower()
        if name not in _BY_NAME:
            raise UserErrorException(
                f"distributed_backend={given!r}: give one of {', '.join(map(repr, (*_BY_NAME, 'ps')))}"
            )
        given = _BY_NAME[name]()
        if isinstance(given, MpiConfiguration):
            given.process_count_per_node = processes
    given = copy.copy(given)
    if isinstance(given, PyTorchConfiguration) and given.process_count is None:
        given.process_count, given.node_count = nodes * processes, nodes
    if isinstance(given, MpiConfiguration):
        given.node_count = max(nodes, given.node_count)
    if given is None and processes > 1:
        return MpiConfiguration(processes, nodes)
    return given  # type: ignore[return-value]  # `distribute` refuses what is none


_BY_NAME = {"mpi": MpiConfiguration, "gloo": Gloo, "nccl": Nccl}
