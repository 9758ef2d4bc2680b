"""How a run is started on this machine: what its supervisor reads."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cellrun.core.context.trusted import TrustedRun
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.job_library import PYTHON_PATH, has_library, with_library
from cellrun.core.errors import InvalidSubmissionError
from cellrun.core.layout import RunLayout
from cellrun.core.moved import moved_command
from cellrun.core.resources import limits
from cellrun.core.run_data import NO_DATA, BoundData
from cellrun.core.run_request import RunRequest
from cellrun.core.supervision.job_environment import is_of_jupyter
from cellrun.core.supervision.launch_spec import LaunchSpec
from cellrun.core.supervision.start import supervisor_command
from cellrun.core.targets.launching import launch_spec

if TYPE_CHECKING:
    from cellrun.core.environments.building.plan import Plan


def local_spec(request: RunRequest, layout: RunLayout, interpreter: str, afterwards: Sequence[str]) -> LaunchSpec:
    """Return how a run is started here; `layout` need not be there yet.

    Raises InvalidSubmissionError for a run that is to be run again and says in no way we know how it was started.
    """
    bound = NO_DATA
    if request.inputs or request.outputs:
        from cellrun.core.data.in_run.binding import bind  # noqa: PLC0415  # a run without data needs none of it

        bound = bind(request.inputs, request.outputs, layout)
    earlier = layout.workspace.run(request.repeats) if request.repeats else None
    if earlier and earlier.launch.exists():  # else whoever submitted it was killed before it was launched
        return _spec_again(request, earlier, bound, afterwards)
    return launch_spec(request, interpreter, os.environ, bound=bound, afterwards=afterwards)


def _spec_again(request: RunRequest, earlier: RunLayout, bound: BoundData, afterwards: Sequence[str]) -> LaunchSpec:
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
    if bound is not NO_DATA:  # its data is the same, and where it is may be another place
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
        before=(*spec.before, *bound.before),
        afterwards=tuple(afterwards),
        beside=bound.beside,
        finishing=bound.finishing,
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
