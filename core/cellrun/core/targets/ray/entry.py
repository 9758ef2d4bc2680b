"""The entry point of a run's job on Ray: `python -m cellrun.core.targets.ray.entry`, in the package's folder.

`order.json` there says what to start (`package.py`); what is secret is in the variable `CELLRUN_JOB_SECRETS`, as JSON:
`variables`, `key` (hex), `token`. Standard library only: a cluster's Python has nothing of ours.
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 10):  # noqa: UP036  # the cluster's Python is whatever it is
    sys.exit(
        f"cellrun: the cluster's Python is {sys.version.split()[0]}, and a run needs 3.10 or newer: start the cluster "
        "with another one"
    )

import signal

if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # it is taken once there is a run that it can end

import json
import os
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, ClassVar

from cellrun.core.disk.whole_files import remove_tree
from cellrun.core.engine.engine import Engine
from cellrun.core.engine.job import EngineJob
from cellrun.core.engine.order import JobOrder
from cellrun.core.environments.job_library import PYTHON_PATH, own_library
from cellrun.core.errors import CellrunError, problem_of
from cellrun.core.layout import RunLayout
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision.launch_spec import job_environment
from cellrun.core.targets.launching import (
    enter_environment,
    given_variables,
    local_spec,
    ordered,
    python_here,
    write_spec,
)
from cellrun.core.targets.ray.fetching import fetch
from cellrun.core.targets.ray.unpacking import lay_out, new_folder, unpacked
from cellrun.core.targets.sent_run import request_of, settle_in

SECRETS = "CELLRUN_JOB_SECRETS"
_JOB_CONFIG = "RAY_JOB_CONFIG_JSON_ENV_VAR"
_ORDER = "order.json"


class RayEngine(Engine):
    """Ray, as one of its jobs sees it.

    It stops a job by SIGTERM to all that descends from its first process; a job that it lost it never starts again.
    """

    name: ClassVar[str] = "Ray"
    is_detached: ClassVar[bool] = True


def main() -> int:
    """Start the run of the package in this folder, stay until it is home, and remove it; return the exit code."""
    secrets = taken_secrets(os.environ)
    package = Path.cwd()
    order = json.loads((package / _ORDER).read_bytes())
    place = new_folder()
    path = place / "private" / _ORDER
    hide_package(os.environ, package)
    try:
        run = unpacked(package, order, place)
        _job_order(run, order, secrets).write(path)
    except (CellrunError, OSError, KeyError) as error:  # a full disk, a package that isn't whole
        remove_tree(place)
        sys.exit(f"cellrun: could not start the run: {problem_of(error)}")
    os.chdir("/")  # Ray may remove the package
    job = EngineJob(path, RayEngine())
    code = job.run()
    if not job.has_left:
        remove_tree(place)
    return code


def taken_secrets(environ: MutableMapping[str, str]) -> Mapping[str, Any]:
    """Take a job's secrets out of its environment, where Ray has put them twice: no process of the run sees them."""
    secrets: Mapping[str, Any] = json.loads(environ.pop(SECRETS))
    if _JOB_CONFIG in environ:
        config = json.loads(environ[_JOB_CONFIG])
        config.get("runtime_env", {}).get("env_vars", {}).pop(SECRETS, None)
        environ[_JOB_CONFIG] = json.dumps(config)
    return secrets


def hide_package(environ: MutableMapping[str, str], package: Path) -> None:
    """Let the run's Python not look into the package, nor, but as any other target's does, into this cellrun."""
    hidden = {package, own_library()}
    kept = [each for each in environ.get(PYTHON_PATH, "").split(os.pathsep) if each and Path(each) not in hidden]
    environ[PYTHON_PATH] = os.pathsep.join(kept)
    if not kept:
        del environ[PYTHON_PATH]


def _job_order(run: RunLayout, order: Mapping[str, Any], secrets: Mapping[str, Any]) -> JobOrder:
    """Make a run ready to be started; one that can't be is Failed by then, and only that is carried home."""
    carrier = {**order["carrier"], "folder": str(run.folder), "key": secrets["key"], "token": secrets["token"]}
    try:
        fetch(order.get("values", {}), run.workspace)
        settle_in(run)
        request = request_of({**order, "variables": secrets["variables"]}, run)
        interpreter = python_here(request.environment).executable or sys.executable
        spec = ordered(local_spec(request, run, interpreter, ()), request)
        write_spec(spec, run)
        enter_environment(request, spec, run)
        lay_out(request, run)
        variables, _ = job_environment(spec, run, given_variables(request, spec), os.environ)
    except (CellrunError, OSError, ValueError, KeyError) as error:
        StatusFile(run).change(Status.FAILED, reason=f"could not start the run: {problem_of(error)}")
        return JobOrder(str(run.folder), (), {}, carrier)
    return JobOrder(str(run.folder), spec.supervisor, variables, carrier)


if __name__ == "__main__":
    sys.exit(main())
