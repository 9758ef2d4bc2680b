"""What a run was to be, under the keys of Azure ML's `runDefinition`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from cellrun.core.distributed.distribution import Distribution
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.identity import REFERENCE
from cellrun.core.run_data import DataPlaceholder
from cellrun.core.store.record import RunRecord

_STARTED_BY = {
    "mpi": ("Python", "IntelMpi"),
    "pytorch": ("PyTorch", "Nccl"),
    "tensorflow": ("TensorFlow", "ParameterServer"),
}
"""Azure ML's framework and communicator, by how a run's processes find each other."""


def run_definition(record: RunRecord) -> dict[str, Any]:
    """Return a run's definition, as `get_details()["runDefinition"]` has it.

    Every key of Azure ML's is there that programs read, with what is true of the run: it has no docker. What means
    nothing here is None or empty; variables are known by their names alone.
    """
    several = Distribution("mpi", 1) if record.distribution is None else Distribution.from_json(record.distribution)
    told = None if record.distribution is None else several.kind
    nodes, processes = several.nodes, several.processes
    framework, communicator = _STARTED_BY.get(told or "", ("Python", "None"))
    return {
        "script": record.script,
        "command": record.command,
        "useAbsolutePath": False,
        "arguments": _arguments(record),
        "sourceDirectoryDataStore": None,
        "framework": framework,
        "communicator": communicator,
        "target": record.target,
        "dataReferences": _chosen(record.inputs, references=True),
        "data": _chosen(record.inputs, references=False),
        "outputData": {name: dict(output) for name, output in record.outputs.items()},
        "datacaches": [],
        "jobName": record.display_name,
        "maxRunDurationSeconds": record.max_run_duration_seconds,
        "nodeCount": nodes,
        "instanceTypes": [],
        "priority": None,
        "credentialPassthrough": False,
        "identity": None,
        "environment": _environment(record),
        "environmentVariables": dict.fromkeys(record.environment_variables),
        "history": {
            "outputCollection": True,
            "directoriesToWatch": ["logs"],
            "enableMLflowTracking": False,
            "snapshotProject": True,
        },
        "amlCompute": {"name": None, "vmSize": None, "retainCluster": False, "clusterMaxNodeCount": None},
        "tensorflow": {
            "workerCount": processes if told == "tensorflow" else 1,
            "parameterServerCount": several.servers if told == "tensorflow" else 1,
        },
        "mpi": {"processCountPerNode": processes // nodes if told == "mpi" else 1},
        "pyTorch": {"communicationBackend": "nccl", "processCount": processes if told == "pytorch" else None},
        "docker": {"useDocker": False, "sharedVolumes": True, "shmSize": None, "arguments": []},
        "resources": dict(record.resources),
    }


def _arguments(record: RunRecord) -> list[str]:
    """Return the arguments as they were given; what stands for data has the name that Azure ML writes there."""
    words = {
        **dict.fromkeys(record.outputs, "DatasetOutputConfig:"),
        **dict.fromkeys(_chosen(record.inputs, references=False), "DatasetConsumptionConfig:"),
        **dict.fromkeys(_chosen(record.inputs, references=True), f"${REFERENCE}"),
    }
    names = {str(DataPlaceholder(name)): word + name for name, word in words.items()}
    return [names.get(argument, argument) for argument in record.arguments]


def _chosen(inputs: Mapping[str, Any], *, references: bool) -> dict[str, Any]:
    """Return the inputs that are places, or those that are datasets."""
    return {name: dict(given) for name, given in inputs.items() if (not given.get("dataset_id")) is references}


def _environment(record: RunRecord) -> dict[str, Any]:
    """Return the environment that was asked for; without one, the Python that ran it."""
    spec = None if record.environment_spec is None else EnvironmentSpec.from_json(record.environment_spec)
    packages = () if spec is None else spec.packages
    conda: dict[str, Any] | None = None
    if spec is not None and not spec.is_given:
        python = [f"python={spec.python}"] if spec.python else []
        pip = [{"pip": list(packages)}] if packages else []
        conda = {
            "name": spec.name or "project_environment",
            "channels": list(spec.channels),
            "dependencies": [*python, *spec.conda_packages, *pip],
        }
    return {
        "name": spec.name if spec is not None else record.environment,
        "version": None if spec is None else spec.version,
        "python": {
            "interpreterPath": (spec.interpreter if spec is not None else None) or record.interpreter or sys.executable,
            "userManagedDependencies": conda is None,
            "condaDependencies": conda,
            "baseCondaEnvironment": None,
        },
        "environmentVariables": {} if spec is None else dict.fromkeys(spec.variables),
        "docker": {
            "enabled": False,
            "baseImage": None,
            "baseDockerfile": None,
            "platform": {"os": "Linux", "architecture": "amd64"},
            "baseImageRegistry": {"address": None, "username": None, "password": None},
            "arguments": [],
        },
        "spark": {"repositories": [], "packages": [], "precachePackages": False},
        "inferencingStackVersion": None,
    }
