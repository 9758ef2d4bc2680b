"""What targets on this machine say of it: its Python, and whether it has as much as is asked for."""

from __future__ import annotations

import sys

from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.interpreter import environment_problems, interpreter_of
from cellrun.core.resources import Resources, size_text
from cellrun.core.run_request import RunRequest
from cellrun.core.targets.contract import TargetPython


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
    if not isinstance(environment, EnvironmentSpec):
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
