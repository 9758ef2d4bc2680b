"""The interface of a compute target."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar, NamedTuple, TypeVar

from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.errors import ComputeTargetException, UserErrorException, did_you_mean
from cellrun.core.layout import RunLayout
from cellrun.core.resources import Resources
from cellrun.core.run_request import RunCode, RunRequest
from cellrun.core.store.status import StatusFile
from cellrun.core.targets.resource import ComputeResource, target_named
from cellrun.core.targets.setting_form import SettingForm

Found = TypeVar("Found")


class Capability(str, Enum):
    """What a target can do beyond starting a run; callers ask instead of knowing kinds."""

    QUEUES = "queues"  # more runs may be submitted than fit: the rest waits in order
    CANCELS = "cancels"
    LIMITS_TIME = "limits_time"  # max_run_duration_seconds ends a run
    GPUS = "gpus"  # gives each run GPUs of its own
    SHARES_FILES = "shares_files"  # a run writes into its folder here; nothing needs to be brought
    SHARES_PROCESSES = "shares_processes"  # its processes are this machine's: that one died can be proven here

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class TargetDescription:
    """How full a target is, and how near."""

    capacity: Resources
    """What all of it has; what one run may ask for of it `problems` knows."""
    in_use: Resources
    running: int
    waiting: int
    shared_folders: tuple[str, ...] = ()
    """Absolute folders where a job there finds the same files as this process, by the same paths."""
    reaches_server: bool = False
    """Whether a job there can connect to a server on this machine."""


class TargetPython(NamedTuple):
    """The Python that a run gets there. What isn't known from here is None."""

    executable: str | None = None
    version: str | None = None
    """As in `3.11.7`."""
    packages: Mapping[str, str] | None = None
    """Versions by name."""
    builds: bool | None = None
    """Whether another environment can be built there in its place."""

    @classmethod
    def of(cls, environment: str | EnvironmentSpec | None) -> TargetPython:
        """Return what is known of an environment's Python on a machine that hasn't told of it."""
        if not isinstance(environment, EnvironmentSpec):
            return cls(environment)
        from cellrun.core.environments.portable_spec import PortableSpec  # noqa: PLC0415  # few runs need it

        spec = PortableSpec.of(environment).spec
        return cls(spec.interpreter, None if spec.is_given else spec.python)

    def __str__(self) -> str:
        return " ".join(filter(None, (self.version, self.executable)))


class JobState(str, Enum):
    """What an engine says of a job of ours."""

    WAITING = "waiting"
    RUNNING = "running"
    ENDED = "ended"  # it has run, however that went: the supervisor's own word says how
    UNKNOWN = "unknown"  # the engine answers, and doesn't know it


class Observation(NamedTuple):
    """One job as its engine sees it."""

    state: JobState
    reason: str = ""
    """Why it waits, or how the engine says that it ended."""


@dataclass(frozen=True)
class Finding:
    """One thing that `doctor` looked at: whether it's well, and if not, what to do."""

    subject: str
    is_well: bool
    text: str


class TargetType(ABCMeta):
    """The type of the classes of targets: called with a workspace and a name they give that one (Azure ML's way)."""

    def __call__(cls: type[Found], *args: Any, **kwargs: Any) -> Found:
        """Make an instance; with a workspace return the target of a name that is there.

        Raises ComputeTargetException if there is none of that name and class.
        """
        workspace = kwargs["workspace"] if "workspace" in kwargs else args[0] if args else None
        if not hasattr(workspace, "layout"):
            return super().__call__(*args, **kwargs)  # type: ignore[misc, no-any-return]  # ABCMeta's
        name = kwargs["name"] if "name" in kwargs else args[1] if args[1:] else None
        found = target_named(workspace, name)
        if not isinstance(found, cls):
            raise ComputeTargetException(
                f"the compute target {name!r} is a {type(found).__name__}, no {cls.__name__}; "
                "ComputeTarget(workspace, name) gives it whatever it is"
            )
        return found


class ComputeTarget(ComputeResource, metaclass=TargetType):
    """A place where runs are started: one of a workspace's, by its name.

    Responsibilities: start the supervisor of a run there, tell what the engine says of it, bring home what it writes,
    ask for its end. What a run is and how it ends is the supervisor's business, the same on every target.

    `ComputeTarget(workspace, name)` is the one of that name; `resource.py` has what else Azure ML's names do with it.
    Made whenever one is needed: what has to last is on disk, so that any process can take up a run that another one
    started. The keeper (`targets/keeper/`) has one for long, which may hold a connection until `close`; one thread
    calls its verbs. A third party registers its class in the entry-point group `cellrun.compute_targets`, under the
    name of its kind.
    """

    kind: ClassVar[str]
    """The name of the entry point."""
    capabilities: ClassVar[frozenset[Capability]] = frozenset()
    settings_known: ClassVar[Mapping[str, str]] = {}
    """The settings that `attach` takes for this kind, each with what it means."""
    options_known: ClassVar[Mapping[str, str]] = {}
    """The options that a single run may give it (`RunRequest.options`), each with what it means."""
    shows_variables: ClassVar[bool] = False
    """Whether others who may ask its engine can read the values of a run's variables."""
    is_watched: bool = False
    """Whether somebody looks at its runs, so that what they write is wanted at once; set before each pass."""
    watched: frozenset[str] = frozenset()
    """The ids of those runs; set before each pass."""
    about: ClassVar[str] = ""
    """What sort of place it is, in a few words, for who chooses a kind."""
    setting_forms: ClassVar[Mapping[str, SettingForm]] = {}
    """What a form that asks for the settings has to know of them, by name; others are texts that may be left out."""

    def __init__(self, name: str, settings: Mapping[str, Any] | None = None) -> None:
        self.name = name
        self.settings = dict(settings or {})

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    @property
    def shares_files(self) -> bool:
        """Whether its runs write into their folders here, so that nothing has to be brought."""
        return Capability.SHARES_FILES in self.capabilities

    @property
    def shares_processes(self) -> bool:
        """Whether its runs are processes of this machine: whoever looks at one can ask itself, and prove a death."""
        return Capability.SHARES_PROCESSES in self.capabilities

    @property
    def where(self) -> str:
        """Where that is, for people: a host, a folder; empty for this machine."""
        return str(self.settings.get("host") or self.settings.get("folder") or "")

    @classmethod
    def for_settings(cls, name: str, settings: Mapping[str, Any]) -> ComputeTarget:
        """Return the target of a name with checked settings; a kind whose settings decide its class overrides it."""
        return cls(name, settings)

    @classmethod
    def checked_settings(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return settings as they are kept. Raises UserErrorException for those that can't be.

        Called by `Workspace.attach`. They are written into the workspace as JSON: none may be a secret.
        """
        problems = []
        for name in settings.keys() - cls.settings_known.keys():
            known = ", ".join(f"{each} ({meaning})" for each, meaning in cls.settings_known.items()) or "none"
            hint = did_you_mean(name, cls.settings_known) or f"known: {known}"
            problems.append(f"a target of kind {cls.kind!r} has no setting {name!r}; {hint}")
        if problems:
            raise UserErrorException("\n".join(sorted(problems)))
        return dict(settings)

    def size_problem(self, code: RunCode) -> str:  # noqa: ARG002  # for those that have a limit
        """Return why what a run takes along could never go there; "" if it could. Within a second, as `problems`."""
        return ""

    def learn(self) -> None:  # for those that `python` and `problems` needn't ask
        """Find out what `python` and `problems` are to know; may take seconds.

        Called once it was attached. Raises ComputeTargetException if that can't be had now, which is said then.
        """

    @abstractmethod
    def describe(self) -> TargetDescription:
        """Return how full the target is, and what of this machine a job there can reach."""

    def shared_folders(self) -> Sequence[str]:  # for those that know it without asking
        """Return the folders where a job there finds the same files as this process: those that `describe` tells.

        Called while a cell is captured that names a file. Raises ComputeTargetException.
        """
        return self.describe().shared_folders

    @abstractmethod
    def python(self, environment: str | EnvironmentSpec | None) -> TargetPython:
        """Return the Python that a run with this environment gets there, as far as it is known without asking long.

        Called before a run exists. Raises UserErrorException for an environment that can't be there.
        """

    @abstractmethod
    def problems(self, request: RunRequest) -> list[str]:
        """Return every reason why this run could never start there; none if it could.

        Called by `submit` before a run exists. Must not change anything and should answer within a second.
        """

    def warnings(self, request: RunRequest) -> Sequence[str]:  # noqa: ARG002  # for those that have any
        """Return what would be otherwise there than it is asked for, a sentence each.

        Called by `submit` once nothing is left to refuse, before a run exists.
        """
        return ()

    def prepare(self, request: RunRequest, layout: RunLayout) -> AbstractContextManager[None]:  # noqa: ARG002  # for those that need it
        """Make ready what can be, before the run folder is there: a connection, an interpreter.

        Called by `submit` once nothing is left to refuse. It enters what it gets, builds the folder and calls `launch`
        inside, and leaves whatever happened: what `launch` had no use for is given up then.
        """
        return nullcontext()

    @abstractmethod
    def launch(self, request: RunRequest, layout: RunLayout) -> None:
        """Start the run's supervisor there, or queue the run, and return as soon as either is certain.

        Called by `submit` when the run folder is in its place with status NotStarted. Leaves `target.json` in it
        before anything starts, and the status another one once the engine knows the run: until then nobody observes
        it. Called again for the same run it starts nothing twice. Raises ExperimentExecutionException, with the run
        marked Failed for the same reason, if it can't be done.

        What takes long it leaves to `send`: it writes down what has to be sent, calls `keeper.client.send`, and returns
        with the run Preparing if that isn't done by then.
        """

    def send(self, runs: Sequence[RunLayout]) -> bool | None:  # for those that send nothing, or all of it at launch
        """Bring there what `launch` left to be sent, and start those runs that are there whole by now.

        Called by the keeper before each `observe` with all runs on their way. A run is that as long as it is
        NotStarted, Preparing without a `there` in its fields, or Queued in a queue of this side's (`WAITS_HERE` in
        them): that is what this changes once the engine has it.
        Until then `observe` says nothing of it, or Waiting. A call works for a few seconds at most and goes on in the
        next, which comes at once. Where runs wait here for the engine's leisure, returns whether one has gone to it:
        then the next look comes soon, as there may be room for more. One run that can't be started there is marked
        Failed, with why; what concerns the target raises ComputeTargetException, and is tried again later.
        """

    @abstractmethod
    def observe(self, runs: Sequence[RunLayout]) -> dict[str, Observation]:
        """Return what the engine says of runs that haven't ended, by id, in one call to it.

        Called by the keeper, or by whoever looks where its runs are processes of this machine. A run that is missing
        in the answer is one that the engine said nothing about; an answer that doesn't come at all raises
        ComputeTargetException: it is asked again after 1 s, and each time later, up to 60 s. After AuthenticationError
        it is asked again only while somebody looks, seldom, or at once with other credentials in the environment.
        `silence_s` without an answer make its runs NotResponding, with these words.
        """

    def sync(self, runs: Sequence[RunLayout], *, is_final: bool) -> Collection[str] | None:  # noqa: ARG002  # a shared disk needs none
        """Bring what runs have written since into their folders here, and requests (cancel) there.

        Called after every `observe` unless the target shares files. `is_final` for runs whose job has ended, or that
        the engine doesn't know: all that is left comes then, and what can't come is given up, or it raises
        ComputeTargetException. A run whose status isn't an end after that is Failed as lost. A call works for a few
        seconds at most, so that other runs don't wait: it returns the ids of those of which more is left, and goes on
        in the next, which comes at once; None for nobody. Doing it twice changes nothing.
        """
        return None

    def close(self) -> None:  # for those that hold nothing
        """Give up what an instance holds, as connections. Safe to call again; the next verb may open them anew."""

    def holds(self, run: RunLayout) -> bool:  # for those that share files
        """Whether the engine has anything of a run: it waits, it goes on, or processes of it are left.

        Asked on the machine that shares its files, by whoever looks after its runs for another machine (`remote/`):
        an ended one that is held isn't removed. Raises ComputeTargetException if that can't be known now.
        """
        return not StatusFile(run).read().status.is_terminal and run.claim.exists()

    def undo_launch(self, run: RunLayout) -> None:  # for those whose launch doesn't go on by itself
        """Undo what was begun by a launch that was killed, of a run that the engine doesn't hold; then it is launched.

        Asked where `holds` is, by the only one who launches the run.
        """

    def heed_cancellation(self, run: RunLayout) -> None:  # for those that share files
        """Do what a request to cancel that is in the run's folder asks for, as far as no supervisor does it.

        Asked where `holds` is, once a request has come there. Raises OSError where the disk takes no status.
        """

    def learned(self) -> Mapping[str, Any]:
        """Return, as plain values, what an instance on another machine has to know for its `problems`.

        Asked where `holds` is. Raises ComputeTargetException.
        """
        return {}

    @abstractmethod
    def cancel(self, run: RunLayout) -> None:
        """Ask for the run to be stopped; returns at once, safe to call again and for a run that has ended."""

    @abstractmethod
    def doctor(self) -> list[Finding]:
        """Look at everything that a run needs there and say what is amiss and what to do about it."""
