"""The options that every config of a run shares: arguments, resources, limits, a target."""

from __future__ import annotations

import copy
import inspect
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cellrun.core import names
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.errors import InvalidNameError, InvalidSubmissionError, UserErrorException, did_you_mean, shown
from cellrun.core.identity import is_set_by_cellrun
from cellrun.core.resources import Resources, size_bytes
from cellrun.core.run_data import DataPlaceholder
from cellrun.core.run_request import RunRequest
from cellrun.core.submission.arguments import (
    DataOfArguments,
    argument_parts,
    data_problems,
    reference_problems,
    variable_texts,
)

_HEADER = "# /// script"


class RunOptions(ABC):
    """The options that all configs share. A subclass adds what is run.

    Nothing is checked when it is made: `request` gathers all mistakes. The attributes may be changed until then.
    """

    def __init__(  # noqa: PLR0913  # a run has so many sides; all but the arguments by name
        self,
        arguments: Iterable[Any] | None = None,
        *,
        compute_target: object = None,
        environment: object = None,
        max_run_duration_seconds: float | None = None,
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
        is_list = arguments is not None and not isinstance(arguments, str)
        self.arguments = _copied(arguments) if is_list else arguments  # type: ignore[arg-type]  # as was looked
        self.data = data
        self.compute_target = compute_target
        self.environment = environment
        self.max_run_duration_seconds = max_run_duration_seconds
        self.cpus = cpus
        self.gpus = gpus
        self.memory = memory
        self.environment_variables = dict(environment_variables or {})
        self.env_in_engine = env_in_engine
        self.target_options = target_options
        self.name = name
        self._unknown = unknown

    def request(self) -> RunRequest:
        """Return the run as it is wanted. Raises InvalidSubmissionError with every mistake in the config."""
        if problems := self.problems():
            raise InvalidSubmissionError(problems, self.advice())
        return self.unchecked_request()

    @abstractmethod
    def unchecked_request(self) -> RunRequest:
        """Return the run as it is wanted, for a config whose options have no mistakes."""

    def problems(self) -> list[str]:
        """Return every mistake in the config, each as a sentence that says what was given and what was expected."""
        return [*self._unknown_problems(), *self._input_problems(), *self._limit_problems()]

    def advice(self) -> str:
        """Return what else to do about the problems; a subclass may know."""
        return ""

    @property
    def resources(self) -> Resources:
        """What the run holds. Raises ValueError for a memory that is no size."""
        memory_bytes = 0 if self.memory is None else size_bytes(self.memory)
        return Resources(self.cpus or 1, self.gpus, memory_bytes, threads=self.cpus or 0)

    def common_request(self) -> dict[str, Any]:
        """Return the fields of a request that don't depend on what is run."""
        environment, given = self.wanted_environment(), variable_texts(self.environment_variables)[0]
        arguments, data, _ = self.arguments_and_data()
        return {
            "arguments": tuple(arguments),
            "inputs": tuple(data.inputs.values()),
            "outputs": tuple(data.outputs.values()),
            "target": None if self.compute_target is None else target_name(self.compute_target),
            "environment": environment,
            "variables": {**(environment.variables if isinstance(environment, EnvironmentSpec) else {}), **given},
            "env_in_engine": self.env_in_engine,
            "options": option_texts(self.target_options)[0],
            "resources": self.resources,
            "max_run_duration_seconds": self.max_run_duration_seconds,
            "name": self.name,
        }

    def arguments_and_data(self) -> tuple[list[str | DataPlaceholder], DataOfArguments, list[str]]:
        """Return the arguments with holes for what of them is data, all data, and what is wrong with either."""
        data = DataOfArguments()
        arguments, problems = argument_parts(self.arguments or (), data)
        try:
            problems += data_problems(self.all_data(), data)
        except TypeError:  # no list
            problems += data_problems(self.data, data)
        return arguments, data, problems + reference_problems(arguments, data)

    def all_data(self) -> list[Any]:
        """Return what goes into the run besides its arguments. Raises TypeError where no list was given."""
        if isinstance(self.data, (str, Mapping)):
            raise TypeError
        return list(self.data)

    def source_text(self) -> str:
        """Return the Python that is run, as far as there is a text that may say what it needs."""
        return ""

    @property
    def has_header(self) -> bool:
        """Whether no environment is given and the code says itself what it needs (PEP 723)."""
        return self.environment is None and _HEADER in self.source_text()

    def wanted_environment(self) -> str | EnvironmentSpec | None:
        """Return the environment that is given, else what the header of the code asks for.

        Raises UserErrorException for what is none, and a header that can't be read.
        """
        if self.has_header:
            from cellrun.core.environments.sources.script_header import spec_of_script  # noqa: PLC0415  # rare

            return spec_of_script(self.source_text())
        return wanted_environment(self.environment)

    def environment_notes(self) -> list[str]:
        """Return what is worth saying about an environment that is to be built, if it can be had."""
        try:
            wanted = self.wanted_environment()
        except UserErrorException:
            return []
        if not isinstance(wanted, EnvironmentSpec):
            return []
        from cellrun.core.environments.building.built_environments import words_of  # noqa: PLC0415  # rare
        from cellrun.core.environments.building.plan import plan_of  # noqa: PLC0415  # rare

        plan = plan_of(wanted)
        if plan.problems or (plan.is_there and not self.has_header):
            return []
        of_header = ", which the header `# /// script` asks for," if self.has_header else ""
        when = "is there" if plan.is_there else "is built before the run starts"
        return [f"the environment {words_of(wanted)}{of_header} {when}"]

    def _unknown_problems(self) -> list[str]:
        known = [
            name
            for name in inspect.signature(type(self)).parameters
            if name not in {"unknown", "options"} and name[0] != "_"
        ]
        problems = []
        for name in self._unknown:
            hint = did_you_mean(name, known) or f"known: {', '.join(known)}"
            problems.append(f"unknown keyword {name!r}; {hint}")
        return problems

    def _input_problems(self) -> list[str]:
        problems = []
        if isinstance(self.arguments, str):
            problems.append(
                f"arguments={shown(self.arguments)} is one text; give a list, as in {self.arguments.split()}"
            )
        else:
            problems += self.arguments_and_data()[2]
        problems += variable_texts(self.environment_variables)[1]
        own = [name for name in self.environment_variables if is_set_by_cellrun(str(name))]
        problems += [f"environment variable {name} is set by cellrun itself; choose another name" for name in own]
        if not isinstance(self.env_in_engine, bool):
            problems.append(f"env_in_engine={shown(self.env_in_engine)}: give True or False")
        problems += option_texts(self.target_options)[1]
        try:
            self.wanted_environment()
        except UserErrorException as error:
            problems.append(str(error))
        return problems

    def _limit_problems(self) -> list[str]:
        problems = []
        for name, value, least in (("cpus", 1 if self.cpus is None else self.cpus, 1), ("gpus", self.gpus, 0)):
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


def wanted_environment(given: object) -> str | EnvironmentSpec | None:
    """Return an environment as a request has it: a path of a Python that is there, absolute, or what is to be built.

    Raises UserErrorException for what is neither a path, nor an Environment, nor an EnvironmentSpec.
    """
    spec = getattr(given, "spec", None)
    if callable(spec) and not isinstance(given, type):  # an Environment
        given = spec()
    if isinstance(given, (str, os.PathLike)):
        path = Path(given).expanduser()
        return str(path.absolute()) if path.exists() else os.fspath(given)
    if given is None or isinstance(given, EnvironmentSpec):
        return given
    raise UserErrorException(
        f"environment={shown(given)}: give an Environment, or as a path the folder of a virtual environment or conda "
        "prefix, or a Python interpreter"
    )


def option_texts(given: object) -> tuple[dict[str, str], list[str]]:
    """Return options for a target's engine as texts, and what is wrong with others."""
    if given is None:
        return {}, []
    if not isinstance(given, Mapping):
        return {}, [f"target_options={shown(given)}: give a dict, as in {{'partition': 'gpu'}}"]
    texts, problems = {}, []
    for name, value in given.items():
        is_plain = isinstance(value, (str, int)) and not isinstance(value, bool) and str(value).isprintable()
        if isinstance(name, str) and is_plain and str(value).strip():
            texts[name] = str(value)
        else:
            problems.append(f"target_options {shown(name)}: {shown(value)} is no value; give a text of one line")
    return texts, problems


def _copied(arguments: Iterable[Any]) -> list[Any]:
    """Return a copy of arguments, which may change until the run is submitted (as in Azure ML)."""
    copies = []
    for argument in arguments:
        try:
            copies.append(copy.deepcopy(argument))
        except Exception:  # noqa: BLE001  # whatever can't be copied is no argument, which is said when all is
            copies.append(argument)
    return copies


def target_name(given: object) -> str:
    """Return the name of a target that is given by its name, or itself."""
    return given if isinstance(given, str) else str(getattr(given, "name", shown(given)))
