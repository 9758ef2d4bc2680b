"""Slurm's accounting: jobs that its controller has forgotten, where a cluster keeps accounts."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from cellrun.core.errors import ComputeTargetException
from cellrun.core.targets.slurm.job_list import JobList, SlurmJob, job_name
from cellrun.core.targets.slurm.programs import SlurmPrograms

_FORMAT, _HEADER = "JobIDRaw,JobName%300,State%40", "JobIDRaw|JobName|State"
_NUMBER = re.compile(r"\d{1,18}", re.ASCII)
_SINCE = "now-30days"
_AGAIN_S = 300.0


class Accounting:
    """The accounts of a cluster.

    Responsibilities: whether there are any, asked seldom; one question for all jobs that are missed.
    """

    def __init__(self, slurm: SlurmPrograms) -> None:
        self._slurm = slurm
        self._why_not = ""
        self._asked_at = float("-inf")

    def why_not(self) -> str:
        """Return why there are none; "" if there are."""
        if time.monotonic() - self._asked_at > _AGAIN_S:
            self._asked_at, self._why_not = time.monotonic(), ""
            try:
                self._rows("--starttime=now", [])
            except ComputeTargetException as error:
                self._why_not = str(error)
        return self._why_not

    def jobs(self, run_ids: Sequence[str]) -> dict[str, SlurmJob]:
        """Return those jobs of runs that it knows. Raises ComputeTargetException if it keeps accounts and is silent."""
        if not run_ids or self.why_not():
            return {}
        jobs = JobList(self._rows(f"--starttime={_SINCE}", [f"--name={','.join(map(job_name, run_ids))}"]))
        return {run_id: job for run_id in run_ids if (job := jobs.of(run_id))}

    def _rows(self, since: str, options: Sequence[str]) -> list[tuple[str, SlurmJob]]:
        said = self._slurm.ask(
            "sacct", "--allocations", "--parsable2", "--duplicates", f"--format={_FORMAT}", since, *options
        )
        lines = said.splitlines()
        if _HEADER not in lines:
            words = said.strip()[-300:] or "nothing"
            raise ComputeTargetException(f"sacct printed no list of jobs; it said: {words}")
        rows = [line.split("|") for line in lines[lines.index(_HEADER) + 1 :]]
        return [
            (name, SlurmJob(number, state.partition(" ")[0].rstrip("+")))  # "CANCELLED by 1000"
            for number, name, state in (row for row in rows if len(row) == 3)
            if _NUMBER.fullmatch(number)
        ]
