"""The submission of a run's job to Slurm: once, even if the answer is lost.

Standard library only: on a login node a process of its own does it once an environment is ready.
"""

from __future__ import annotations

import math
import os
import re
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cellrun.core.errors import ComputeTargetException
from cellrun.core.layout import RunLayout
from cellrun.core.run_request import RunRequest
from cellrun.core.targets.slurm.job_list import JobList, job_name
from cellrun.core.targets.slurm.programs import NoAnswerError, SlurmPrograms
from cellrun.core.targets.slurm.settings import OPTIONS

LOG = "user_logs/slurm_log.txt"
"""What Slurm itself has to say about the job, below the run's folder."""
_JOB = Path(__file__).with_name("job.py")
_ID = re.compile(r"(\d+)(;[\w.-]+)?", re.ASCII)
_MAY_BE_TAKEN = re.compile("timed out|zero bytes|unexpected message", re.IGNORECASE)
"""What sbatch says after it has sent a job and heard nothing."""
_ROOM_S = 60
"""What a run that is stopped at its own time limit takes at most besides its graces, and what Slurm rounds."""
_ASKS = 2
_PAUSE_S = 1.0


class Submission(NamedTuple):
    """What sbatch is given."""

    options: Sequence[str]
    script: str

    @classmethod
    def of(
        cls, request: RunRequest, run: RunLayout, settings: Mapping[str, Any], grace_s: float, most_s: float | None
    ) -> Submission:
        """Return it for a run; `grace_s` is between the signals that its end takes, `most_s` its partition's limit."""
        chosen = {name: settings[name] for name in OPTIONS if settings.get(name)} | dict(request.options)
        asked, told = request.resources, [f"--{name}={value}" for name, value in chosen.items()]
        nodes = request.distribution.nodes if request.distribution else 1
        ending_s = math.ceil(2 * grace_s)
        told += [f"--nodes={nodes}", "--ntasks-per-node=1", f"--cpus-per-task={asked.cpus}"]
        if asked.gpus:
            told.append(f"--gpus-per-node={asked.gpus}")
        if asked.memory_bytes:
            told.append(f"--mem={math.ceil(asked.memory_bytes / 2**20)}M")
        if limit_s := request.max_run_duration_seconds:
            wanted_s = limit_s + ending_s + _ROOM_S  # the run's own limit comes first, and says so
            told.append(f"--time={math.ceil(min(wanted_s, most_s or wanted_s) / 60)}")
        told += [
            f"--job-name={job_name(run.run_id)}",
            f"--chdir={run.folder}",
            f"--output={_pattern(run.folder / LOG)}",
            "--open-mode=append",
            "--requeue",
            f"--signal=B:TERM@{ending_s + 5}",  # before a limit of the partition's own
            "--export=NIL",
            "--parsable",
        ]
        return cls(
            (*settings.get("sbatch", ()), *told), script([python_of(settings), "-I", "-S", str(_JOB), str(run.folder)])
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return self._asdict()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Submission:
        """Read what `to_json` gave."""
        return cls(tuple(map(str, data["options"])), str(data["script"]))

    def submit(self, run: RunLayout, slurm: SlurmPrograms, *, is_again: bool) -> str:
        """Hand it over, and return the job's number.

        `is_again`: it may have been before, then Slurm is asked first. Raises ComputeTargetException if Slurm doesn't
        take it, NoAnswerError if nobody knows whether it has.
        """
        if is_again and (job := self._known(run, slurm)):
            return job
        try:
            said = slurm.ask("sbatch", *self.options, stdin=os.fsencode(self.script))
        except ComputeTargetException as error:
            is_unsure = isinstance(error, NoAnswerError) or _MAY_BE_TAKEN.search(str(error))
            if is_unsure and (job := self._known(run, slurm)):
                return job
            raise
        found = [match[1] for line in said.splitlines() if (match := _ID.fullmatch(line.strip()))]
        if len(found) == 1:
            return found[0]
        if job := self._known(run, slurm):
            return job
        raise ComputeTargetException(f"sbatch gave no job number; it said: {said.strip()[-300:] or 'nothing'}")

    @staticmethod
    def _known(run: RunLayout, slurm: SlurmPrograms) -> str:
        """Return the number of a run's job if Slurm has one; "" if it says that it has none.

        Raises NoAnswerError if it says nothing, however often it is asked.
        """
        for left in reversed(range(_ASKS)):
            try:
                jobs = JobList.asked(slurm)
            except ComputeTargetException as error:
                if not left:
                    words = f"Slurm didn't say whether it has taken run {run.run_id}: {error}"
                    raise NoAnswerError(words) from error
                time.sleep(_PAUSE_S)
            else:
                job = jobs.of(run.run_id)
                return job.number if job else ""
        return ""


def _pattern(path: Path) -> str:
    """Return what Slurm makes this very path of: where there is a backslash, it fills nothing in."""
    text = str(path)
    return text.replace("\\", "\\\\") if "\\" in text else text.replace("%", "%%")


def script(command: Sequence[str]) -> str:
    """Return a batch script that becomes a command. sbatch looks for its own options only above the first command."""
    return f"#!/bin/sh\nexec {shlex.join(command)}\n"


def python_of(settings: Mapping[str, Any]) -> str:
    """Return the Python that a target's jobs begin with."""
    given = str(settings.get("python") or "")
    return str(Path(given).expanduser()) if given else sys.executable
