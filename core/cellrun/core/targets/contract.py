"""What a compute target promises, whoever wrote it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from enum import Enum

from cellrun.core.layout import RunLayout
from cellrun.core.resources import Resources
from cellrun.core.store.status_file import StatusRecord
from cellrun.core.supervision.launch_spec import LaunchSpec


class Capability(str, Enum):
    """What a target can do beyond starting a run; callers ask instead of knowing names."""

    QUEUES = "queues"  # more runs may be submitted than fit: the rest waits in order
    CANCELS = "cancels"
    LIMITS_TIME = "limits_time"  # max_run_duration_seconds ends a run
    GPUS = "gpus"  # gives each run GPUs of its own
    SHARES_FILES = "shares_files"  # a run writes into its folder here; nothing needs to be fetched

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class TargetDescription:
    """What a target is and how full it is. `capacity` is the most that one run may ask for."""

    name: str
    kind: str
    capacity: Resources
    in_use: Resources
    running: int
    waiting: int
    capabilities: frozenset[Capability]


@dataclass(frozen=True)
class Finding:
    """One thing that `doctor` looked at: whether it's well, and if not, what to do."""

    subject: str
    is_well: bool
    text: str


@dataclass(frozen=True)
class Launch:
    """All that a target needs to start one run.

    `environment` holds the variables that the config gave, by value: it is never written into the run folder, which may
    be copied to anyone.
    """

    layout: RunLayout
    spec: LaunchSpec
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


class ComputeTarget(ABC):
    """A place where runs are started.

    Responsibilities: start the supervisor of a run there, tell its state, its log and its files, stop it. What a run is
    and how it ends is the supervisor's business, the same on every target.

    Made by the registry, by name, whenever one is needed: an instance holds no state that isn't on disk, so that any
    process can take up a run that another one started. A third party registers its class in the entry-point group
    `cellrun.compute_targets`.
    """

    name: str

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    @abstractmethod
    def validate(self, resources: Resources) -> list[str]:
        """Return every reason why a run with these resources could never start here; none if it could.

        Called by `submit` before a run exists. Must not change anything and should answer within a second.
        """

    def prepare(self, launch: Launch) -> AbstractContextManager[None]:  # noqa: ARG002  # for those that need it
        """Make ready what can be, before the run folder is there.

        Called by `submit` once nothing is left to refuse. It enters what it gets, builds the folder and calls `start`
        inside, and leaves whatever happened: what `start` had no use for is given up then.
        """
        return nullcontext()

    def afterwards(self) -> tuple[str, ...]:
        """Return the module, and the arguments of its `main`, that a supervisor calls when its run has ended.

        It runs inside the supervisor: it must need the standard library and `cellrun.core` alone.
        """
        return ()

    @abstractmethod
    def start(self, launch: Launch) -> None:
        """Start the run's supervisor there, or queue the run, and return as soon as either is certain.

        Called once by `submit`, when the run folder is in its place with status NotStarted. Raises
        ExperimentExecutionException, with the run marked Failed for the same reason, if that can't be done.
        """

    @abstractmethod
    def status(self, runs: Sequence[RunLayout]) -> dict[str, StatusRecord]:
        """Return the status of many runs by id, in one call.

        Called by every reader. What the target knows better than the folder (a run that is gone) is written down first.
        """

    @abstractmethod
    def logs(self, run: RunLayout, offset: int, most_bytes: int) -> bytes:
        """Return at most so many bytes of the run's output from a byte offset on; none at its end."""

    @abstractmethod
    def cancel(self, run: RunLayout) -> None:
        """Ask for the run to be stopped; returns at once, safe to call again and for a run that has ended."""

    @abstractmethod
    def fetch(self, run: RunLayout) -> None:
        """Bring the run's files into its folder here, as far as they aren't."""

    @abstractmethod
    def describe(self) -> TargetDescription:
        """Return what the target is, what it can do and how full it is."""

    @abstractmethod
    def doctor(self) -> list[Finding]:
        """Look at everything that a run needs there and say what is amiss and what to do about it."""
