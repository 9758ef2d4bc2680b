"""The records of a run: what was submitted, written once; where its target started it, or that it was sent here.

What the code of a run that was sent would write into the workspace here never comes home, and what is in the workspace
isn't here: both are refused, in words, where they are asked for. Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal, NamedTuple, get_args

from cellrun.core.disk import control_file
from cellrun.core.disk.control_file import (
    UNREADABLE,
    are_texts,
    is_count,
    is_mapping_of,
    is_number,
    is_number_or_none,
    is_process_or_none,
    is_scalar,
    is_text,
    is_text_or_none,
)
from cellrun.core.disk.ownership import owner
from cellrun.core.disk.whole_files import replace_file
from cellrun.core.errors import WorkspaceElsewhereError
from cellrun.core.identity import own_run
from cellrun.core.layout import RunLayout, WorkspaceLayout

RunKind = Literal["script", "command", "cell", "interactive"]

SCRIPT_RUN = "azureml.scriptrun"
"""Azure ML's type of a run that was submitted."""

VERSION = 2


class RunRecord(NamedTuple):  # each job loads it, and to load `dataclasses` costs 6 ms
    """One run as it was asked for. Nothing in it ever changes; what happens to the run is in its status and events."""

    experiment: str
    kind: RunKind
    workspace_id: str = ""
    id: str = ""
    """Made when the run is created, unless it is given."""
    name: str = ""
    """`<experiment>-<number>`, made when the run is created."""
    number: int = 0
    display_name: str | None = None
    type: str | None = None
    """Azure ML's run type: "azureml.scriptrun" for a submitted run, None for an interactive one, other words for a run
    that drives others."""
    parent: str | None = None
    """The id of the run of the same workspace that it is a child of."""
    target: str = "local"
    created_at: float = 0.0
    """Epoch seconds."""
    created_by: Mapping[str, Any] = {}
    """The identity of the process that submitted or opened the run (`ProcessIdentity.to_json`)."""
    argv: Sequence[str] = ()
    """What the code finds in `sys.argv`; empty for a command. (0.1 recorded the interpreter before it.)"""
    parameters: Mapping[str, str] = {}
    """Pairs parsed from argv: `--k v`, `--k=v`."""
    script: str | None = None
    command: str | None = None
    source_directory: str | None = None
    links: Mapping[str, str] = {}
    """What of the source folder is linked into the working folder, not copied: what is secret by its name."""
    environment_variables: Sequence[str] = ()
    """Names alone: values may be secrets."""
    env_in_engine: bool = False
    """Whether their values were given to an engine that shows them to others."""
    options: Mapping[str, str] = {}
    """What its target's engine was told for this run: a partition, an account."""
    resources: Mapping[str, Any] = {}
    """cpus, gpus, memory_bytes."""
    max_run_duration_seconds: float | None = None
    distribution: Mapping[str, Any] | None = None
    """How many processes of its program it is (`Distribution.to_json`); None for one that is told nothing."""
    git: Mapping[str, Any] = {}
    """head, branch."""
    python: str = ""
    """The version, where it is known, and the path of the Python that runs it, as its target told."""
    inputs: Mapping[str, Any] = {}
    """The data that it reads, by name (`RunInput.to_json`)."""
    outputs: Mapping[str, Any] = {}
    """The data that it makes, by name (`RunOutput.to_json`)."""
    environment: str | None = None
    """Whose Python was asked for, as the user said it; None for the target's own."""
    environment_spec: Mapping[str, Any] | None = None
    """What that was to consist of, if it was to be built (`EnvironmentSpec.to_json`)."""
    cell: Mapping[str, Any] | None = None
    """source, id, notebook, execution_count, title."""
    tags: Mapping[str, str | None] = {}
    """The tags at submission; later ones are events."""
    properties: Mapping[str, str] = {}
    """The properties at submission; further ones are events, and none ever changes."""
    repeats: str | None = None
    """The id of the run whose snapshot, arguments and context this one has again; None for a new submission."""
    version: int = VERSION
    unknown: Mapping[str, Any] = {}
    """Keys of a newer cellrun, kept as they are."""

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> RunRecord:
        """Read what `to_json` gave, now or in another version."""
        known = {*cls._fields} - {"unknown"}
        return cls(
            **{key: value for key, value in data.items() if key in known},
            unknown={key: value for key, value in data.items() if key not in known},
        )

    def to_json(self) -> dict[str, Any]:
        """Return the record as plain values."""
        known = self._asdict()
        unknown = known.pop("unknown")
        return {**known, **unknown}

    @property
    def arguments(self) -> Sequence[str]:
        """What the script got in `sys.argv` after itself; nothing for a command, whose line says it all."""
        script = self.script or ("cell.py" if self.kind == "cell" else None)
        return self.argv[self.argv.index(script) + 1 :] if script in self.argv else ()

    @property
    def nodes(self) -> int:
        """On how many machines it runs."""
        return int(self.distribution["nodes"]) if self.distribution else 1

    @property
    def initial_properties(self) -> dict[str, str]:
        """What was known of it when it was made and never changes: its properties, and the commit of its code."""
        commit, branch = self.git.get("head"), self.git.get("branch")
        # under the names that Azure ML and MLflow gave them
        named = {"azureml.git.commit": commit, "mlflow.source.git.commit": commit, "azureml.git.branch": branch}
        return {**{name: value for name, value in named.items() if value}, **self.properties}

    @property
    def interpreter(self) -> str:
        """The path of the Python that runs it, as `python` says it, after a version where that was known."""
        return self.python if self.python.startswith(os.sep) else self.python.partition(" ")[2]

    @classmethod
    def read(cls, layout: RunLayout) -> RunRecord:
        """Read the record of a run folder. Raises OSError, DamagedRunError."""
        try:
            content = control_file.read_control_file(layout.folder, layout.record)
        except PermissionError as error:
            problem = f"is closed to you: the run belongs to {owner(layout.folder)}"
            raise control_file.damaged(layout.folder, layout.record, problem) from error
        return cls.of_bytes(content, layout)

    @classmethod
    def of_bytes(cls, content: bytes, layout: RunLayout) -> RunRecord:
        """Read the bytes of a run's record. Raises DamagedRunError."""
        data = control_file.parsed(layout.folder, layout.record, content)
        control_file.check(layout.folder, layout.record, data, _SHAPE, needed=("experiment", "kind"))
        # A folder that was copied out of its workspace may have any name, one in it is known by its name.
        if (
            layout.folder.parent.name == "runs"
            and not layout.run_id.startswith(".")
            and data.get("id") != layout.run_id
        ):
            raise control_file.damaged(
                layout.folder, layout.record, f"is the record of another run, {data.get('id')!r:.80}"
            )
        return cls.from_json(data)

    def write(self, layout: RunLayout) -> None:
        """Write the record, once and for good."""
        with layout.record.open("x") as file:
            json.dump(self.to_json(), file, indent=1)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())


def _is_distribution(value: Any) -> bool:
    """Whether a value can be what `Distribution.from_json` reads."""
    return _has_texts(value, "kind") and all(is_count(value.get(name)) for name in ("processes", "nodes", "servers"))


def is_input(value: Any) -> bool:
    """Whether a value can be what `RunInput.from_json` reads, which a job doesn't load for this."""
    if not (_has_texts(value, "name", "mode") and _is_dict(value, "dataset")):
        return False
    paths = value["dataset"].get("paths")
    return isinstance(paths, list) and bool(paths) and all(map(_is_place, paths)) and _may_have(value, _MAY_OF_INPUT)


def _is_place(value: Any) -> bool:
    return is_mapping_of(is_text)(value) and set(value) in _PLACES


def _is_output(value: Any) -> bool:
    if not _has_texts(value, "name", "mode", "datastore", "path"):
        return False
    register = value.get("register")
    return _may_have(value, _MAY_OF_OUTPUT) and (
        register is None or (_has_texts(register, "name") and register.keys() <= _OF_REGISTRATION)
    )


def _may_have(value: dict[str, Any], shape: control_file.Shape) -> bool:
    return all(fits(value[name]) for name, fits in shape.items() if name in value)


def _has_texts(value: Any, *names: str) -> bool:
    return isinstance(value, dict) and all(is_text(value.get(name)) for name in names)


def _is_dict(value: dict[str, Any], name: str) -> bool:
    return isinstance(value.get(name), dict)


_PLACES = ({"datastore", "path"}, {"url"}, {"local"})
_OF_REGISTRATION = frozenset({"name", "description", "tags", "dataset", "path_glob"})
_MAY_OF_INPUT: control_file.Shape = {
    "dataset_id": is_text,
    "dataset_name": is_text_or_none,
    "dataset_version": lambda value: value is None or is_count(value),
    "path_on_compute": is_text_or_none,
}
_MAY_OF_OUTPUT: control_file.Shape = {"source": is_text_or_none, "source_globs": are_texts}
_SHAPE: control_file.Shape = {
    "experiment": is_text,
    "kind": lambda value: value in get_args(RunKind),
    "workspace_id": is_text,
    "id": is_text,
    "name": is_text,
    "number": is_count,
    "display_name": is_text_or_none,
    "type": is_text_or_none,
    "parent": is_text_or_none,
    "target": is_text,
    "created_at": is_number,
    "created_by": is_process_or_none,
    "argv": are_texts,
    "parameters": is_mapping_of(is_text),
    "script": is_text_or_none,
    "command": is_text_or_none,
    "inputs": is_mapping_of(is_input),
    "outputs": is_mapping_of(_is_output),
    "source_directory": is_text_or_none,
    "links": is_mapping_of(is_text),
    "environment_variables": are_texts,
    "env_in_engine": lambda value: isinstance(value, bool),
    "options": is_mapping_of(is_text),
    "resources": is_mapping_of(is_number_or_none),
    "max_run_duration_seconds": is_number_or_none,
    "distribution": lambda value: value is None or _is_distribution(value),
    "git": is_mapping_of(is_scalar),
    "python": is_text,
    "environment": is_text_or_none,
    "environment_spec": lambda value: value is None or isinstance(value, dict),
    "cell": lambda value: value is None or is_mapping_of(is_scalar)(value),
    "tags": is_mapping_of(is_text_or_none),
    "properties": is_mapping_of(is_text),
    "repeats": is_text_or_none,
    "version": is_count,
}


_TARGET_VERSION = 1


class RunTarget(NamedTuple):
    """The content of a run's target.json."""

    name: str
    kind: str
    shares_processes: bool
    """Whether the run's processes are this machine's, so that their death can be proven from here."""
    handle: Mapping[str, Any] = {}
    """What the target finds the run by; none of it is a secret. `host` and `folder` say where that is, to people."""

    @classmethod
    def read(cls, layout: RunLayout) -> RunTarget | None:
        """Return where a run was started; None if it wasn't yet, or the file is damaged."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            data = control_file.read_object(layout.folder, layout.target)
            return cls(str(data["name"]), str(data["kind"]), bool(data["shares_processes"]), dict(data["handle"]))
        return None

    def write(self, layout: RunLayout) -> None:
        """Write it into the run's folder, in place of an earlier one."""
        replace_file(layout.target, json.dumps({"version": _TARGET_VERSION, **self._asdict()}))


def place_text(layout: RunLayout, name: str) -> str:
    """Return where a run is, for people: the name of its target, and of its machine if that has another."""
    target = RunTarget.read(layout)
    host = str(target.handle.get("host") or "") if target else ""
    return name if host in {"", name} else f"{name} ({host})"


def is_elsewhere(layout: RunLayout) -> bool:
    """Whether a run's processes aren't this machine's: whoever is here can't prove that they died."""
    target = RunTarget.read(layout)
    return target is not None and not target.shares_processes


Missed = Literal["runs", "children", "parent", "models", "datasets", "datastores", "environments", "secrets"]

_OUTPUTS = "write files to outputs/, which comes home with the run"
_INSTEAD: Mapping[Missed, str] = {
    "runs": "log to the run itself, which Run.get_context() gives; start other runs in the notebook",
    "children": "log to the run itself; make its children where it was submitted (run.create_children, "
    "run.submit_child)",
    "parent": "log to the run itself: its parent can read that, where it was submitted",
    "models": "write the model to outputs/, and register it in the notebook once the run is home: "
    "run.register_model(…)",
    "datasets": f"{_OUTPUTS}, and register them in the notebook once it is there",
    "datastores": _OUTPUTS,
    "environments": "register and read them where the run was submitted",
    "secrets": "give the run what it needs as environment variables (--env NAME)",
}


def is_sent(layout: RunLayout) -> bool:
    """Whether a run's folder was sent to this machine: where it was made, its number was taken beside it.

    Raises as `RunRecord.read` does.
    """
    record = RunRecord.read(layout)
    return not (layout.workspace.experiment(record.experiment) / str(record.number)).exists()


def own_sent_run() -> RunLayout | None:
    """Return the run that this process is part of, if that was sent to this machine."""
    run = own_run()
    with suppress(*UNREADABLE):
        return run if run is not None and is_sent(run) else None
    return None


def refuse_elsewhere(workspace: WorkspaceLayout, what: Missed) -> None:
    """Raise WorkspaceElsewhereError if this process's run was sent here and asks for something of its workspace."""
    run = own_sent_run()
    if run is not None and run.workspace.folder.absolute() == workspace.folder.absolute():
        raise elsewhere_error(run, what)


def elsewhere_error(run: RunLayout, what: Missed) -> WorkspaceElsewhereError:
    """Return what says that something of a run's workspace can't be had where it runs, and what to do."""
    return WorkspaceElsewhereError(
        f"{_WORDS.get(what, f'{what} of its workspace')} can't be had or made in run {run.run_id}: it runs on another "
        f"machine than its workspace is on, and nothing but the run itself comes home from there; {_INSTEAD[what]}"
    )


_WORDS: Mapping[Missed, str] = {
    "runs": "other runs",
    "children": "children",
    "parent": "its parent",
    "secrets": "secrets of its workspace's keyvault",
}
