"""The way from a config to a run: everything that can be refused is refused here, before a run exists."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, cast

from cellrun.core import names
from cellrun.core.context.signature import sign, write_hashes
from cellrun.core.environment_spec import EnvironmentSpec, has_secret_name
from cellrun.core.environments.registered_environments import RegisteredEnvironments
from cellrun.core.errors import (
    ComputeTargetException,
    ExperimentExecutionException,
    InvalidNameError,
    InvalidSubmissionError,
    UserErrorException,
    WorkspaceException,
    did_you_mean,
    shown,
)
from cellrun.core.front_end import plain
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.run_request import RunConfig, RunRequest
from cellrun.core.store.ending import set_canceled
from cellrun.core.store.notes import add_note
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore, has_run
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.submission.recorded import recorded
from cellrun.core.submission.run_options import option_texts, target_name, wanted_environment
from cellrun.core.targets.contract import Capability, ComputeTarget
from cellrun.core.targets.workspace_targets import WorkspaceTargets
from cellrun.core.unsupported import warn_once

_OWN_WORDS = (
    "cores, GPUs, memory and time are said by --cpus, --gpus, --memory and --timeout, nodes by distributed_job_config"
)


class SubmittingWorkspace(Protocol):
    """What a submission needs to know of a workspace."""

    layout: WorkspaceLayout

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def name(self) -> str:
        """Its name."""


def submit(
    workspace: SubmittingWorkspace,
    experiment: str,
    config: RunConfig,
    tags: Mapping[str, str | None] | None = None,
    *,
    parent: str | None = None,
) -> RunLayout:
    """Make a run of a config and start it on its target, or queue it there. Returns when either is certain.

    `parent` is the id of the run that it is a child of, unless the config says so itself.

    Raises UserErrorException for what is no config, and InvalidSubmissionError with every mistake found in one, before
    a run exists; SnapshotException for a file that can't be read; ExperimentExecutionException if the target can't
    start the run (which is then Failed).
    """
    problems, advice, request = _name_problems(experiment, tags or {}), "", None
    try:
        request = _requested(config)
    except InvalidSubmissionError as error:
        problems, advice = [*problems, *error.problems], error.advice
    if request and isinstance(request.environment, str):
        request = _with_registered_environment(request, request.environment, workspace.layout, problems)
    if request and parent and not request.parent:
        request = replace(request, parent=parent)
    if request and request.parent and not has_run(workspace.layout, request.parent):
        problems.append(f"parent {shown(request.parent)} is no run of this workspace; give the id of one")
    target = _target(workspace.layout, getattr(config, "compute_target", None), request or _known_of(config), problems)
    if request and not problems:
        problems += request.code.problems(workspace.layout)
        problems += size_problems(target, request) if target and not problems else []
    if problems or not request or not target:
        raise InvalidSubmissionError(problems, advice)
    for warning in (*request.code.warnings(), *target.warnings(request)):
        warnings.warn(plain(warning), stacklevel=3)
    say_what_is_shown(target, request)
    request = replace(request, experiment=experiment, workspace=workspace.name)
    return start(target, request, workspace.layout, workspace_id=workspace.id, tags=dict(tags or {}))


def with_options(config: RunConfig, options: Mapping[str, Any]) -> RunConfig:
    """Return a config as it is submitted with options. Raises UserErrorException for one that takes none.

    Old code gives `show_output`, which Azure ML takes for any config and heeds for automated training alone.
    """
    options = {name: value for name, value in options.items() if name != "show_output"}
    if not options:
        return config
    takes = None if isinstance(config, type) else getattr(config, "submitted_with", None)
    if callable(takes):
        return cast("RunConfig", takes(**options))
    if given := [name for name in options if name[0] != "_"]:
        raise UserErrorException(f"a {type(config).__name__} is submitted without {given[0]!r}; leave it out")
    return config


def problems_of_place(
    workspace: WorkspaceLayout, experiment: str, target: object, request: RunRequest | None
) -> list[str]:
    """Return what is wrong with an experiment's name and with a target, and why that could never start a request."""
    problems = _name_problems(experiment, {})
    _target(workspace, target, request or RunRequest("script", ""), problems)
    return problems


def problems_of_target(workspace: WorkspaceLayout, request: RunRequest) -> list[str]:
    """Return why a request's target could never start it."""
    problems: list[str] = []
    _target(workspace, None, request, problems)
    return problems


def record_of(workspace: WorkspaceLayout, request: RunRequest) -> RunRecord:
    """Return what is recorded of a request. Raises ComputeTargetException for a target that isn't there."""
    return recorded(request, WorkspaceTargets(workspace).get(request.target))


def start(target: ComputeTarget, request: RunRequest, workspace: WorkspaceLayout, **record: Any) -> RunLayout:
    """Make the run folder of a request and start the run, or queue it; `record` has what else is recorded of it.

    The code is written into the folder while it is built, and the folder while the target makes ready.
    """
    layout = workspace.run(names.new_run_id(request.experiment))

    orders = []

    def fill(draft: RunLayout) -> None:
        draft.snapshot.mkdir()
        request.code.copy_to(draft)
        orders.append(_signed(draft))

    try:
        with target.prepare(request, layout):
            RunStore(workspace).create(recorded(request, target)._replace(id=layout.run_id, **record), fill)
            _launch(target, replace(request, signed=orders[0]), layout)
    except BaseException:  # Ctrl-C as well: nothing is left behind
        request.code.abandon(workspace)
        raise
    if workspace.orphans.exists():
        from cellrun.core.context.used_values import free_orphans  # noqa: PLC0415  # somebody was killed: rarely

        free_orphans(workspace)
    return layout


def _with_registered_environment(
    request: RunRequest, name: str, workspace: WorkspaceLayout, problems: list[str]
) -> RunRequest:
    """Return a request whose environment is a registered one, if that is what its text names: `name`, `name:version`.

    A path of a Python comes before. What makes the registered one unfit for use is added to the problems.
    """
    known = RegisteredEnvironments(workspace)
    if os.sep in name or Path(name).exists() or not known.knows(name.partition(":")[0]):
        return request
    named, _, version = name.partition(":")
    try:
        spec = known.get(named, version or None).spec()
    except UserErrorException as error:
        problems.append(str(error))
        return request
    return replace(request, environment=spec, variables={**spec.variables, **request.variables})


def _signed(draft: RunLayout) -> str:
    """Sign what a run's folder was filled with; return what its job is told of it."""
    order = write_hashes(draft)
    try:
        sign(draft.signed)
    except WorkspaceException as error:  # no key, as on a disk that keeps no modes: the run is none the worse
        add_note(draft, f"it isn't signed, so that to load it or to run it again asks for trust: {error}")
    return order


def _launch(target: ComputeTarget, request: RunRequest, layout: RunLayout) -> None:
    """Launch a run. Whatever goes wrong, nobody has it then: it must neither go on nor wait for ever."""
    try:
        target.launch(request, layout)
    except KeyboardInterrupt:
        target.cancel(layout)
        set_canceled(layout, "interrupted", expected={Status.NOT_STARTED})
        raise
    except (ExperimentExecutionException, ComputeTargetException) as error:
        StatusFile(layout).change(Status.FAILED, expected={Status.NOT_STARTED}, reason=str(error))
        raise
    except OSError as error:  # a full disk, a folder that can't be written
        why = ": ".join(map(str, filter(None, (error.strerror, error.filename))))
        raise _failed(layout, why) from error
    except Exception as error:  # whatever a stranger's target raises
        raise _failed(layout, repr(error)) from error


def _failed(layout: RunLayout, why: str) -> ExperimentExecutionException:
    """Fail a run that hasn't begun, and return the error that says why."""
    reason = f"could not start the run: {why}"
    StatusFile(layout).change(Status.FAILED, expected={Status.NOT_STARTED}, reason=reason)
    return ExperimentExecutionException(reason)


def _requested(config: RunConfig) -> RunRequest:
    request: Callable[[], object] | None = None if isinstance(config, type) else getattr(config, "request", None)
    made = request() if callable(request) else None
    if not isinstance(made, RunRequest):
        told = f", whose request() returned {shown(made)}" if callable(request) else ""
        raise UserErrorException(
            f"submit takes a config, such as ScriptRunConfig, whose request() returns a RunRequest; "
            f"got {type(config).__name__} {shown(config)}{told}"
        )
    return made


def _name_problems(experiment: str, tags: Mapping[str, str | None]) -> list[str]:
    return [
        *_refusal(names.experiment_name, experiment),
        *(problem for tag in tags for problem in _refusal(names.tag_name, tag)),
    ]


def _refusal(check: Callable[[object], str], name: object) -> list[str]:
    try:
        check(name)
    except InvalidNameError as error:
        return [str(error)]
    return []


def _target(
    workspace: WorkspaceLayout, given: object, request: RunRequest, problems: list[str]
) -> ComputeTarget | None:
    """Return the target of a request; adds why there is none, or why it could never start this run."""
    name = request.target if given is None else target_name(given)
    try:
        target = WorkspaceTargets(workspace).get(name)
    except ComputeTargetException as error:
        problems.append(str(error))
        return None
    if isinstance(given, ComputeTarget):
        if (given.kind, given.settings) != (target.kind, target.settings):  # nobody would find its runs
            problems.append(f"compute_target={given!r} isn't this workspace's own; ws.compute_targets has those")
        target = given
    problems += target_problems(target, request, workspace)
    return target


def _known_of(config: RunConfig) -> RunRequest:
    """Return what of a config with mistakes a target can judge all the same, so that all mistakes come at once."""
    environment = None
    with suppress(UserErrorException):
        environment = wanted_environment(getattr(config, "environment", None))
    options = option_texts(getattr(config, "target_options", None))[0]
    return RunRequest("script", "", environment=environment, options=options)


def target_problems(target: ComputeTarget, request: RunRequest, workspace: WorkspaceLayout) -> list[str]:
    """Return every reason why a target could never start a run as it is wanted, before there is one."""
    problems = [*target.problems(request), *_option_problems(target, request), *_variable_problems(target, request)]
    problems += data_problems(target, request, workspace)
    limit = request.max_run_duration_seconds
    if limit is not None and Capability.LIMITS_TIME not in target.capabilities:
        problems.append(f"max_run_duration_seconds={limit:g}: {target.name!r} can't end a run by itself; leave it out")
    return problems


def size_problems(target: ComputeTarget, request: RunRequest) -> list[str]:
    """Return why what a run takes along could never go to a target."""
    problem = target.size_problem(request.code)
    return [f"{_words(target)} can't have what it takes along: {problem}"] if problem else []


def data_problems(target: ComputeTarget, request: RunRequest, workspace: WorkspaceLayout) -> list[str]:
    """Return why a run could never have its data on a target."""
    if not request.inputs and not request.outputs:
        return []
    if Capability.SHARES_FILES not in target.capabilities:
        names_of_data = ", ".join([*(one.name for one in request.inputs), *(one.name for one in request.outputs)])
        return [f"{target.name!r} can't bring data to its runs ({names_of_data}); take 'local', or read it in the code"]
    from cellrun.core.data.in_run import binding  # noqa: PLC0415  # a run without data needs none of it

    return binding.problems(request.inputs, request.outputs, workspace)


def say_what_is_shown(target: ComputeTarget, request: RunRequest) -> None:
    """Say, once a target, that others can read the values of the variables that a run gives its engine."""
    if shown := _shown_variables(target, request):
        warn_once(
            f"whoever may ask {_words(target)} can read what this run is given there: {', '.join(shown)}; "
            "it stays in the records of its jobs"
        )


def _option_problems(target: ComputeTarget, request: RunRequest) -> list[str]:
    problems = []
    for name in request.options:
        if name in target.options_known:
            continue
        known = ", ".join(f"{each} ({meaning})" for each, meaning in target.options_known.items())
        if known:
            hint = did_you_mean(name, target.options_known) or f"known: {known}; {_OWN_WORDS}"
            problems.append(f"{_words(target)} has no option {name!r}; {hint}")
        else:
            problems.append(f"{_words(target)} takes no options; leave {name!r} out")
    return problems


def _variable_problems(target: ComputeTarget, request: RunRequest) -> list[str]:
    if request.env_in_engine or not (shown := _shown_variables(target, request)):
        return []
    problem = (
        f"{_words(target)} would show the values of {', '.join(shown)} to whoever may ask it, and keep them; "
        "if they may be read there, say so by --env-in-engine, or env_in_engine=True"
    )
    return [problem]


def _shown_variables(target: ComputeTarget, request: RunRequest) -> Sequence[str]:
    """Return the variables that are told to an engine which shows them, other than those its environment defines.

    What an environment defines and isn't called as a secret is recorded with the run anyway.
    """
    if not target.shows_variables:
        return ()
    spec = request.environment
    own = spec.variables if isinstance(spec, EnvironmentSpec) else {}
    return sorted(
        name for name, value in request.variables.items() if value and (own.get(name) != value or has_secret_name(name))
    )


def _words(target: ComputeTarget) -> str:
    return f"target {target.name!r} ({target.kind})"
