"""What is refused of a request by what its target promises, whatever its kind is; and what has to be said."""

from __future__ import annotations

from collections.abc import Sequence

from cellrun.core.environment_spec import EnvironmentSpec, has_secret_name
from cellrun.core.errors import did_you_mean
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.run_request import RunRequest
from cellrun.core.targets.contract import Capability, ComputeTarget
from cellrun.core.unsupported import say_once

_OWN_WORDS = (
    "cores, GPUs, memory and time are said by --cpus, --gpus, --memory and --timeout, nodes by distributed_job_config"
)


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
        say_once(
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
