"""The list of this user's Slurm jobs: squeue's output, parsed strictly."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from cellrun.core.errors import ComputeTargetException
from cellrun.core.targets.contract import JobState, Observation
from cellrun.core.targets.slurm.programs import SlurmPrograms

_PREFIX = "cellrun-"
_FORMAT, _HEADER = "%A|%T|%r|%N|%j", "JOBID|STATE|REASON|NODELIST|NAME"
_ROW = re.compile(r"(\d{1,18})\|([A-Z_]+)\|([^|]*)\|([^|]*)\|(.*)", re.ASCII)
_NO_REASON = frozenset({"", "None", "(null)"})
WAITING = frozenset(
    {"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "RESV_DEL_HOLD", "SPECIAL_EXIT"}
)
ENDED = frozenset(
    {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "PREEMPTED", "BOOT_FAIL", "DEADLINE", "OUT_OF_MEMORY"}
    | {"LAUNCH_FAILED", "RECONFIG_FAIL"}
)
"""A job in a state that is in neither of these runs, for all that is known."""
_WAITS = (
    "AssocGrpCPUMinutesLimit: the account has used the time that it was given",
    "BeginTime: it was given back, or may not begin yet",
    "Dependency: it waits for another job",
    "JobHeldAdmin: an administrator holds it back",
    "JobHeldUser: it is held back: `scontrol release` lets it go on",
    "launch_failed_requeued_held: a node failed to start it; `scontrol release` lets it try again",
    "Licenses: a licence that it asks for is in use",
    "PartitionDown: the partition is down",
    "PartitionInactive: the partition takes no jobs now",
    "PartitionTimeLimit: its time limit is beyond the partition's",
    "Priority: others go before it",
    "QOSMaxCpuPerUserLimit: your jobs use as many cores as the QOS allows",
    "QOSMaxGRESPerUser: your jobs use as many GPUs as the QOS allows",
    "QOSMaxJobsPerUserLimit: as many of your jobs run as the QOS allows",
    "ReqNodeNotAvail: a node that it needs is down or reserved",
    "Reservation: it waits for a reservation",
    "Resources: it is the next one, as soon as there is room",
)
"""Slurm's reasons of those that people meet, and what they mean."""
_ENDS = (
    "BOOT_FAIL: its node didn't boot",
    "CANCELLED: it was canceled in Slurm",
    "DEADLINE: its deadline passed",
    "NODE_FAIL: its node failed",
    "OUT_OF_MEMORY: it used more memory than it was given",
    "PREEMPTED: its machine was given to another job",
    "TIMEOUT: its time limit in Slurm was over",
)
"""States in which a job ended otherwise than by itself."""
_WORDS: Mapping[str, str] = {text.partition(":")[0]: text for text in (*_WAITS, *_ENDS)}


class SlurmJob(NamedTuple):
    """One job."""

    number: str
    state: str
    """As Slurm spells it."""
    reason: str = ""
    nodes: str = ""

    @property
    def is_waiting(self) -> bool:
        """Whether none of its processes is there."""
        return self.state in WAITING

    @property
    def is_canceled(self) -> bool:
        """Whether somebody ended it by Slurm's own means."""
        return self.state == "CANCELLED"

    @property
    def observation(self) -> Observation:
        """Return it as the contract has it."""
        if self.is_waiting:
            return Observation(JobState.WAITING, why_waiting(self.reason))
        if self.state not in ENDED:
            return Observation(JobState.RUNNING)
        return Observation(JobState.ENDED, _WORDS.get(self.state, self.state))


class JobList:
    """Those of cellrun's jobs of this user that Slurm's controller has in mind, also what ended minutes ago."""

    def __init__(self, rows: Iterable[tuple[str, SlurmJob]]) -> None:
        self._by_run: dict[str, SlurmJob] = {}
        for name, job in sorted(rows, key=lambda row: int(row[1].number)):
            run_id = name.removeprefix(_PREFIX)
            before = self._by_run.get(run_id)
            if before is None or before.observation.state is JobState.ENDED:  # else a second one gives up by itself
                self._by_run[run_id] = job

    @classmethod
    def asked(cls, slurm: SlurmPrograms, timeout_s: float | None = None) -> JobList:
        """Ask squeue once. Raises ComputeTargetException if it says nothing that can be relied upon."""
        said = slurm.ask("squeue", "--me", "--states=all", f"--format={_FORMAT}", timeout_s=timeout_s)
        lines = said.splitlines()
        if _HEADER not in lines:  # an empty list is one with a headline: anything else is no answer
            raise ComputeTargetException(f"squeue printed no list of jobs; it said: {said.strip()[-300:] or 'nothing'}")
        found = (_ROW.fullmatch(line) for line in lines[lines.index(_HEADER) + 1 :])
        return cls((row[5], SlurmJob(*row.groups()[:4])) for row in found if row and row[5].startswith(_PREFIX))

    def of(self, run_id: str) -> SlurmJob | None:
        """Return the job of a run, if there is one."""
        return self._by_run.get(run_id)

    def count(self, state: JobState) -> int:
        """Return how many jobs are in a state."""
        return sum(job.observation.state is state for job in self._by_run.values())


def job_name(run_id: str) -> str:
    """Return what the job of a run is called, by which it is found again."""
    return f"{_PREFIX}{run_id}"


def why_waiting(reason: str) -> str:
    """Return why a job waits: Slurm's word, and what it means."""
    if reason in _NO_REASON:
        return ""
    return _WORDS.get(reason.partition(",")[0], reason)  # behind the word names of nodes may follow, hundreds of them
