"""The way from a config to a run: everything that can be refused is refused here, before a run exists."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from cellrun.core import names
from cellrun.core.environments.interpreter import is_own
from cellrun.core.environments.job_library import PYTHON_PATH, with_library
from cellrun.core.errors import (
    ComputeTargetException,
    InvalidNameError,
    InvalidSubmissionError,
    UserErrorException,
    shown,
)
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.limits import limits
from cellrun.core.status import Status
from cellrun.core.store.cancellation import set_canceled
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore
from cellrun.core.submission.arguments import argument_texts, parameters, variable_texts
from cellrun.core.submission.script_run_config import ScriptRunConfig
from cellrun.core.submission.snapshot import Snapshot, copy_tree
from cellrun.core.submission.source_control import git_head
from cellrun.core.supervision.job_environment import recorded
from cellrun.core.supervision.launch_spec import LaunchSpec
from cellrun.core.supervision.start import supervisor_command
from cellrun.core.targets.contract import ComputeTarget, Launch
from cellrun.core.targets.registry import compute_target


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
    config: ScriptRunConfig,
    tags: Mapping[str, str | None] | None = None,
) -> RunLayout:
    """Make a run of a config and start it on its target, or queue it there. Returns when either is certain.

    Raises UserErrorException for what is no config, and InvalidSubmissionError with every mistake found in one, before
    a run exists; SnapshotException for a file that can't be read; ExperimentExecutionException if the target can't
    start the run (which is then Failed).
    """
    if not isinstance(config, ScriptRunConfig):
        raise UserErrorException(f"submit takes a ScriptRunConfig; got {type(config).__name__} {shown(config)}")
    problems = [*_name_problems(experiment, tags or {}), *config.problems()]
    target = _target(config, problems)
    snapshot = None if problems else _snapshot(config, workspace.layout, problems)
    if problems or target is None:
        raise InvalidSubmissionError(problems, config.advice())
    for warning in snapshot.warnings if snapshot else ():
        warnings.warn(f"snapshot of {config.folder}: {warning}", stacklevel=3)
    given = _given(config)
    launch = Launch(
        workspace.layout.run(names.new_run_id(experiment)), _spec(config, target, workspace.name, experiment), given
    )

    def fill(draft: RunLayout) -> None:
        if snapshot:
            snapshot.copy_to(draft.snapshot)
        draft.snapshot.mkdir(exist_ok=True)
        config.fill(draft)

    def record() -> RunRecord:
        return _record(experiment, config)._replace(
            workspace_id=workspace.id, target=target.name, tags=dict(tags or {})
        )

    try:
        return make_and_start(target, launch, record, fill)
    except BaseException:  # Ctrl-C as well: nothing is left behind
        config.abandon(workspace.layout)
        raise


def problems_of_names_and_target(experiment: str, config: ScriptRunConfig) -> list[str]:
    """Return what is wrong with an experiment's name and with the target of a config."""
    problems = _name_problems(experiment, {})
    _target(config, problems)
    return problems


def make_and_start(
    target: ComputeTarget, launch: Launch, record: Callable[[], RunRecord], fill: Callable[[RunLayout], None]
) -> RunLayout:
    """Make the run folder of a launch and start the run, or queue it.

    `fill` writes the snapshot, and whatever else there is, into the folder while it is built; `record` is asked for
    while the target makes ready.
    """
    layout = launch.layout

    def fill_all(draft: RunLayout) -> None:
        fill(draft)
        copy_tree(draft.snapshot, draft.work)
        launch.spec.write(draft)

    with target.prepare(launch):
        RunStore(layout.workspace).create(record()._replace(id=layout.run_id), fill_all)
        try:
            target.start(launch)
        except KeyboardInterrupt:  # nobody has the run: it must not go on
            target.cancel(layout)
            set_canceled(layout, "interrupted", expected={Status.NOT_STARTED})
            raise
    return layout


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


def _target(config: ScriptRunConfig, problems: list[str]) -> ComputeTarget | None:
    """Return the config's target; adds why there is none, or why it could never start this run."""
    try:
        target = compute_target(config.compute_target)
    except ComputeTargetException as error:
        problems.append(str(error))
        return None
    if not problems:  # the resources are numbers
        problems += target.validate(config.resources)
    return target


def _snapshot(config: ScriptRunConfig, workspace: WorkspaceLayout, problems: list[str]) -> Snapshot | None:
    """Return what goes along of the config's source folder; adds why it can't."""
    if config.cell is not None or config.source_directory is None:
        return None
    snapshot = Snapshot(config.folder, out=(workspace.folder,))
    problems += snapshot.problems()
    if config.script is not None and all(file.path != config.script_path for file in snapshot.files):
        rules = snapshot.rules.file_name or "the default rules (outputs/, logs/, caches, environments)"
        problems.append(f"script {config.script_path!r} is left out of the snapshot by {rules}")
    return snapshot


def _spec(config: ScriptRunConfig, target: ComputeTarget, workspace: str, experiment: str) -> LaunchSpec:
    most = limits()
    kept, names_of_others = recorded(os.environ, config.interpreter, config.cpus)
    kept |= {"AZUREML_ARM_WORKSPACE_NAME": workspace, "AZUREML_ARM_PROJECT_NAME": experiment}
    if not is_own(config.interpreter):
        kept[PYTHON_PATH] = with_library(kept.get(PYTHON_PATH, ""))
    given = {str(name) for name in config.environment_variables}
    return LaunchSpec(
        argv=tuple(config.argv()),
        supervisor=tuple(supervisor_command()),
        is_shell=config.kind == "command",
        resources=config.resources,
        max_run_duration_seconds=config.max_run_duration_seconds,
        grace_s=most.grace_s,
        heartbeat_s=most.heartbeat_s,
        set_variables=kept,
        given_names=tuple(sorted(given)),
        inherited_names=tuple(name for name in names_of_others if name not in given),
        afterwards=target.afterwards(),
    )


def _given(config: ScriptRunConfig) -> dict[str, str]:
    """Return the variables of the config by value; a path of its own for Python doesn't hide cellrun."""
    given, _ = variable_texts(config.environment_variables)
    if PYTHON_PATH in given and not is_own(config.interpreter):
        given[PYTHON_PATH] = with_library(given[PYTHON_PATH])
    return given


def _record(experiment: str, config: ScriptRunConfig) -> RunRecord:
    """Return what is recorded of a config."""
    texts, _ = argument_texts(config.arguments or ())
    cell = None if config.cell is None else dict(config.cell)
    notebook = (cell or {}).get("notebook")
    code_folder = Path(notebook).parent.absolute() if notebook else config.folder
    version = f"{sys.version_info[0]}.{sys.version_info[1]}.{sys.version_info[2]} "
    return RunRecord(
        experiment=experiment,
        kind=config.kind,
        display_name=config.name,
        type="azureml.scriptrun",
        argv=config.argv(),
        parameters=parameters(texts),
        script=config.script_path if config.kind == "script" else None,
        command=config.command_line() if config.kind == "command" else None,
        source_directory=None if config.source_directory is None else str(config.folder),
        environment_variables=sorted(config.environment_variables),
        resources=config.resources.to_json(),
        max_run_duration_seconds=config.max_run_duration_seconds,
        git=git_head(code_folder),
        python=(version if config.environment is None else "") + config.interpreter,
        cell=cell,
    )
