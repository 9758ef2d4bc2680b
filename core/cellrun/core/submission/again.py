"""A run once more: a request that is read back from its folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from cellrun.core.context.trusted import TrustedRun
from cellrun.core.disk.whole_files import copy_tree
from cellrun.core.distributed.distribution import Distribution
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.errors import InvalidSubmissionError, UserErrorException, WorkspaceException
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.places import WorkspaceRecord
from cellrun.core.resources import Resources
from cellrun.core.run_data import RunInput, RunOutput, with_holes
from cellrun.core.run_request import CELL, RunCode, RunRequest
from cellrun.core.store.notes import add_note
from cellrun.core.store.record import SCRIPT_RUN, RunRecord
from cellrun.core.store.run_store import check_is_there
from cellrun.core.submission.submission import size_problems, start, target_problems
from cellrun.core.supervision.launch_spec import inherited, is_of_jupyter
from cellrun.core.targets.contract import Capability
from cellrun.core.targets.payload import Payload
from cellrun.core.targets.workspace_targets import WorkspaceTargets

_KEPT = ("workspace_id", "git", "tags", "environment_variables")


def resubmit(layout: RunLayout, *, trust: bool = False) -> RunLayout:
    """Make a new run of a run's snapshot and start it on the same target, or queue it there.

    Any process of the user can: what the job was given by value is taken from this
    process's environment as far as it is there, and the new run notes what isn't. What this user's own key didn't sign
    as it is now, or no key did, is run only if `trust` says so.

    Raises UntrustedError if it doesn't, RunNotFoundError for a run that is deleted, UserErrorException for an
    interactive one, WorkspaceException for a folder outside of a workspace, ComputeTargetException if its target is
    gone, InvalidSubmissionError with all else that keeps it from being started, and what starting a run raises.
    """
    check_is_there(layout)
    record = RunRecord.read(layout)
    if record.kind == "interactive":
        raise UserErrorException(
            f"run {record.id} is interactive: its code is the text of cells that ran in a notebook's kernel; "
            "run them again in a notebook"
        )
    if not layout.workspace.record.exists():
        raise WorkspaceException(f"{layout.folder} isn't in a workspace: only a run of a workspace can be run again")
    trusted = TrustedRun(layout, trust=trust)
    record = trusted.record()
    target = WorkspaceTargets(layout.workspace).get(record.target)
    request = request_of(layout, record, trusted, trust=trust)
    code_problems = request.code.problems(layout.workspace)
    problems = [*code_problems, *target_problems(target, request, layout.workspace)]
    problems += size_problems(target, request) if not problems else []
    if problems:
        raise InvalidSubmissionError(problems)
    of_the_first = {name: getattr(record, name) for name in _KEPT}
    if Capability.SHARES_FILES in target.capabilities:  # it is the same Python, whichever this process's is
        of_the_first["python"] = record.python
    return start(target, request, layout.workspace, **of_the_first)


def request_of(layout: RunLayout, record: RunRecord, trusted: TrustedRun, *, trust: bool) -> RunRequest:
    """Return a run's request, as it is wanted once more: with the values that this process has of its variables."""
    here = inherited(os.environ)
    environment = _environment_of(record)
    own = environment.variables if isinstance(environment, EnvironmentSpec) else {}
    others = [name for name in record.environment_variables if name not in own]
    given = {name: here[name] for name in others if _has(here, name)}
    return RunRequest(
        kind=record.kind,
        program=record.command or record.script or CELL,
        arguments=with_holes(record.arguments, {**record.inputs, **record.outputs}),
        inputs=tuple(RunInput.from_json(one) for one in record.inputs.values()),
        outputs=tuple(RunOutput.from_json(one) for one in record.outputs.values()),
        code=_CodeOfRun(layout, record, trusted, note=_note(others, given)),
        source_directory=record.source_directory,
        cell=record.cell,
        target=record.target,
        environment=environment,
        variables={**own, **given},
        env_in_engine=record.env_in_engine,
        options=record.options,
        resources=Resources.from_json(dict(record.resources)),
        max_run_duration_seconds=record.max_run_duration_seconds,
        distribution=Distribution.from_json(record.distribution) if record.distribution else None,
        name=record.display_name,
        type=record.type or SCRIPT_RUN,
        properties=record.properties,
        experiment=record.experiment,
        workspace=WorkspaceRecord.read(layout.workspace).name,
        repeats=layout.run_id,
        trust=trust,
    )


class _CodeOfRun(RunCode):
    """The snapshot of a run, and what its cell got from the notebook."""

    def __init__(self, layout: RunLayout, record: RunRecord, trusted: TrustedRun, *, note: str) -> None:
        self._layout = layout
        self._record = record
        self._trusted = trusted
        self._note = note

    def problems(self, workspace: WorkspaceLayout) -> Sequence[str]:  # noqa: ARG002  # it is in the same
        """Return what of it is gone."""
        problems = []
        if not self._layout.snapshot.is_dir():
            problems.append(f"its snapshot {self._layout.snapshot} is gone")
        if self._record.kind == "cell" and not self._layout.context.is_dir():
            problems.append(f"what its cell got from the notebook, {self._layout.context}, is gone")
        return problems

    @property
    def size_bytes(self) -> int:
        """How many bytes it has."""
        return sum(Payload.of(self._layout).file_sizes().values()) + self.values_bytes

    @property
    def values_bytes(self) -> int:
        """How many bytes its values have."""
        return sum(path.stat().st_size for path in Payload.of(self._layout).values.values() if path.exists())

    def links(self) -> Mapping[str, str]:
        """Return what was linked."""
        return self._record.links

    def copy_to(self, draft: RunLayout) -> None:
        """Copy it, and note what the run again has otherwise.

        Raises RunNotFoundError for a run that is deleted, UntrustedError for a copy that isn't what was signed.
        """
        try:
            copy_tree(self._layout.snapshot, draft.snapshot)
            if self._layout.context.is_dir():
                copy_tree(self._layout.context, draft.context)
        except FileNotFoundError:
            check_is_there(self._layout)
            raise
        check_is_there(self._layout)  # deleted meanwhile: the rest of the copy may be missing
        self._trusted.check_copy(draft)
        if self._note:
            add_note(draft, self._note)


def _environment_of(record: RunRecord) -> str | EnvironmentSpec | None:
    """Return what a run was to be run by. Raises UserErrorException for what no environment is."""
    if record.environment_spec is not None:
        return EnvironmentSpec.from_json(record.environment_spec)
    return record.environment if record.version > 1 else _environment_of_0_1(record)


def _environment_of_0_1(record: RunRecord) -> str | None:
    """Return what 0.1 didn't record: whoever asked for no environment had a version in `python`."""
    return None if record.python != record.interpreter else record.interpreter


def _has(here: dict[str, str], name: str) -> bool:
    return name in here and not is_of_jupyter(name)


def _note(names: Iterable[str], given: dict[str, str]) -> str:
    """Return what to note about the variables that a run was given."""
    parts = []
    if missing := sorted(set(names) - given.keys()):
        parts.append(f"without {', '.join(missing)}")
    if given:
        parts.append(f"with the present values of {', '.join(sorted(given))}")
    return f"the values of variables given to a run aren't kept: run again {'; '.join(parts)}" if parts else ""
