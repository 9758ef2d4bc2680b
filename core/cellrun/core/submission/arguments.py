"""What a script gets in `sys.argv`, element by element; the data among it; the variables that it is given."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cellrun.core.errors import UserErrorException, shown
from cellrun.core.identity import REFERENCE
from cellrun.core.resources import size_text
from cellrun.core.run_data import DataPlaceholder, GoesIntoRun, RunInput, RunOutput

MOST_BYTES = 128 * 1024  # Linux: MAX_ARG_STRLEN, the closing NUL counted


@dataclass
class DataOfArguments:
    """What a run's arguments have of data, by name, gathered."""

    inputs: dict[str, RunInput] = field(default_factory=dict)
    outputs: dict[str, RunOutput] = field(default_factory=dict)

    def add(self, given: GoesIntoRun) -> str | DataPlaceholder:
        """Take an argument's data; return what stands for it. Raises UserErrorException for two of one name."""
        data = given.run_data()
        if {**self.inputs, **self.outputs}.get(data.name, data) != data:
            raise UserErrorException(
                f"two different inputs or outputs are called {data.name!r}; give each a name of its own"
            )
        if isinstance(data, RunInput):
            self.inputs[data.name] = data
        else:
            self.outputs[data.name] = data
        return given.argument()


def argument_parts(arguments: Iterable[Any], data: DataOfArguments) -> tuple[list[str | DataPlaceholder], list[str]]:
    """Return arguments as the texts that arrive in `sys.argv`, and the problems of those that can't be passed.

    None becomes 'None', True 'True', a path its text, a number (numpy's scalars included) what `str` says. What is data
    goes into `data`, and a hole stands for its path.
    """
    parts: list[str | DataPlaceholder] = []
    problems = []
    for number, argument in enumerate(arguments, start=1):
        try:
            part = data.add(argument) if _goes_into_run(argument) else _text(argument)
        except UserErrorException as error:
            problems.append(f"argument {number}: {error}")
            continue
        problem = _no_argument(argument)
        if part is not None:
            parts.append(part)
            problem = _problem(part) if isinstance(part, str) else ""
        if problem:
            problems.append(f"argument {number} {problem}")
    return parts, problems


def data_problems(given: object, data: DataOfArguments) -> list[str]:
    """Take into `data` what isn't among the arguments; return what is wrong with it."""
    if isinstance(given, (str, Mapping)) or not isinstance(given, Iterable):
        return [f"data={shown(given)}: give a list, as in [dataset.as_named_input('train').as_mount()]"]
    parts = [(number, one) for number, one in enumerate(given, start=1)]
    problems = []
    for number, one in parts:
        try:
            if not _goes_into_run(one):
                raise UserErrorException(_no_data(one))  # noqa: TRY301  # as what `add` raises
            data.add(one)
        except UserErrorException as error:
            problems.append(f"data {number}: {error}")
    return problems


def reference_problems(arguments: Iterable[str | DataPlaceholder], data: DataOfArguments) -> list[str]:
    """Return which arguments are data references as texts (`str(ref)`) of data that the run isn't given."""
    return [
        f"argument {number} is the text {argument!r}, and the run is given no data of that name; give the reference "
        "itself, as in ['--data', datastore.path('a').as_mount()], or data=[reference] besides"
        for number, argument in enumerate(arguments, start=1)
        if isinstance(argument, str)
        and argument.startswith(f"${REFERENCE}")
        and argument.removeprefix(f"${REFERENCE}").partition("/")[0] not in {*data.inputs, *data.outputs}
    ]


def _goes_into_run(argument: object) -> bool:
    return not isinstance(argument, (str, int, float, type)) and isinstance(argument, GoesIntoRun)


def _no_argument(argument: object) -> str:
    if _is_dataset(argument):
        return f"is {_no_data(argument)}"
    return f"({type(argument).__name__}) cannot be passed; give str, int, float, bool, None, a path or data"


def _no_data(given: object) -> str:
    if _is_dataset(given):
        name = getattr(given, "name", None)
        which = f"the dataset {name!r} itself" if name else f"a dataset itself ({shown(given)})"
        return (
            f"{which}; say how the run gets it: .as_mount() or .as_download() for a path of files, "
            ".as_named_input('name') for the dataset in Run.get_context().input_datasets['name']"
        )
    return f"{shown(given)} is no input or output; give dataset.as_named_input('name').as_mount(), or an output"


def _is_dataset(given: object) -> bool:
    return not isinstance(given, type) and callable(getattr(given, "as_named_input", None))


def variable_texts(variables: Mapping[Any, Any]) -> tuple[dict[str, str], list[str]]:
    """Return environment variables as texts, and the problems of those that can't be passed."""
    texts, problems = {}, []
    for name, value in variables.items():
        if not isinstance(name, str) or not name or "=" in name or "\0" in name:
            problems.append(f"environment variable {shown(name)}: a name is a text without '=' and NUL")
            continue
        text = _text(value)
        problem = f"({type(value).__name__}) cannot be passed; give str, int, float, bool or a path"
        if text is not None and value is not None:
            texts[name] = text
            problem = _problem(text)
        if problem:
            problems.append(f"environment variable {name} {problem}")
    return texts, problems


def _text(value: Any) -> str | None:
    """Return a value as a text, None if it has none that a script could read back."""
    if isinstance(value, str):
        return str.__str__(value)  # of an enum of texts its value, not its name
    if value is None or isinstance(value, (bool, int, float)):
        return str(value)
    if isinstance(value, os.PathLike):
        path = os.fspath(value)
        return path if isinstance(path, str) else None
    numpy = sys.modules.get("numpy")  # who has a numpy scalar has imported numpy
    return str(value) if numpy and isinstance(value, numpy.generic) and not isinstance(value, bytes) else None


def _problem(text: str) -> str:
    """Say why a text can't be passed to a program; empty if it can."""
    if "\0" in text:
        return "holds a NUL character, which no program can be given"
    try:
        size = len(os.fsencode(text)) + 1
    except UnicodeEncodeError as error:
        return f"holds {error.object[error.start]!r}, a lone surrogate, which no program can be given"
    if size > MOST_BYTES:
        return f"is {size_text(size)}; Linux allows {MOST_BYTES // 1024} KiB, write it to a file"
    return ""
