"""From a request to what a supervisor reads, for a target that has decided which Python and which folders."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress

from cellrun.core.context.ordered_run import with_order
from cellrun.core.context.signature import sign
from cellrun.core.distributed.launcher import launched
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.building.kept import kept_environment_of
from cellrun.core.environments.interpreter import is_own
from cellrun.core.environments.job_library import PYTHON_PATH, has_library, own_library, use_library, with_library
from cellrun.core.errors import ExperimentExecutionException, WorkspaceException
from cellrun.core.layout import RunLayout
from cellrun.core.resources import limits
from cellrun.core.run_data import NO_DATA, BoundData
from cellrun.core.run_request import CELL, RunRequest
from cellrun.core.store.notes import add_note
from cellrun.core.supervision.job_environment import recorded
from cellrun.core.supervision.launch_spec import LaunchSpec
from cellrun.core.supervision.start import supervisor_command
from cellrun.core.targets.this_machine import environment_warnings

# Python looks into the working folder first (`-m` does, too): not before it is known to be as it was submitted.
_ENTRY = (
    'import sys; "" in sys.path and sys.path.remove(""); '
    "from cellrun.core.cell.main import main; main(sys.argv[1], sys.argv[2:])"
)


def launch_spec(
    request: RunRequest,
    interpreter: str,
    environ: Mapping[str, str],
    *,
    bound: BoundData = NO_DATA,
    afterwards: Sequence[str] = (),
) -> LaunchSpec:
    """Return how a run is started by an interpreter of this machine, with what it inherits of an environment.

    An environment that isn't there yet is ordered: to build it comes before the job. Raises
    ExperimentExecutionException for one that this machine can't have: who submits from another one didn't know.
    """
    most, before = limits(), tuple[tuple[str, ...], ...]()
    kept, names_of_others = recorded(environ, interpreter, request.resources.threads)
    kept |= {"AZUREML_ARM_WORKSPACE_NAME": request.workspace, "AZUREML_ARM_PROJECT_NAME": request.experiment}
    kept |= bound.variables
    if not is_own(interpreter) or own_library():
        kept[PYTHON_PATH] = with_library(kept.get(PYTHON_PATH, ""))
    if isinstance(request.environment, EnvironmentSpec):
        from cellrun.core.environments.building.plan import plan_of  # noqa: PLC0415  # few runs need it

        plan = plan_of(request.environment)
        if plan.problems:
            raise ExperimentExecutionException("; ".join(plan.problems))
        kept, before = kept | plan.variables(), plan.commands()
    return LaunchSpec(
        argv=tuple(_command(request, interpreter, bound)),
        supervisor=tuple(supervisor_command()),
        python=interpreter,
        is_shell=request.kind == "command" and request.distribution is None,
        resources=request.resources,
        max_run_duration_seconds=request.max_run_duration_seconds,
        grace_s=most.grace_s,
        heartbeat_s=most.heartbeat_s,
        silence_s=most.silence_s,
        set_variables=kept,
        given_names=tuple(sorted(request.variables)),
        inherited_names=tuple(name for name in names_of_others if name not in request.variables),
        before=(*before, *bound.before),
        afterwards=tuple(afterwards),
        beside=bound.beside,
        finishing=bound.finishing,
    )


def ordered(spec: LaunchSpec, request: RunRequest) -> LaunchSpec:
    """Return how a run is started whose folder is there: the job of a cell is told what was submitted."""
    if request.kind != "cell" or not request.signed:
        return spec
    return spec._replace(argv=with_order(spec.argv, request.signed))


def write_spec(spec: LaunchSpec, layout: RunLayout) -> None:
    """Write a run's launch spec, signed: another process may run it again. Raises FileExistsError if it is there."""
    spec.write(layout)
    with suppress(WorkspaceException):  # no key: the run's notes say so
        sign(layout.launch, layout.run_id)


def enter_environment(request: RunRequest, spec: LaunchSpec, layout: RunLayout) -> None:
    """Note in a run's folder that it uses an environment, built or to be built, and what is special in that."""
    notices = list(environment_warnings(request.environment))
    use_library(spec.set_variables.get(PYTHON_PATH, ""), layout)
    if kept := kept_environment_of(spec.python):
        kept.use(layout)
        notices += kept.notices
    for notice in notices:
        with suppress(OSError):  # a full disk
            add_note(layout, notice)


def given_variables(request: RunRequest, spec: LaunchSpec) -> dict[str, str]:
    """Return the variables of a request by value; a path of its own for Python doesn't hide cellrun."""
    given = dict(request.variables)
    if PYTHON_PATH in given and has_library(spec.set_variables.get(PYTHON_PATH, "")):
        given[PYTHON_PATH] = with_library(given[PYTHON_PATH])
    return given


def _command(request: RunRequest, interpreter: str, bound: BoundData) -> list[str]:
    """Return the program of a run, with what starts several of it in front if it is several."""
    program = program_of(request, interpreter, bound)
    return launched(interpreter, request.distribution, program) if request.distribution else program


def program_of(request: RunRequest, interpreter: str, bound: BoundData = NO_DATA) -> list[str]:
    """Return the program to start and its arguments."""
    if request.kind == "command":
        shell = shutil.which("bash") or shutil.which("sh") or "/bin/sh"
        return [shell, "-c", request.program]
    if request.kind == "cell":
        return [interpreter, "-c", _ENTRY, CELL, *bound.arguments(request.arguments)]
    return [interpreter, request.program, *bound.arguments(request.arguments)]
