"""Launches a run on Slurm: its launch spec, its working folder, its job's order."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cellrun.core.disk.whole_files import copy_tree, link_into
from cellrun.core.distributed.launcher import ON_NODES
from cellrun.core.engine.order import JobOrder
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.errors import ComputeTargetException
from cellrun.core.layout import RunLayout
from cellrun.core.run_request import RunRequest
from cellrun.core.store.record import RunTarget
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision.launch_spec import LaunchSpec, job_environment
from cellrun.core.targets.launching import enter_environment, given_variables, local_spec, ordered, write_spec
from cellrun.core.targets.slurm.handing_over import hand_over
from cellrun.core.targets.slurm.job_folder import JobFolder
from cellrun.core.targets.slurm.programs import SlurmPrograms
from cellrun.core.targets.slurm.submission import Submission

_OF_SLURM = ("SLURM", "SRUN_", "SBATCH_", "SALLOC_", "PMI_", "PMI2_", "PMIX_")
_OF_USERS = frozenset({"SLURM_CONF", "SLURM_MPI_TYPE"})
_OF_A_NODE = frozenset(
    {"CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ZE_AFFINITY_MASK", "GPU_DEVICE_ORDINAL"}
    | {"TMPDIR", "HOSTNAME"}
)
_ENVIRONMENT_SCRIPT = Path(__file__).with_name("environment_script.py")


class Launch:
    """The launch of one run.

    Responsibilities: all is in its place before Slurm hears of it, so that whoever was interrupted goes on; what is to
    be made first is made here, by a process of its own.
    """

    def __init__(self, request: RunRequest, run: RunLayout, target: RunTarget, settings: Mapping[str, Any]) -> None:
        self._request = request
        self._run = run
        self._target = target
        self._settings = settings
        self._folder = JobFolder(run)

    def start(self, slurm: SlurmPrograms, interpreter: str, most_s: float | None) -> None:
        """Hand the run over, or have that done once its environment is made. Raises ComputeTargetException."""
        is_again = self._folder.is_kept
        if not is_again:
            self._make_ready(interpreter, most_s)
        kept = self._folder.kept()
        if not kept["before"]:
            hand_over(self._run, self._target, slurm, is_again=is_again)
        elif not is_again or StatusFile(self._run).read().status is Status.NOT_STARTED:
            self._start_making()

    def _make_ready(self, interpreter: str, most_s: float | None) -> None:
        request, run = self._request, self._run
        whole = ordered(local_spec(request, run, interpreter, ()), request)
        count = len(_making(request, whole))
        spec = whole._replace(before=whole.before[count:])  # the rest, as bringing data, is a matter of its node
        if python := self._settings.get("python"):
            spec = spec._replace(supervisor=(str(Path(python).expanduser()), *spec.supervisor[1:]))
        try:
            write_spec(spec, run)
        except FileExistsError:  # whoever began was interrupted: what is there is as good, but for half a file
            _remove_copied(run)
        self._target.write(run)
        enter_environment(request, spec, run)
        copy_tree(run.snapshot, run.work)  # never links: a script may write to its own files
        link_into(run.work, request.code.links())
        if request.inputs or request.outputs:
            from cellrun.core.data.in_run.binding import lay_out  # noqa: PLC0415  # a run without data needs none of it

            lay_out(request.inputs, request.outputs, run)
        run.log.parent.mkdir(exist_ok=True)  # Slurm opens a log there before there is a supervisor
        given = given_variables(request, spec)
        spec = spec._replace(set_variables=without_outer_job(spec.set_variables, os.environ))
        variables, _ = job_environment(spec, run, given, without_outer_job(os.environ, os.environ))
        self._folder.make()
        variables[ON_NODES] = "srun"  # by which a distributed run's launcher reaches the other nodes
        launch = LaunchSpec.read(run).digest()
        JobOrder(str(run.folder), spec.supervisor, variables, launch=launch).write(self._folder.order)
        submission = Submission.of(request, run, self._settings, spec.grace_s, most_s)
        before = [list(command) for command in whole.before[:count]]
        self._folder.keep({"submission": submission.to_json(), "before": before})

    def _start_making(self) -> None:
        """Start what makes the environment, and wait until the run's folder says who that is."""
        variables = JobOrder.read(self._folder.order).variables
        command = [sys.executable, "-I", "-S", str(_ENVIRONMENT_SCRIPT), str(self._run.folder)]
        nothing = subprocess.DEVNULL
        try:
            done = subprocess.run(command, env=variables, stdin=nothing, stdout=nothing, stderr=nothing, check=False)
        except OSError as error:
            raise ComputeTargetException(f"what makes the environment can't be started: {error.strerror}") from error
        if done.returncode:
            raise ComputeTargetException(f"what makes the environment ended with exit code {done.returncode}")


def _remove_copied(run: RunLayout) -> None:
    """Remove what has been copied into a run's working folder, where nothing has run yet."""
    for path in run.snapshot.rglob("*"):
        if not path.is_dir():
            (run.work / path.relative_to(run.snapshot)).unlink(missing_ok=True)


def _making(request: RunRequest, spec: LaunchSpec) -> Sequence[Sequence[str]]:
    """Return those commands of a launch spec, its first ones, that make its environment."""
    if not isinstance(request.environment, EnvironmentSpec):
        return ()
    from cellrun.core.environments.building.plan import plan_of  # noqa: PLC0415  # few runs need it

    commands = plan_of(request.environment).commands()
    return commands if tuple(spec.before[: len(commands)]) == tuple(commands) else ()


def without_outer_job(variables: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return variables without options of srun's, and those of the job of Slurm's that this process may be in.

    A notebook often is one: its steps, its memory and its GPUs aren't those of the jobs that it submits.
    """
    is_in_job = "SLURM_JOB_ID" in environ
    return {
        name: value
        for name, value in variables.items()
        if (name in _OF_USERS or not name.startswith(_OF_SLURM)) and not (is_in_job and name in _OF_A_NODE)
    }
