"""Who a process is: host, boot, PID namespace, pid and start time, as pids are reused; and the run that it is part of.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from cellrun.core.layout import RunLayout


@lru_cache(maxsize=1)
def host_name() -> str:
    """Return this machine's name."""
    return os.uname().nodename


@lru_cache(maxsize=1)
def boot_id() -> str:
    """Return what changes with each start of the machine; empty where the system doesn't tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def boot_time() -> float:
    """Return when this machine was started, epoch seconds; 0 where the system doesn't tell."""
    try:
        lines = Path("/proc/stat").read_text().splitlines()
    except OSError:
        return 0.0
    return next((float(line.split()[1]) for line in lines if line.startswith("btime ")), 0.0)


@lru_cache(maxsize=1)
def pid_namespace() -> str:
    """Return which processes this one sees, and by which numbers: a container has its own. Empty where untold."""
    try:
        return os.readlink("/proc/self/ns/pid")  # noqa: PTH115  # pathlib's does the same with more steps
    except OSError:
        return ""


def start_ticks(pid: int) -> int:
    """Return when a process started, in clock ticks since boot; 0 if it is gone, a zombie or not told."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return 0
    fields = stat[stat.rindex(b")") + 2 :].split()  # the command's name before it may hold blanks and brackets
    return 0 if fields[0] in {b"Z", b"X"} else int(fields[19])


class ProcessIdentity(NamedTuple):
    """A process for good: a pid alone is reused, these five together are not."""

    host: str
    boot: str
    pid: int
    started: int
    pid_namespace: str = ""
    """In which `pid` is its number; empty if whoever wrote this down didn't tell: cellrun 0.1, or another system."""

    @classmethod
    def of(cls, pid: int) -> ProcessIdentity:
        """Return the identity of a process that is seen from here."""
        return cls(host_name(), boot_id(), pid, start_ticks(pid), pid_namespace())

    @classmethod
    def current(cls) -> ProcessIdentity:
        """Return the identity of the calling process."""
        return cls.of(os.getpid())

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ProcessIdentity:
        """Read what `to_json` gave."""
        namespace = str(data.get("pid_namespace", ""))
        return cls(str(data["host"]), str(data["boot"]), int(data["pid"]), int(data["started"]), namespace)

    def to_json(self) -> dict[str, Any]:
        """Return the identity as plain values."""
        return self._asdict()

    @property
    def is_local(self) -> bool:
        """Whether it can be seen from here, if it lives: of another host's or container's process nothing is proven."""
        return self.host == host_name() and self.pid_namespace in {"", pid_namespace()}

    @property
    def is_this_boot(self) -> bool:
        """Whether the machine hasn't been restarted since."""
        return self.boot == boot_id()

    def is_alive(self) -> bool:
        """Whether this very process is seen to run (a zombie doesn't). False for another boot, host or namespace."""
        if not (self.is_local and self.is_this_boot):
            return False
        if self.started or self.boot:
            return self.started != 0 and start_ticks(self.pid) == self.started
        try:  # a system without /proc: the pid is all there is
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True

    def is_proven_dead(self, last_sign: float = 0.0) -> bool:
        """Whether it can be said for sure, from here, that the process is gone.

        `last_sign` is when it is known to have lived, epoch seconds. If that is after this machine's start and yet in
        another boot, it is another machine's: containers and laptops often have one name, and share a home.
        """
        if self.host != host_name():
            return False
        if not self.is_this_boot:
            return last_sign <= boot_time()
        return self.is_local and not self.is_alive()


RUN_FOLDER = "CELLRUN_RUN_FOLDER"
RUN_ID = "CELLRUN_RUN_ID"
ATTEMPT = "CELLRUN_RUN_ATTEMPT"
REFERENCE = "AZUREML_DATAREFERENCE_"
"""How the variable begins that has the path of an input or output, before its name."""
INPUT_NAMES = "AZUREML_DATASET_ENVIRONMENT_VARS"
"""`train:mount,rows:direct`."""
OUTPUT_NAMES = "AZUREML_DATASET_FILE_OUTPUTS"
"""`model;figures`."""
_OPEN_RUN = "CELLRUN_RUN_OPEN"
_told_by_parent = os.environ.get(_OPEN_RUN)


def own_run(environ: Mapping[str, str] = os.environ) -> RunLayout | None:
    """Return the folder of the submitted run that this process, or one of another environment, is part of; or None."""
    folder = environ.get(RUN_FOLDER)
    return RunLayout(folder) if folder else None


def parents_run() -> RunLayout | None:
    """Return the folder of the interactive run that a parent of this process had open when it started it; or None."""
    owner, _, folder = os.environ.get(_OPEN_RUN, "").partition(":")
    return RunLayout(folder) if folder and owner != str(os.getpid()) else None


def own_attempt(environ: Mapping[str, str] = os.environ) -> int:
    """Return how often an engine had started this process's run before: 0 in its first attempt."""
    told = environ.get(ATTEMPT, "")
    return max(0, int(told) - 1) if told.isascii() and told.isdecimal() else 0


def is_own_run(layout: RunLayout) -> bool:
    """Whether this process is part of a submitted run."""
    return _is_same(own_run(), layout)


def is_parents_run(layout: RunLayout) -> bool:
    """Whether a run is the interactive one that this process was started in."""
    return _is_same(parents_run(), layout)


def _is_same(run: RunLayout | None, layout: RunLayout) -> bool:
    return run is not None and run.is_same(layout)


def tell_children(layout: RunLayout | None) -> None:
    """Let the processes that this one starts be part of an interactive run that it has open, or of its parent's."""
    told = f"{os.getpid()}:{layout.folder}" if layout else _told_by_parent
    if told is None:
        os.environ.pop(_OPEN_RUN, None)
    else:
        os.environ[_OPEN_RUN] = told


def run_variables(layout: RunLayout) -> dict[str, str]:
    """Return the variables by which a run's processes know it, and are known."""
    return {RUN_FOLDER: str(layout.folder), RUN_ID: layout.run_id, "AZUREML_RUN_ID": layout.run_id}


def is_set_by_cellrun(variable: str) -> bool:
    """Whether nobody else may set a variable: a run's processes are known by it."""
    return variable == "AZUREML_RUN_ID" or variable.startswith("CELLRUN_RUN_")


def is_of_a_run(variable: str) -> bool:
    """Whether a variable is one that a run tells its own processes: another run's aren't to hear it."""
    return variable in _OF_AZURE or variable.startswith(REFERENCE) or is_set_by_cellrun(variable)


_OF_AZURE = frozenset({"AZUREML_ARM_PROJECT_NAME", "AZUREML_ARM_WORKSPACE_NAME", INPUT_NAMES, OUTPUT_NAMES})


RANK = "CELLRUN_RUN_RANK"
"""What our own launcher tells each process that it starts; another run's processes aren't told (`own_run`)."""
# A program that a process of ours starts, torchrun or mpirun, tells its own: it stands before ours.
_OF_LAUNCHERS = (("RANK", "WORLD_SIZE"), ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"))


def own_rank(environ: Mapping[str, str] = os.environ) -> int | None:
    """Return the rank that our launcher, torchrun and its kin, or mpirun gave to this process; None if it has none.

    A rank alone, without how many there are, is a variable that somebody has set for a program of his own; a world of
    one has no ranks to tell apart. Slurm's number of a process (SLURM_PROCID) is none: every job there has it.
    """
    for rank, size in _OF_LAUNCHERS:
        if (found := _count(environ, rank)) is not None and max(1, found) < (_count(environ, size) or 0):
            return found
    return _count(environ, RANK)


def _count(environ: Mapping[str, str], variable: str) -> int | None:
    text = environ.get(variable, "")
    return int(text) if text.isascii() and text.isdecimal() else None
