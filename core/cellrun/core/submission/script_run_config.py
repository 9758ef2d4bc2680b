"""A script or a command to run, with what, on what: the config of Azure ML's name."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from cellrun.core.errors import did_you_mean
from cellrun.core.run_data import DataOfArguments, DataPath
from cellrun.core.run_request import RunCode, RunRequest
from cellrun.core.submission.arguments import argument_parts
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
    environment: whose Python runs it: an Environment, which is built before the run starts, the folder of a virtual
        environment or conda prefix, or the path of an interpreter; left out, what the script's header `# /// script`
        asks for (PEP 723), else the one that runs this code (elsewhere the target's own).
    max_run_duration_seconds: after so many seconds the run is stopped, and Failed.
    cpus, gpus, memory: what the run holds while it runs; memory in bytes or as in "4G" (counted, not enforced). Left
        out, it is one core; given, numeric libraries are told to use so many threads (OMP_NUM_THREADS), unless the
        environment says otherwise.
    environment_variables: added to those of this process.
    name: the run's display name.
    data: inputs and outputs that the script finds by their names, without being told their paths.
    """

    def __init__(  # noqa: PLR0913  # all of them, so that an editor shows them; all but Azure ML's first three by name
        self,
        source_directory: str | os.PathLike[str] | None = None,
        script: str | os.PathLike[str] | None = None,
        arguments: Iterable[Any] | None = None,
        *,
        compute_target: object = None,
        environment: object = None,
        max_run_duration_seconds: float | None = None,
        command: str | Iterable[Any] | None = None,
        cpus: int | None = None,
        gpus: int = 0,
        memory: str | int | None = None,
        environment_variables: Mapping[str, Any] | None = None,
        name: str | None = None,
        data: Iterable[Any] = (),
        **unknown: object,
    ) -> None:
        super().__init__(
            arguments,
            compute_target=compute_target,
            environment=environment,
            max_run_duration_seconds=max_run_duration_seconds,
            cpus=cpus,
            gpus=gpus,
            memory=memory,
            environment_variables=environment_variables,
            name=name,
            data=data,
            **unknown,
        )
        self.source_directory = source_directory
        self.script = script
        self.command = command if command is None or isinstance(command, str) else list(command)

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
        return " ".join(f'"${part.variable}"' if isinstance(part, DataPath) else part for part in parts)

    def arguments_and_data(self) -> tuple[list[str | DataPath], DataOfArguments, list[str]]:
        """Return what the config has of arguments and data, those that stand in its command included."""
        arguments, data, problems = super().arguments_and_data()
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
        kind = "script" if is_script else "command"
        return RunRequest(kind, program, code=code, source_directory=source, **self.common_request())  # type: ignore[arg-type]

    def problems(self) -> list[str]:
        """Return every mistake in the config, each as a sentence that says what was given and what was expected."""
        return [*super().problems(), *self._code_problems(), *self._command_problems()]

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
