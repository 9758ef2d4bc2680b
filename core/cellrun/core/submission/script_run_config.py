"""A script or a command to run, with what, on what: the config of Azure ML's name."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from cellrun.core.errors import UserErrorException, did_you_mean, shown
from cellrun.core.resources import Resources
from cellrun.core.run_data import DataPlaceholder
from cellrun.core.run_request import RunCode, RunRequest
from cellrun.core.submission.arguments import DataOfArguments, argument_parts
from cellrun.core.submission.configuration.parts import DistributedConfiguration, DockerConfiguration
from cellrun.core.submission.configuration.run_configuration import ONE_RUN_CLUSTER, RunConfiguration
from cellrun.core.submission.run_options import RunOptions
from cellrun.core.submission.source_folder import SourceFolder


class ScriptRunConfig(RunOptions):
    """A script or a command, its source folder, its arguments and what it needs (Azure ML's ScriptRunConfig).

    Nothing is checked here: `Experiment.submit` gathers all mistakes into one InvalidSubmissionError. The attributes
    may be changed until then.

    source_directory: the folder that is copied and run; it is never written to.
    script: a Python file in it, maybe in a subfolder.
    arguments: what the script gets in `sys.argv`, element by element, never through a shell: str, int, float, bool,
        None, paths, numpy scalars; a dataset's `as_mount()`, an output or a data reference becomes a local path.
    command: instead of script and arguments, a line for a shell (bash where there is one), or a list to be joined.
    compute_target: the name of a target of the workspace, or the target; `local` if left out.
    environment: whose Python runs it: an Environment, which is built before the run starts, the name of a
        registered one (`name`, `name:version`), the folder of a virtual environment or conda prefix, or the path of an
        interpreter; left out, what the script's header `# /// script`
        asks for (PEP 723), else the one that runs this code (elsewhere the target's own).
    max_run_duration_seconds: after so many seconds the run is stopped, and Failed.
    cpus, gpus, memory: what the run holds while it runs; memory in bytes or as in "4G" (counted, not enforced). Left
        out, it is one core; given, numeric libraries are told to use so many threads (OMP_NUM_THREADS), unless the
        environment says otherwise.
    environment_variables: added to those of this process.
    env_in_engine: their values may be told to an engine that shows them to others, as Ray does; else that is refused.
    target_options: what the target's engine is told for this run, such as {"partition": "gpu"} for Slurm;
        `ComputeTarget.options_known` has what a target takes.
    run_config: Azure ML's RunConfiguration, which has target, environment, data and processes in one; given beside
        compute_target or environment it wins, with a warning. Each config has one, `config.run_config`, which may be
        changed.
    distributed_job_config: MpiConfiguration, PyTorchConfiguration or TensorflowConfiguration: so many processes of
        the script, each told its rank; they log into one run.
    resume_from: a run, whose `outputs/` it then is, a path or data: added to the arguments as `--resume-from PATH`.
    docker_runtime_config: noticed; there are no containers.
    name: the run's display name.
    data: inputs and outputs that the script finds by their names, without being told their paths.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # Azure ML's signature, and what cellrun adds to it by name
        self,
        source_directory: str | os.PathLike[str] | None = None,
        script: str | os.PathLike[str] | None = None,
        arguments: Iterable[Any] | None = None,
        run_config: RunConfiguration | None = None,
        _telemetry_values: object = None,
        compute_target: object = None,
        environment: object = None,
        distributed_job_config: DistributedConfiguration | None = None,
        resume_from: object = None,
        max_run_duration_seconds: float | None = None,
        command: str | Iterable[Any] | None = None,
        docker_runtime_config: DockerConfiguration | None = None,
        *,
        cpus: int | None = None,
        gpus: int = 0,
        memory: str | int | None = None,
        environment_variables: Mapping[str, Any] | None = None,
        env_in_engine: bool = False,
        target_options: Mapping[str, Any] | None = None,
        name: str | None = None,
        data: Iterable[Any] = (),
        **unknown: object,
    ) -> None:
        self.run_config = wanted = _checked(run_config)
        if run_config is not None:
            ignored = {
                "compute_target": compute_target,
                "environment": environment,
                "distributed_job_config": distributed_job_config,
                "docker_runtime_config": docker_runtime_config,
            }
            if names := [name for name, value in ignored.items() if value is not None]:
                warnings.warn(f"run_config is given: {', '.join(names)} beside it isn't used", stacklevel=2)
            compute_target, environment = wanted.wanted_target, wanted.wanted_environment
            arguments = wanted.arguments if arguments is None and command is None else arguments
            limit = max_run_duration_seconds
            max_run_duration_seconds = wanted.max_run_duration_seconds if limit is None else limit
            environment_variables = {**wanted.environment_variables, **(environment_variables or {})}
            script = wanted.script if script is None and command is None else script
            command = wanted.command if script is None and command is None else command
        else:
            if distributed_job_config is not None:
                wanted.distribute(distributed_job_config)
            if docker_runtime_config is not None:
                wanted.docker = docker_runtime_config
        super().__init__(
            arguments,
            compute_target=compute_target,
            environment=environment,
            max_run_duration_seconds=max_run_duration_seconds,
            cpus=cpus,
            gpus=gpus,
            memory=memory,
            environment_variables=environment_variables,
            env_in_engine=env_in_engine,
            target_options=target_options,
            name=name,
            data=data,
            **unknown,
        )
        self.source_directory = source_directory
        self.script = script
        self.command = command if command is None or isinstance(command, str) else list(command)
        self.resume_from = resume_from
        self.identity: object = None
        """As whom Azure ML's run acts; here it acts as its user."""

    # What a RunConfiguration has as well is kept there: `config.run_config.target = "local"` is heard.

    @property
    def compute_target(self) -> object:
        """The target as it was given: its name, itself, or None."""
        wanted = self.run_config.wanted_target
        return None if wanted == ONE_RUN_CLUSTER else wanted

    @compute_target.setter
    def compute_target(self, target: object) -> None:
        self.run_config.target = target

    @property
    def environment(self) -> object:
        """The environment as it was given, or None."""
        return self.run_config.wanted_environment

    @environment.setter
    def environment(self, environment: object) -> None:
        if environment is not self.run_config.wanted_environment:
            self.run_config.environment = environment

    @property
    def max_run_duration_seconds(self) -> float | None:
        """After so many seconds the run is stopped."""
        return self.run_config.max_run_duration_seconds

    @max_run_duration_seconds.setter
    def max_run_duration_seconds(self, seconds: float | None) -> None:
        self.run_config.max_run_duration_seconds = seconds

    @property
    def environment_variables(self) -> dict[str, Any]:
        """What is added to the variables of this process."""
        return self.run_config.environment_variables

    @environment_variables.setter
    def environment_variables(self, variables: Mapping[str, Any]) -> None:
        self.run_config.environment_variables = dict(variables)

    @property
    def resources(self) -> Resources:
        """What the run holds on each node: a core a process, as far as this machine has so many, unless it is said."""
        distribution = self.run_config.distribution()
        asked = super().resources
        if self.cpus is not None or distribution is None:
            return asked
        return asked._replace(cpus=max(1, min(distribution.total // distribution.nodes, os.cpu_count() or 1)))

    @property
    def folder(self) -> Path:
        """The source folder, absolute."""
        return Path(self.source_directory or ".").expanduser().absolute()

    @property
    def script_path(self) -> str:
        """The script as seen from the source folder; outside of it, it begins with `..`."""
        return os.path.relpath(self.folder / (self.script or ""), self.folder)

    def command_line(self) -> str:
        """Return the line that the shell gets."""
        if self.command is None or isinstance(self.command, str):
            return self.command or ""
        parts = argument_parts(self.command, DataOfArguments())[0]
        return " ".join(f'"${part.variable}"' if isinstance(part, DataPlaceholder) else part for part in parts)

    def arguments_and_data(self) -> tuple[list[str | DataPlaceholder], DataOfArguments, list[str]]:
        """Return what the config has of arguments and data, those that stand in its command included."""
        arguments, data, problems = super().arguments_and_data()
        problems += self._add_resume_from(arguments, data)
        if self.command is not None and not isinstance(self.command, str):
            problems += [f"command: {problem}" for problem in argument_parts(self.command, data)[1]]
        return arguments, data, problems

    def source_text(self) -> str:
        """Return the script; the empty text where it can't be read, which is said elsewhere."""
        if self.script is None or self.source_directory is None:
            return ""
        with suppress(OSError):
            return (self.folder / self.script_path).read_text(encoding="utf-8", errors="replace")
        return ""

    def unchecked_request(self) -> RunRequest:
        """Return the run as it is wanted."""
        source = None if self.source_directory is None else str(self.folder)
        is_script = self.command is None
        code: RunCode = SourceFolder(self.folder, self.script_path if is_script else None) if source else RunCode()
        program = self.script_path if is_script else self.command_line()
        self.run_config.notice()
        return RunRequest(
            "script" if is_script else "command",
            program,
            code=code,
            source_directory=source,
            distribution=self.run_config.distribution(),
            **self.common_request(),
        )

    def all_data(self) -> list[Any]:
        """Return what goes into the run besides its arguments: also what its RunConfiguration has."""
        return [*super().all_data(), *self.run_config.data_into_run()]

    def _add_resume_from(self, arguments: list[str | DataPlaceholder], data: DataOfArguments) -> list[str]:
        """Add `--resume-from` and its path to the arguments, as Azure ML does; return what is wrong with it."""
        if self.resume_from is None:
            return []
        given: Any = self.resume_from
        if hasattr(given, "layout"):  # a run
            given = given.layout.outputs
        parts, problems = argument_parts(["--resume-from", given], data)
        arguments += parts
        return [f"resume_from: {problem}" for problem in problems]

    def problems(self) -> list[str]:
        """Return every mistake in the config, each as a sentence that says what was given and what was expected."""
        distribution = self.run_config.distribution()
        of_processes = distribution.problems() if distribution else []
        return [*super().problems(), *self._code_problems(), *self._command_problems(), *of_processes]

    def _code_problems(self) -> list[str]:
        problems = []
        if self.script is not None and self.command is not None:
            problems.append("both script and command are given; give the one that is to run")
        if self.script is None and self.command is None:
            problems.append("neither script nor command is given; give script='train.py', or a command for a shell")
        if self.source_directory is None and self.script is not None:
            problems.append("source_directory is missing; give the folder that the script is in")
        elif self.source_directory is not None and not self.folder.is_dir():
            problems.append(
                f"source_directory {str(self.folder)!r} {'is no folder' if self.folder.exists() else 'is not there'}"
            )
        elif self.script is not None:
            problems += self._script_problems()
        return problems

    def _script_problems(self) -> list[str]:
        script, folder = str(self.script), str(self.folder)
        inside = "the script should be inside the source folder"
        if Path(self.script_path).parts[:1] in {("..",), ()}:
            return [f"script {script!r} is not in source_directory {folder!r}: {inside}"]
        if (self.folder / self.script_path).is_file():
            return []
        hint = did_you_mean(script, (entry.name for entry in self.folder.iterdir()), "; ")
        return [f"script {script!r} not found in source_directory {folder!r}: {inside}{hint}"]

    def _command_problems(self) -> list[str]:
        if self.command is None:
            return []
        problems = [] if not self.arguments else ["arguments belong to a script; put them into the command"]
        if not self.command_line().strip():
            problems.append("the command is empty")
        return problems


def _checked(run_config: object) -> RunConfiguration:
    if run_config is None:
        return RunConfiguration()
    if isinstance(run_config, RunConfiguration):
        return run_config
    raise UserErrorException(f"run_config={shown(run_config)}: give a RunConfiguration")
