"""A run once more: the same snapshot, context, command and resources, from its folder alone."""

from __future__ import annotations

import os
from collections.abc import Sequence

from cellrun.core import names
from cellrun.core.environments.job_library import PYTHON_PATH, has_library, with_library
from cellrun.core.errors import InvalidSubmissionError, RunNotFoundError, UserErrorException, WorkspaceException
from cellrun.core.layout import RunLayout
from cellrun.core.limits import limits
from cellrun.core.store.notes import add_note
from cellrun.core.store.record import VERSION, RunRecord
from cellrun.core.submission.snapshot import copy_tree
from cellrun.core.submission.submission import make_and_start
from cellrun.core.supervision.job_environment import inherited
from cellrun.core.supervision.launch_spec import LaunchSpec
from cellrun.core.supervision.start import supervisor_command
from cellrun.core.targets.contract import ComputeTarget, Launch
from cellrun.core.targets.registry import compute_target

_OF_JUPYTER = "JUPYTER"  # where a server keeps its things, and what it is let in by: of no use to a job


def resubmit(layout: RunLayout) -> RunLayout:
    """Make a new run of a run's snapshot and start it on the same target, or queue it there.

    Any process of the user can: what the job was given by value is taken from this process's environment as far as it
    is there, and the new run notes what isn't.

    Raises RunNotFoundError for a run that is deleted, UserErrorException for an interactive one, WorkspaceException for
    a folder outside of a workspace, InvalidSubmissionError with all else that keeps it from being started, and what
    starting a run raises.
    """
    _check_is_there(layout)
    record = RunRecord.read(layout)
    if record.kind == "interactive":
        raise UserErrorException(
            f"run {record.id} is interactive: its code ran in its notebook's kernel and isn't kept; run its cell again"
        )
    if not layout.workspace.record.exists():
        raise WorkspaceException(f"{layout.folder} isn't in a workspace: only a run of a workspace can be run again")
    target = compute_target(record.target)
    spec = _spec(layout, record, target)
    given, note = _given(spec.given_names)
    if PYTHON_PATH in given and has_library(spec.set_variables.get(PYTHON_PATH, "")):
        given[PYTHON_PATH] = with_library(given[PYTHON_PATH])
    spec = spec._replace(given_names=tuple(sorted(given)))
    launch = Launch(layout.workspace.run(names.new_run_id(record.experiment)), spec, given)

    def fill(draft: RunLayout) -> None:
        _copy(layout, draft)
        if note:
            add_note(draft, note)

    return make_and_start(target, launch, lambda: _record(record), fill)


def _copy(layout: RunLayout, draft: RunLayout) -> None:
    try:
        copy_tree(layout.snapshot, draft.snapshot)
        if layout.context.is_dir():
            copy_tree(layout.context, draft.context)
    except FileNotFoundError:
        _check_is_there(layout)
        raise
    _check_is_there(layout)  # deleted meanwhile: the rest of the copy may be missing


def _check_is_there(layout: RunLayout) -> None:
    if not layout.record.exists():
        raise RunNotFoundError(layout.run_id, str(layout.workspace.folder))


def _record(record: RunRecord) -> RunRecord:
    """Return what was submitted as a new run's record, its own facts left out."""
    return record._replace(
        id="", name="", number=0, created_at=0.0, created_by={}, repeats=record.id, version=VERSION, unknown={}
    )


def _spec(layout: RunLayout, record: RunRecord, target: ComputeTarget) -> LaunchSpec:
    """Return how the run was started, with what belongs to this cellrun and this moment as it is now.

    Raises InvalidSubmissionError.
    """
    problems: list[str] = []
    if not layout.snapshot.is_dir():
        problems.append(f"its snapshot {layout.snapshot} is gone")
    if record.kind == "cell" and not layout.context.is_dir():
        problems.append(f"what its cell got from the notebook, {layout.context}, is gone")
    try:
        spec = LaunchSpec.read(layout)
    except (OSError, ValueError, KeyError) as error:
        raise InvalidSubmissionError([*problems, f"{layout.launch} can't be read: {error!r}"]) from error
    problems += target.validate(spec.resources)
    if problems:
        raise InvalidSubmissionError(problems)
    most = limits()
    variables = dict(spec.set_variables)
    if has_library(variables.get(PYTHON_PATH, "")):
        variables[PYTHON_PATH] = with_library(variables[PYTHON_PATH])
    return spec._replace(
        supervisor=tuple(supervisor_command()),
        set_variables=variables,
        grace_s=most.grace_s,
        heartbeat_s=most.heartbeat_s,
        inherited_names=tuple(name for name in spec.inherited_names if not name.startswith(_OF_JUPYTER)),
        afterwards=target.afterwards(),
    )


def _given(variables: Sequence[str]) -> tuple[dict[str, str], str]:
    """Return the values that this process has of the variables that a run was given, and what to note about them."""
    here = inherited(os.environ)
    found = {name: here[name] for name in variables if name in here and not name.startswith(_OF_JUPYTER)}
    missing = sorted(set(variables) - found.keys())
    parts = []
    if missing:
        parts.append(f"without {', '.join(missing)}")
    if found:
        parts.append(f"with the present values of {', '.join(sorted(found))}")
    note = f"the values of variables given to a run aren't kept: run again {' and '.join(parts)}"
    return found, note if parts else ""
