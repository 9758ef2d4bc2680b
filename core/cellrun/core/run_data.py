"""The data of a run as it is wanted: what goes in by which name, what comes out to where. Pure data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol, get_args, runtime_checkable

from cellrun.core.errors import InvalidNameError, UserErrorException, shown
from cellrun.core.identity import REFERENCE, is_of_a_run

InputMode = Literal["direct", "mount", "download"]
OutputMode = Literal["mount", "upload"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_NAME_RULE = "is a variable's name of ASCII letters, digits and _, 64 characters at most, and none that programs use"
# Each input and output is told by a variable of its own name, too: these would break the job itself.
_OF_PROGRAMS = re.compile(r"(LD|DYLD|CELLRUN|AZUREML|OMP|CUDA|XDG|LC)_\w*|PYTHON[A-Z]+", re.ASCII)
_TAKEN = frozenset({"PATH", "HOME", "USER", "SHELL", "LANG", "TERM", "TMPDIR", "TZ", "IFS", "PWD", "MPLBACKEND", "_"})


def data_name(given: object) -> str:
    """Return the name of a run's input or output if it can be one: a variable in the job has it."""
    text = given if isinstance(given, str) else ""
    if not _NAME.fullmatch(text) or text in _TAKEN or _OF_PROGRAMS.fullmatch(text) or is_of_a_run(text):
        raise InvalidNameError("name of an input or output", given, _NAME_RULE)
    return text


@dataclass(frozen=True)
class DataPlaceholder:
    """What stands in a run's arguments where the path of an input or an output will be, or an input's id."""

    name: str

    @property
    def variable(self) -> str:
        """The variable that has the same in the job."""
        return f"{REFERENCE}{self.name}"

    def __str__(self) -> str:
        """Return what a record has in its place."""
        return f"<data:{self.name}>"


@dataclass(frozen=True)
class RunInput:
    """A dataset that a run reads, and how it comes to it."""

    name: str
    dataset: Mapping[str, Any]
    """Its definition as JSON."""
    dataset_id: str = ""
    dataset_name: str | None = None
    """As it is registered; None for one that isn't."""
    dataset_version: int | None = None
    mode: InputMode = "direct"
    path_on_compute: str | None = None
    """Where the job wants it: None leaves that to the target, a relative path begins in the job's folder."""

    def __post_init__(self) -> None:
        """Raise InvalidNameError or UserErrorException for what can't be."""
        data_name(self.name)
        _check_mode(f"the input {self.name!r}", self.mode, get_args(InputMode))
        _check_stays(f"path_on_compute of the input {self.name!r}", self.path_on_compute)

    @property
    def is_reference(self) -> bool:
        """Whether it is a place and no dataset: nothing needs to be there yet."""
        return not self.dataset_id

    @property
    def words(self) -> str:
        """What it is, for people and lists: a registered one's name and version, else where it is."""
        if self.dataset_name:
            return f"{self.dataset_name}:{self.dataset_version}"
        places = [_place(path) for path in self.dataset.get("paths", ())]
        return f"{places[0]} and {len(places) - 1} more" if len(places) > 1 else "".join(places)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RunInput:
        """Read what `to_json` gave."""
        return cls(**{name: data[name] for name in cls.__dataclass_fields__ if name in data})


@dataclass(frozen=True)
class Registration:
    """As what an output is registered when its run has completed."""

    name: str
    description: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    dataset: Mapping[str, Any] | None = None
    """What it is: a definition's `kind` and `read`; files if nothing is said."""
    path_glob: str | None = None
    """Which files below its folder it consists of, all without it."""


@dataclass(frozen=True)
class RunOutput:
    """A folder that a run fills, and where its content is kept."""

    name: str
    datastore: str
    path: str
    """In the store; `{run-id}` and `{output-name}` stand for those."""
    mode: OutputMode = "mount"
    overwrite: bool = False
    source: str | None = None
    """The folder that the job fills: None leaves that to the target, a relative path begins in the job's folder."""
    source_globs: Sequence[str] = ()
    """Which of its files are kept, all if there are none."""
    register: Registration | None = None

    def __post_init__(self) -> None:
        """Raise InvalidNameError or UserErrorException for what can't be."""
        data_name(self.name)
        _check_mode(f"the output {self.name!r}", self.mode, get_args(OutputMode))
        _check_stays(f"the place of the output {self.name!r} in its datastore", self.path)
        _check_stays(f"source of the output {self.name!r}", self.source)

    @property
    def words(self) -> str:
        """Where it is kept, for people and lists."""
        return f"{self.datastore or 'the default datastore'}/{self.path}"

    def path_of(self, run_id: str) -> str:
        """Return where in its store it is for a run."""
        return self.path.replace("{run-id}", run_id).replace("{output-name}", self.name).strip("/")

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {**asdict(self), "source_globs": list(self.source_globs)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RunOutput:
        """Read what `to_json` gave."""
        values = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
        register = values.get("register")
        return cls(
            **{
                **values,
                "source_globs": tuple(values.get("source_globs", ())),
                "register": None if register is None else Registration(**register),
            }
        )


@runtime_checkable
class GoesIntoRun(Protocol):
    """What may stand among a run's arguments and be data: a dataset as a mount, an output, a data reference."""

    def run_data(self) -> RunInput | RunOutput:
        """Return it as the run wants it. Raises UserErrorException."""

    def argument(self) -> str | DataPlaceholder:
        """Return what stands in the arguments for it."""


def with_holes(arguments: Iterable[str], names: Iterable[str]) -> tuple[str | DataPlaceholder, ...]:
    """Return a record's arguments with the holes for the data of these names, as they were submitted."""
    holes = {str(DataPlaceholder(name)): DataPlaceholder(name) for name in names}
    return tuple(holes.get(argument, argument) for argument in arguments)


def _place(path: Mapping[str, str]) -> str:
    if "datastore" in path:
        return f"{path['datastore']}/{path['path']}"
    return path["url"].partition("?")[0] if "url" in path else path.get("local", "")


def _check_stays(what: str, path: str | None) -> None:
    if path is not None and ("\0" in path or ".." in path.split("/")):
        raise UserErrorException(f"{what} would lead out of its folder by {shown(path)}; give a path without '..'")


def _check_mode(what: str, mode: object, known: Sequence[str]) -> None:
    if mode not in known:
        raise UserErrorException(f"{what} has the mode {shown(mode)}; expected one of {', '.join(known)}")
