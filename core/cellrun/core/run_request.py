"""A run as it is requested, before anything is decided about a place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, Protocol

from cellrun.core.disk.whole_files import copy_tree
from cellrun.core.distributed.distribution import Distribution
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.errors import UserErrorException, shown
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.resources import Resources
from cellrun.core.run_data import DataPlaceholder, RunInput, RunOutput
from cellrun.core.store.record import SCRIPT_RUN, RunKind

CELL = "cell.py"
"""The file of a submitted cell in its run's snapshot."""


class RunCode:
    """What a run's folder is filled with: its snapshot, and of a cell its context. This one: with nothing."""

    def problems(self, workspace: WorkspaceLayout) -> Sequence[str]:  # noqa: ARG002  # for those that need it
        """Return every reason why it can't go along. Called before a run exists; changes nothing."""
        return ()

    def warnings(self) -> Sequence[str]:
        """Return what is left out of it and should be known."""
        return ()

    def links(self) -> Mapping[str, str]:
        """Return what isn't copied but linked into the run's working folder, by a target that shares this disk.

        By the paths there, with the absolute paths of what they lead to. Known once `problems` was asked.
        """
        return {}

    @property
    def size_bytes(self) -> int:
        """How many bytes go along, as far as that is known before they are written. Known once `problems` was asked."""
        return 0

    @property
    def values_bytes(self) -> int:
        """How many of these are captured values, which are files of their own."""
        return 0

    def copy_to(self, draft: RunLayout) -> None:
        """Write it into a run folder that is being built, whose `snapshot/` is there."""

    def abandon(self, workspace: WorkspaceLayout) -> None:
        """Take back what `copy_to` wrote outside the run folder, as no run came of it."""


@dataclass(frozen=True)
class RunRequest:
    """One run as it is wanted: plain data, and the code, which knows how it is copied.

    Made by a config's `request()`; a script, a command, a cell and a run that is run again are one path from here on.
    Which Python runs it, by which shell and where, its target decides.
    """

    kind: RunKind
    program: str
    """A script's path in the snapshot (`cell.py` for a cell), or the line that a shell gets."""
    arguments: tuple[str | DataPlaceholder, ...] = ()
    """What a script finds in `sys.argv` after itself, with holes for what its data will be; none for a command."""
    inputs: tuple[RunInput, ...] = ()
    """The data that it reads."""
    outputs: tuple[RunOutput, ...] = ()
    """The data that it makes."""
    code: RunCode = field(default_factory=RunCode, compare=False)
    source_directory: str | None = None
    """The folder that the code came from, absolute."""
    cell: Mapping[str, Any] | None = None
    """What is recorded of a notebook's cell: source, id, notebook, execution_count, title."""
    target: str | None = None
    """The name of a target of the workspace; None for `local`."""
    environment: str | EnvironmentSpec | None = None
    """Whose Python runs it: one that is there, as the user says it, or one to be built; None for the target's own."""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Environment variables that the user gave. Values may be secrets: a run folder keeps their names alone."""
    env_in_engine: bool = False
    """Whether they may be told to an engine that shows them to others (`ComputeTarget.shows_variables`)."""
    options: Mapping[str, str] = field(default_factory=dict)
    """What its target's engine is told for this run, by `ComputeTarget.options_known`: a partition, an account."""
    resources: Resources = field(default_factory=Resources)
    max_run_duration_seconds: float | None = None
    distribution: Distribution | None = None
    """How many processes of the program it is; None for one that is told nothing."""
    name: str | None = None
    """Its display name."""
    type: str = SCRIPT_RUN
    """Azure ML's type of such runs."""
    parent: str | None = None
    """The id of the run of the same workspace that it is a child of."""
    properties: Mapping[str, str] = field(default_factory=dict)
    """What is recorded of it and never changes."""
    experiment: str = ""
    """The experiment's name. Like the workspace's, it is filled in when the request is submitted."""
    workspace: str = ""
    repeats: str | None = None
    """The id of the run of the same workspace that is run again."""
    trust: bool = False
    """Whether that one is run again although nothing proves that it is this user's own."""
    signed: str = ""
    """The hash of the run folder's `signed.json`, which a cell's job is told; filled in when the folder is there."""

    def __post_init__(self) -> None:
        """Raise UserErrorException with all that isn't of its type: whoever makes a request hears it, not the run."""
        checks = {
            "kind": ("'script', 'command' or 'cell'", self.kind in ("script", "command", "cell")),
            "program": ("a text", isinstance(self.program, str)),
            "environment": (
                "a path as text, an EnvironmentSpec or None",
                isinstance(self.environment, (str, EnvironmentSpec, NoneType)),
            ),
            "arguments": ("a tuple of texts", self._are_arguments()),
            "inputs": ("a tuple of RunInput", _are(RunInput, self.inputs)),
            "outputs": ("a tuple of RunOutput", _are(RunOutput, self.outputs)),
            "type": ("a text", isinstance(self.type, str)),
            "parent": ("the id of a run as text, or None", isinstance(self.parent, (str, NoneType))),
            "properties": ("a dict of texts", _is_dict_of_texts(self.properties)),
            "options": ("a dict of texts", _is_dict_of_texts(self.options)),
            "env_in_engine": ("True or False", isinstance(self.env_in_engine, bool)),
            "code": ("a RunCode", isinstance(self.code, RunCode)),
            "distribution": ("a Distribution or None", isinstance(self.distribution, (Distribution, type(None)))),
            "resources": ("Resources(cpus, gpus, memory_bytes)", isinstance(self.resources, Resources)),
        }
        wrong = [
            f"{name} is {kind}, got {shown(getattr(self, name))}" for name, (kind, fits) in checks.items() if not fits
        ]
        if not _is_dict_of_texts(self.variables):
            wrong.append("variables are a dict of texts")  # their values may be secrets
        if wrong:
            raise UserErrorException(f"a run request is wrong: {'; '.join(wrong)}")

    def _are_arguments(self) -> bool:
        """Whether they are texts, and holes for data that there is."""
        if not isinstance(self.arguments, tuple):
            return False
        known = {str(getattr(data, "name", "")) for data in (*self.inputs, *self.outputs)}
        return all(
            isinstance(one, str) or (isinstance(one, DataPlaceholder) and one.name in known) for one in self.arguments
        )

    @property
    def recorded_arguments(self) -> list[str]:
        """Return the arguments as a record has them."""
        return [str(argument) for argument in self.arguments]

    @property
    def shown_arguments(self) -> list[str]:
        """Return the arguments as people are told them: with what each input is."""
        words = {one.name: one.words for one in self.inputs} | {one.name: one.words for one in self.outputs}
        return [words[one.name] if isinstance(one, DataPlaceholder) else one for one in self.arguments]


def _are(kind: type, values: object) -> bool:
    return isinstance(values, tuple) and all(isinstance(one, kind) for one in values)


def _is_dict_of_texts(values: object) -> bool:
    return isinstance(values, Mapping) and all(isinstance(one, str) for one in (*values, *values.values()))


class RunConfig(Protocol):
    """What `Experiment.submit` takes: a ScriptRunConfig, or anything else that says what it wants."""

    def request(self) -> RunRequest:
        """Return what is wanted. Raises InvalidSubmissionError with every mistake in it."""


_PLAIN = (
    *("kind", "program", "source_directory", "target", "max_run_duration_seconds", "name", "type", "properties"),
    "cell",
)
_ADDED = ("parent", "experiment", "workspace", "repeats", "trust", "signed", "options", "env_in_engine")
"""What a request that an earlier version kept has none of."""


class KeptCode(RunCode):
    """The code of a child, as it was when its driver was submitted. `folder` has a `snapshot` and maybe a `context`."""

    def __init__(self, folder: RunLayout, links: Mapping[str, str]) -> None:
        self.folder = folder
        self._links = links

    def problems(self, workspace: WorkspaceLayout) -> Sequence[str]:  # noqa: ARG002  # it is in the same
        """Return what of it is gone."""
        return () if self.folder.snapshot.is_dir() else (f"its code {self.folder.snapshot} is gone",)

    def links(self) -> Mapping[str, str]:
        """Return what is linked into the child's working folder."""
        return self._links

    def copy_to(self, draft: RunLayout) -> None:
        """Copy it into a child's folder."""
        copy_tree(self.folder.snapshot, draft.snapshot)
        if self.folder.context.is_dir():
            copy_tree(self.folder.context, draft.context)


def request_to_json(request: RunRequest) -> dict[str, Any]:
    """Return a request as plain values: without its code and without the values of its variables, maybe secrets."""
    wanted = request.environment
    return {
        **{name: getattr(request, name) for name in (*_PLAIN, *_ADDED)},
        "properties": dict(request.properties),
        "options": dict(request.options),
        "cell": None if request.cell is None else dict(request.cell),
        "arguments": [{"data": one.name} if isinstance(one, DataPlaceholder) else one for one in request.arguments],
        "inputs": [one.to_json() for one in request.inputs],
        "outputs": [one.to_json() for one in request.outputs],
        "environment": None if isinstance(wanted, EnvironmentSpec) else wanted,
        "environment_spec": wanted.to_json() if isinstance(wanted, EnvironmentSpec) else None,
        "resources": request.resources.to_json(),
        "distribution": None if request.distribution is None else request.distribution.to_json(),
        "links": dict(request.code.links()),
    }


def request_from_json(data: Mapping[str, Any], code: RunLayout, variables: Mapping[str, str]) -> RunRequest:
    """Return the request that `request_to_json` gave, with its code where it is kept."""
    spec = data["environment_spec"]
    environment = data["environment"] if spec is None else EnvironmentSpec.from_json(spec)
    own = environment.variables if isinstance(environment, EnvironmentSpec) else {}
    return RunRequest(
        **{name: data[name] for name in (*_PLAIN, *_ADDED) if name not in _ADDED or name in data},
        arguments=tuple(one if isinstance(one, str) else DataPlaceholder(one["data"]) for one in data["arguments"]),
        inputs=tuple(map(RunInput.from_json, data["inputs"])),
        outputs=tuple(map(RunOutput.from_json, data["outputs"])),
        environment=environment,
        variables={**own, **variables},
        resources=Resources.from_json(data["resources"]),
        distribution=None if data["distribution"] is None else Distribution.from_json(data["distribution"]),
        code=KeptCode(code, data["links"]),
    )
