"""What to run, with what, on what: the config that `Experiment.submit` takes."""

from __future__ import annotations

import difflib
import inspect
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cellrun.core import names
from cellrun.core.environments.interpreter import interpreter_of
from cellrun.core.errors import InvalidNameError, shown
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.own_run import is_of_a_run
from cellrun.core.resources import Resources
from cellrun.core.sizes import size_bytes
from cellrun.core.store.record import RunKind
from cellrun.core.submission.arguments import argument_texts, variable_texts


class ScriptRunConfig:
    """A script or a command, its source folder, its arguments and what it needs (Azure ML's ScriptRunConfig).

    Nothing is checked here: `Experiment.submit` gathers all mistakes into one InvalidSubmissionError. The attributes
    may be changed until then.

    source_directory: the folder that is copied and run; it is never written to.
    script: a Python file in it, maybe in a subfolder.
    arguments: what the script gets in `sys.argv`, element by element, never through a shell: str, int, float, bool,
        None, paths, numpy scalars.
    compute_target: the name of a target, or the target; `local` if left out.
    environment: whose Python runs it: the folder of a virtual environment or conda prefix, or the path of an
        interpreter; left out, the one that runs this code.
    max_run_duration_seconds: after so many seconds the run is stopped, and Failed.
    command: instead of script and arguments, a line for a shell (bash where there is one), or a list to be joined.
    cpus, gpus, memory: what the run holds while it runs; memory in bytes or as in "4G" (counted, not enforced).
    environment_variables: added to those of this process.
    name: the run's display name.
    """

    cell: Mapping[str, Any] | None = None
    """Set by a subclass for a cell: source, id, notebook, execution_count, title. It writes `snapshot/cell.py`."""

    def __init__(  # noqa: PLR0913  # a run has so many sides; all but Azure ML's first three by name
        self,
        source_directory: str | os.PathLike[str] | None = None,
        script: str | os.PathLike[str] | None = None,
        arguments: Iterable[Any] | None = None,
        *,
        compute_target: object = None,
        environment: object = None,
        max_run_duration_seconds: float | None = None,
        command: str | Iterable[Any] | None = None,
        cpus: int = 1,
        gpus: int = 0,
        memory: str | int | None = None,
        environment_variables: Mapping[str, Any] | None = None,
        name: str | None = None,
        **unknown: object,
    ) -> None:
        self.source_directory = source_directory
        self.script = script
        self.arguments = list(arguments) if arguments is not None and not isinstance(arguments, str) else arguments
        self.compute_target = compute_target
        self.environment = environment
        self.max_run_duration_seconds = max_run_duration_seconds
        self.command = command if command is None or isinstance(command, str) else list(command)
        self.cpus = cpus
        self.gpus = gpus
        self.memory = memory
        self.environment_variables = dict(environment_variables or {})
        self.name = name
        self._unknown = unknown

    @property
    def kind(self) -> RunKind:
        """What is run: a cell, a command or a script."""
        if self.cell is not None:
            return "cell"
        return "script" if self.command is None else "command"

    @property
    def folder(self) -> Path:
        """The source folder, absolute."""
        return Path(self.source_directory or ".").expanduser().absolute()

    @property
    def script_path(self) -> str:
        """The script as seen from the source folder; outside of it, it begins with `..`."""
        return os.path.relpath(self.folder / (self.script or ""), self.folder)

    @property
    def interpreter(self) -> str:
        """The Python that runs the script, absolute."""
        return str(interpreter_of(sys.executable if self.environment is None else str(self.environment)))

    @property
    def resources(self) -> Resources:
        """What the run holds. Raises ValueError for a memory that is no size."""
        return Resources(self.cpus, self.gpus, 0 if self.memory is None else size_bytes(self.memory))

    def argv(self) -> list[str]:
        """Return the program to start and its arguments, for a config without problems."""
        if self.command is not None:
            shell = shutil.which("bash") or shutil.which("sh") or "/bin/sh"
            return [shell, "-c", self.command_line()]
        texts, _ = argument_texts(self.arguments or ())
        if self.cell is not None:
            return [self.interpreter, "-m", "cellrun.core.cell.main", "cell.py", *texts]
        return [self.interpreter, self.script_path, *texts]

    def command_line(self) -> str:
        """Return the line that the shell gets."""
        if self.command is None or isinstance(self.command, str):
            return self.command or ""
        return " ".join(argument_texts(self.command)[0])

    def fill(self, layout: RunLayout) -> None:
        """Write more into the run folder while it is built. A cell writes its code into `snapshot/` here."""

    def abandon(self, workspace: WorkspaceLayout) -> None:
        """Take back what `fill` wrote outside the run folder, as no run came of it. A cell has values there."""

    def advice(self) -> str:
        """Return what else to do about the problems; a subclass may know."""
        return ""

    def problems(self) -> list[str]:
        """Return every mistake in the config, each as a sentence that says what was given and what was expected."""
        return [
            *self._unknown_problems(),
            *self._code_problems(),
            *self._input_problems(),
            *self._environment_problems(),
            *self._limit_problems(),
        ]

    def _unknown_problems(self) -> list[str]:
        known = [name for name in inspect.signature(ScriptRunConfig).parameters if name != "unknown"]
        problems = []
        for name in self._unknown:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
            problems.append(f"unknown keyword {name!r}; {hint}")
        return problems

    def _code_problems(self) -> list[str]:
        if self.cell is not None:
            return []
        problems = []
        if self.script is not None and self.command is not None:
            problems.append("both script and command are given; give the one that is to run")
        if self.script is None and self.command is None:
            problems.append("neither script nor command is given; give script='train.py', or a command for a shell")
        if self.command is not None and self.arguments:
            problems.append("arguments belong to a script; put them into the command")
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
        close = difflib.get_close_matches(script, (entry.name for entry in self.folder.iterdir()), n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        return [f"script {script!r} not found in source_directory {folder!r}: {inside}{hint}"]

    def _input_problems(self) -> list[str]:
        problems = []
        if isinstance(self.arguments, str):
            problems.append(
                f"arguments={shown(self.arguments)} is one text; give a list, as in {self.arguments.split()}"
            )
        elif self.arguments is not None:
            problems += argument_texts(self.arguments)[1]
        if self.command is not None and not isinstance(self.command, str):
            problems += [f"command: {problem}" for problem in argument_texts(self.command)[1]]
        if self.command is not None and not self.command_line().strip():
            problems.append("the command is empty")
        problems += variable_texts(self.environment_variables)[1]
        own = [name for name in self.environment_variables if is_of_a_run(str(name))]
        problems += [f"environment variable {name} is set by cellrun itself; choose another name" for name in own]
        return problems

    def _environment_problems(self) -> list[str]:
        given = self.environment
        if given is None:
            return [] if sys.executable else ["this Python doesn't say where it is; give environment='/path/to/python'"]
        expected = "give the folder of a virtual environment or conda prefix, or the path of a Python interpreter"
        if not isinstance(given, (str, os.PathLike)):
            return [f"environment={shown(given)} isn't supported yet: {expected}"]
        if Path(given).expanduser().is_dir():
            is_there = Path(self.interpreter).exists()
            return [] if is_there else [f"environment={str(given)!r} is a folder without bin/python; {expected}"]
        if os.sep not in str(given) and not Path(given).exists():
            found = shutil.which(str(given))
            return [f"environment={str(given)!r} isn't there: {f'did you mean {found}?' if found else expected}"]
        return []

    def _limit_problems(self) -> list[str]:
        problems = []
        for name, value, least in (("cpus", self.cpus, 1), ("gpus", self.gpus, 0)):
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                problems.append(f"{name}={shown(value)}: give a whole number from {least} on")
        if self.memory is not None:
            try:
                size_bytes(self.memory)
            except ValueError as error:
                problems.append(f"memory={error}")
        limit = self.max_run_duration_seconds
        if limit is not None and (not isinstance(limit, (int, float)) or isinstance(limit, bool) or not limit > 0):
            problems.append(f"max_run_duration_seconds={shown(limit)}: give a number of seconds above 0")
        if self.name is not None:
            try:
                names.display_name(self.name)
            except InvalidNameError as error:
                problems.append(str(error))
        return problems
