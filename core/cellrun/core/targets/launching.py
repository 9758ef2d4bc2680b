"""How a run is started on this machine: by which Python, if there is as much as it asks for, what is kept of that."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cellrun.core.context.signature import sign, with_order
from cellrun.core.context.trusted import TrustedRun
from cellrun.core.distributed.launcher import launched
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.building.built_environments import cached_environment_of
from cellrun.core.environments.interpreter import environment_problems, interpreter_of
from cellrun.core.environments.job_library import PYTHON_PATH, has_library, needs_library, use_library, with_library
from cellrun.core.errors import ExperimentExecutionException, InvalidSubmissionError, WorkspaceException
from cellrun.core.layout import RunLayout
from cellrun.core.moved import moved_command
from cellrun.core.resources import Resources, limits, size_text
from cellrun.core.run_request import CELL, RunRequest
from cellrun.core.store.notes import add_note
from cellrun.core.supervision.launch_spec import LaunchSpec, is_of_jupyter, recorded
from cellrun.core.supervision.start import supervisor_command
from cellrun.core.targets.contract import TargetPython

if TYPE_CHECKING:
    from cellrun.core.data.in_run.binding import BoundData
    from cellrun.core.environments.building.plan import Plan

# Python looks into the working folder first (`-m` does, too): not before it is known to be as it was submitted.
_ENTRY = (
    'import sys; "" in sys.path and sys.path.remove(""); '
    "from cellrun.core.cell.main import main; main(sys.argv[1], sys.argv[2:])"
)


def python_here(environment: str | EnvironmentSpec | None) -> TargetPython:
    """Return this process's own Python, or an environment's; one that is there isn't asked for its version.

    Of one that is to be built it is where its Python will be.
    """
    if environment is None:
        return TargetPython(sys.executable, ".".join(map(str, sys.version_info[:3])))
    if isinstance(environment, str):
        return TargetPython(str(interpreter_of(environment)))
    from cellrun.core.environments.building.plan import plan_of  # noqa: PLC0415  # few runs need it

    plan = plan_of(environment)
    return TargetPython(plan.interpreter, plan.version)


def environment_problems_here(environment: str | EnvironmentSpec | None) -> list[str]:
    """Return why an environment can't be had on this machine."""
    if environment is None:
        return [] if sys.executable else ["this Python doesn't say where it is; give environment='/path/to/python'"]
    if isinstance(environment, str):
        return environment_problems(environment)
    from cellrun.core.environments.building.plan import plan_of  # noqa: PLC0415  # as above

    return list(plan_of(environment).problems)


def environment_warnings(environment: str | EnvironmentSpec | None) -> tuple[str, ...]:
    """Return what of an environment is otherwise here than it was asked for."""
    if not isinstance(environment, EnvironmentSpec):
        return ()
    from cellrun.core.environments.building.plan import plan_of  # noqa: PLC0415  # as above

    return plan_of(environment).warnings


def problems_here(request: RunRequest, name: str, most: Resources) -> list[str]:
    """Return why this machine, as a target of a name that may give so much, could never start such a run."""
    asked, has, problems = request.resources, f"{name!r} has", environment_problems_here(request.environment)
    if asked.cpus > most.cpus:
        problems.append(f"cpus={asked.cpus}: {has} {most.cpus}")
    if asked.gpus > most.gpus:
        problems.append(f"gpus={asked.gpus}: {has} {most.gpus} (CUDA_VISIBLE_DEVICES, /dev/nvidia*)")
    if asked.memory_bytes > most.memory_bytes:
        problems.append(f"memory={size_text(asked.memory_bytes)}: {has} {size_text(most.memory_bytes)}")
    return problems


def local_spec(request: RunRequest, layout: RunLayout, interpreter: str, afterwards: Sequence[str]) -> LaunchSpec:
    """Return how a run is started here; `layout` need not be there yet.

    Raises InvalidSubmissionError for a run that is to be run again and says in no way we know how it was started.
    """
    bound = None
    if request.inputs or request.outputs:
        from cellrun.core.data.in_run.binding import bind  # noqa: PLC0415  # a run without data needs none of it

        bound = bind(request.inputs, request.outputs, layout)
    earlier = layout.workspace.run(request.repeats) if request.repeats else None
    if earlier and earlier.launch.exists():  # else whoever submitted it was killed before it was launched
        return _spec_again(request, earlier, bound, afterwards)
    return launch_spec(request, interpreter, os.environ, bound=bound, afterwards=afterwards)


def _spec_again(
    request: RunRequest, earlier: RunLayout, bound: BoundData | None, afterwards: Sequence[str]
) -> LaunchSpec:
    """Return how a run was started, with what belongs to this cellrun and this moment as it is now.

    Whoever runs it again, a server maybe, needn't have the variables that the notebook had.
    """
    try:
        spec = LaunchSpec.of_bytes(TrustedRun(earlier, trust=request.trust).launch(), earlier)
    except (OSError, ValueError, KeyError) as error:
        raise InvalidSubmissionError([f"{earlier.launch} can't be read: {error!r}"]) from error
    most, spec = limits(), spec._replace(before=())
    if isinstance(request.environment, EnvironmentSpec):  # it may have been removed, or be another one by now
        from cellrun.core.environments.building.plan import plan_of  # noqa: PLC0415  # few runs need it

        spec = _in_environment(spec, plan_of(request.environment))
    variables = dict(spec.set_variables)
    if has_library(variables.get(PYTHON_PATH, "")):
        variables[PYTHON_PATH] = with_library(variables[PYTHON_PATH])
    if bound:  # its data is the same, and where it is may be another place
        variables |= bound.variables
        program = spec.argv[: len(spec.argv) - len(request.arguments)]
        spec = spec._replace(argv=(*program, *bound.arguments(request.arguments)))
    return spec._replace(
        argv=moved_command(spec.argv),  # the copy of cellrun that it finds now is this one's
        supervisor=tuple(supervisor_command()),
        set_variables=variables,
        grace_s=most.grace_s,
        heartbeat_s=most.heartbeat_s,
        silence_s=most.silence_s,
        given_names=tuple(sorted(request.variables)),
        inherited_names=tuple(name for name in spec.inherited_names if not is_of_jupyter(name)),
        before=(*spec.before, *(bound.before if bound else ())),
        afterwards=tuple(afterwards),
        beside=bound.beside if bound else (),
        finishing=bound.finishing if bound else (),
    )


def _in_environment(spec: LaunchSpec, plan: Plan) -> LaunchSpec:
    """Return how a run is started, by the Python of an environment as it is built here now."""
    old, new = str(Path(spec.python).parent), str(Path(plan.interpreter).parent)
    path = spec.set_variables.get("PATH", "").split(os.pathsep)
    variables = {**spec.set_variables, "PATH": os.pathsep.join([new, *(each for each in path if each != old)])}
    return spec._replace(
        argv=tuple(plan.interpreter if word == spec.python else word for word in spec.argv[:1]) + spec.argv[1:],
        python=plan.interpreter,
        set_variables={**variables, **plan.variables()},
        before=plan.commands(),
    )


def launch_spec(
    request: RunRequest,
    interpreter: str,
    environ: Mapping[str, str],
    *,
    bound: BoundData | None = None,
    afterwards: Sequence[str] = (),
) -> LaunchSpec:
    """Return how a run is started by an interpreter of this machine, with what it inherits of an environment.

    An environment that isn't there yet is ordered: to build it comes before the job. Raises
    ExperimentExecutionException for one that this machine can't have: who submits from another one didn't know.
    """
    most, before = limits(), tuple[tuple[str, ...], ...]()
    kept, names_of_others = recorded(environ, interpreter, request.resources.threads)
    kept |= {"AZUREML_ARM_WORKSPACE_NAME": request.workspace, "AZUREML_ARM_PROJECT_NAME": request.experiment}
    kept |= bound.variables if bound else {}
    if needs_library(interpreter):
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
        before=(*before, *(bound.before if bound else ())),
        afterwards=tuple(afterwards),
        beside=bound.beside if bound else (),
        finishing=bound.finishing if bound else (),
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
    if kept := cached_environment_of(spec.python):
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


def _command(request: RunRequest, interpreter: str, bound: BoundData | None) -> list[str]:
    """Return the program of a run, with what starts several of it in front if it is several."""
    program = program_of(request, interpreter, bound)
    return launched(interpreter, request.distribution, program) if request.distribution else program


def program_of(request: RunRequest, interpreter: str, bound: BoundData | None = None) -> list[str]:
    """Return the program to start and its arguments."""
    if request.kind == "command":
        shell = shutil.which("bash") or shutil.which("sh") or "/bin/sh"
        return [shell, "-c", request.program]
    arguments = bound.arguments(request.arguments) if bound else list(map(str, request.arguments))
    if request.kind == "cell":
        return [interpreter, "-c", _ENTRY, CELL, *arguments]
    return [interpreter, request.program, *arguments]
