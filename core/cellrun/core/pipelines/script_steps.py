"""Steps that run a script or a command."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from cellrun.core.errors import UserErrorException
from cellrun.core.pipelines.step import PipelineStep, StepParts
from cellrun.core.run_request import RunConfig
from cellrun.core.submission.configuration.parts import MpiConfiguration
from cellrun.core.submission.configuration.run_configuration import RunConfiguration
from cellrun.core.submission.script_run_config import ScriptRunConfig
from cellrun.core.unsupported import warn_once


class ConfiguredStep(PipelineStep):
    """A step that a RunConfiguration, or a ScriptRunConfig with one, says more of: target, environment, processes."""

    def __init__(
        self,
        name: str,
        *,
        runconfig: RunConfiguration | ScriptRunConfig | None,
        runconfig_pipeline_params: Mapping[str, Any] | None,
        source_directory: str | os.PathLike[str] | None = None,
        version: str | None,
        **sides: Any,
    ) -> None:
        super().__init__(name, **sides)
        self.runconfig = runconfig
        self.runconfig_pipeline_params = dict(runconfig_pipeline_params or {})
        self.source_directory = source_directory
        self.version = version

    def run_configuration(self, parts: StepParts) -> RunConfiguration:
        """Return how it is run: what it was given, on its own target, with its parameters as variables."""
        given = self.runconfig.run_config if isinstance(self.runconfig, ScriptRunConfig) else self.runconfig
        made = RunConfiguration() if given is None else copy.copy(given)
        made.arguments, made.script, made.command = [], None, None
        if self.compute_target is not None:
            made.target = self.compute_target
        for name, parameter in self.runconfig_pipeline_params.items():
            value = parts.value(parameter)
            if name in {"NodeCount", "node_count"}:
                made.node_count = int(value)
            elif name in {"MpiProcessCountPerNode", "mpi_process_count_per_node"}:
                made.mpi = copy.copy(made.mpi)
                made.mpi.process_count_per_node = int(value)
        made.environment_variables = {**made.environment_variables, **parts.variables}
        return made


class PythonScriptStep(ConfiguredStep):
    """A step that runs a Python script (Azure ML's name).

    script_name: a file in `source_directory`, which is the pipeline's default one, else the current folder.
    arguments, inputs, outputs: as PipelineStep has them; `params` become variables `AML_PARAMETER_<name>`.
    runconfig: target, environment and processes, as a RunConfiguration or a ScriptRunConfig has them; `compute_target`
        beside it wins.
    allow_reuse: whether an earlier run of the same code, arguments and inputs does as well.
    """

    step_type: ClassVar[str] = "PythonScriptStep"

    def __init__(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        self,
        script_name: str,
        name: str | None = None,
        arguments: Iterable[Any] | None = None,
        compute_target: object = None,
        runconfig: RunConfiguration | ScriptRunConfig | None = None,
        runconfig_pipeline_params: Mapping[str, Any] | None = None,
        inputs: Iterable[Any] | None = None,
        outputs: Iterable[Any] | None = None,
        params: Mapping[str, Any] | None = None,
        source_directory: str | os.PathLike[str] | None = None,
        allow_reuse: bool = True,  # noqa: FBT001, FBT002  # Azure ML's signature
        version: str | None = None,
        hash_paths: Iterable[str] | None = None,
    ) -> None:
        super().__init__(
            name or str(script_name),
            arguments=arguments,
            inputs=inputs,
            outputs=outputs,
            params=params,
            compute_target=compute_target,
            allow_reuse=allow_reuse,
            runconfig=runconfig,
            runconfig_pipeline_params=runconfig_pipeline_params,
            source_directory=source_directory,
            version=version,
        )
        self.script_name = script_name
        if hash_paths:
            warn_once("hash_paths isn't used: all of a step's folder tells whether it is the same code")

    def config(self, parts: StepParts, source_directory: str | None) -> RunConfig:
        """Return the script as a config."""
        return ScriptRunConfig(
            self.source_directory or source_directory or ".",
            self.script_name,
            parts.arguments,
            run_config=self.run_configuration(parts),
            name=self.name,
            data=parts.data,
        )


class CommandStep(ConfiguredStep):
    """A step that runs a command by a shell (Azure ML's name): a line, or a list that is joined."""

    step_type: ClassVar[str] = "CommandStep"

    def __init__(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        self,
        command: str | Iterable[Any] | None = None,
        name: str | None = None,
        compute_target: object = None,
        runconfig: RunConfiguration | ScriptRunConfig | None = None,
        runconfig_pipeline_params: Mapping[str, Any] | None = None,
        inputs: Iterable[Any] | None = None,
        outputs: Iterable[Any] | None = None,
        params: Mapping[str, Any] | None = None,
        source_directory: str | os.PathLike[str] | None = None,
        allow_reuse: bool = True,  # noqa: FBT001, FBT002  # Azure ML's signature
        version: str | None = None,
    ) -> None:
        if isinstance(runconfig, ScriptRunConfig):
            source_directory = source_directory or runconfig.source_directory
        if command is None:
            command = runconfig.command if runconfig is not None else None
        if command is None:
            raise UserErrorException("CommandStep needs command=, a line for a shell or a list that is joined")
        self._is_line = isinstance(command, str)
        super().__init__(
            name or "command",
            arguments=[command] if isinstance(command, str) else command,
            inputs=inputs,
            outputs=outputs,
            params=params,
            compute_target=compute_target,
            allow_reuse=allow_reuse,
            runconfig=runconfig,
            runconfig_pipeline_params=runconfig_pipeline_params,
            source_directory=source_directory,
            version=version,
        )

    def config(self, parts: StepParts, source_directory: str | None) -> RunConfig:
        """Return the command as a config."""
        return ScriptRunConfig(
            self.source_directory or source_directory,
            command=str(parts.arguments[0]) if self._is_line else parts.arguments,
            run_config=self.run_configuration(parts),
            name=self.name,
            data=parts.data,
        )


class MpiStep(PythonScriptStep):
    """A step that runs as several processes of a script, as with MPI (Azure ML's name)."""

    step_type: ClassVar[str] = "MpiStep"

    def __init__(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        self,
        name: str | None = None,
        source_directory: str | None = None,
        script_name: str | None = None,
        arguments: Iterable[Any] | None = None,
        compute_target: object = None,
        node_count: int | None = None,
        process_count_per_node: int | None = None,
        inputs: Iterable[Any] | None = None,
        outputs: Iterable[Any] | None = None,
        allow_reuse: bool = True,  # noqa: FBT001, FBT002  # Azure ML's signature
        version: str | None = None,
        hash_paths: Iterable[str] | None = None,
        **_: object,
    ) -> None:
        if script_name is None:
            raise UserErrorException("MpiStep needs script_name=, a file in source_directory")
        runconfig = RunConfiguration()
        runconfig.distribute(MpiConfiguration(process_count_per_node or 1, node_count or 1))
        super().__init__(
            script_name,
            name,
            arguments,
            compute_target,
            runconfig,
            inputs=inputs,
            outputs=outputs,
            source_directory=source_directory,
            allow_reuse=allow_reuse,
            version=version,
            hash_paths=hash_paths,
        )
