"""The job of a run under Slurm: `python -I -S job.py <run folder>`, on the first of its nodes.

Standard library only: it runs on bare machines.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import ClassVar

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parents[4]))

from cellrun.core.engine.engine import Engine, Stop
from cellrun.core.engine.job import EngineJob
from cellrun.core.engine.order import JobOrder
from cellrun.core.errors import ComputeTargetException
from cellrun.core.layout import RunLayout
from cellrun.core.store.status import StatusFile
from cellrun.core.targets.slurm.job_folder import JobFolder
from cellrun.core.targets.slurm.programs import SlurmPrograms

_PREFIXES = ("SLURM", "SRUN_", "PMI", "PMIX_", "CUDA_", "ROCR_", "HIP_", "ZE_AFFINITY", "GPU_DEVICE")
_NAMES = frozenset({"TMPDIR", "HOSTNAME"})
_NAMES_OF_USERS = " Command="
"""From here on what Slurm tells of a job has paths, which may read as anything."""
_NOTHING_ELSE = "SLURM_EXPORT_ENV"  # that of our own submission: whatever srun starts in a job would have no variables
_DISK_S, _LOOK_S = 10.0, 0.25
_NUMBER = re.compile(r"\d{1,18}", re.ASCII)
_NEAR_S = 120.0  # Slurm tells of a time limit up to a minute before it was asked to


class SlurmEngine(Engine):
    """Slurm, as one of its jobs sees it."""

    name: ClassVar[str] = "Slurm"
    restarts: ClassVar[str] = "Slurm starts it again: it was preempted or requeued, or its node failed"

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def passes(self, variable: str) -> bool:
        """Whether it is one by which the job finds what Slurm has given it."""
        return variable in _NAMES or (variable != _NOTHING_ELSE and variable.startswith(_PREFIXES))

    def why_stopped(self) -> Stop:
        """Ask Slurm, which has counted one more restart by now if it takes the node away; else see what time it is."""
        told = self._told()
        restarts = _number(self._environ.get("SLURM_RESTART_COUNT"))
        is_taken_away = told.get("PreemptTime", "None") not in {"None", "N/A"} or told.get("JobState") == "PREEMPTED"
        if is_taken_away or _number(told.get("Restarts")) > restarts:
            return Stop.PREEMPTED
        if told.get("JobState") == "CANCELLED":
            return Stop.CANCEL
        if time.time() > self._ends_at(told) - _NEAR_S:
            return Stop.TIME_LIMIT
        return Stop.CANCEL if told else Stop.PREEMPTED  # nobody says: then what becomes of the job tells whoever looks

    def _ends_at(self, told: Mapping[str, str]) -> float:
        """Return when Slurm ends the job: what it says now, as that may have changed, else what it said at first."""
        if told.get("JobState") == "RUNNING":  # else it is when it was canceled
            with suppress(KeyError, ValueError):  # "Unknown", and none at all
                return datetime.fromisoformat(told["EndTime"]).timestamp()
        return float(_number(self._environ.get("SLURM_JOB_END_TIME"))) or float("inf")

    def _told(self) -> dict[str, str]:
        try:
            said = SlurmPrograms().ask("scontrol", "--oneliner", "show", "job", self._environ["SLURM_JOB_ID"])
        except (ComputeTargetException, KeyError):
            return {}
        told = said.partition(_NAMES_OF_USERS)[0]
        return dict(word.split("=", 1) for word in told.split() if "=" in word)


def _number(told: str | None) -> int:
    """Return what Slurm has counted; 0 for what is no number."""
    return int(told) if told and _NUMBER.fullmatch(told) else 0


def find_slurm(folder: JobFolder) -> None:
    """Look for Slurm's programs where they were when the run was submitted: a job begins with hardly any variable."""
    variables = JobOrder.read(folder.order).variables
    for name in ("SLURM_CONF", "LD_LIBRARY_PATH"):
        if name in variables:
            os.environ.setdefault(name, variables[name])
    paths = (variables.get("PATH"), os.environ.get("PATH"))  # a node's own may lack what a module adds
    os.environ["PATH"] = os.pathsep.join(filter(None, paths))


def is_ordered(folder: JobFolder) -> bool:
    """Whether there is an order for this job; a shared disk may show it late."""
    until = time.monotonic() + _DISK_S
    while not folder.order.exists():
        if time.monotonic() > until or StatusFile(folder.run).read().status.is_terminal:
            return False
        time.sleep(_LOOK_S)
    return True


def main(run: str) -> int | str:
    """Run the job of a run; return its exit code, or in words why there is nothing to do."""
    folder = JobFolder(RunLayout(run))
    if not is_ordered(folder):
        return f"there is no order for {run}: the run has ended, or this node doesn't see {folder.folder}"
    find_slurm(folder)
    if not folder.is_first(os.environ["SLURM_JOB_ID"]):
        return "another job of Slurm's has this run; this one ends"
    code = EngineJob(folder.order, SlurmEngine(os.environ)).run()
    if not folder.order.exists():  # the run has ended
        folder.forget()
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
