"""A run: one execution of code, kept with what it logged."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cellrun import core
from cellrun.core.errors import DamagedRunError, RunNotFoundError
from cellrun.core.identity import own_run
from cellrun.core.layout import RunLayout
from cellrun.core.runs import printing
from cellrun.core.runs.control import RunControl, control_of
from cellrun.core.runs.end_verbs import EndVerbs
from cellrun.core.runs.family_verbs import FamilyVerbs
from cellrun.core.runs.file_verbs import FileVerbs
from cellrun.core.runs.files import RunFiles
from cellrun.core.runs.found_runs import found_runs
from cellrun.core.runs.job_end import job_end
from cellrun.core.runs.log_verbs import LogVerbs
from cellrun.core.runs.model_verbs import ModelVerbs
from cellrun.core.runs.name_hints import HintingType, no_attribute
from cellrun.core.runs.reader import RunReader
from cellrun.core.runs.writer import RunWriter
from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.run_store import RunStore
from cellrun.core.store.status import Status

if TYPE_CHECKING:
    from plotly.graph_objects import Figure  # type: ignore[import-untyped]

    from cellrun.core.environments.environment import Environment
    from cellrun.core.experiment import Experiment
    from cellrun.core.runs.found_runs import Wanted
    from cellrun.core.targets.contract import ComputeTarget
    from cellrun.core.workspace import Workspace

    StrPath = str | os.PathLike[str]

_DELETED = "deleted"
_DOCS = "https://learn.microsoft.com/python/api/azureml-core/azureml.core.run.run"


class Run(LogVerbs, EndVerbs, FileVerbs, FamilyVerbs, ModelVerbs, metaclass=HintingType):
    """One execution of code: what it logs, its status, its files.

    The same object in the notebook that started a run, in another one that looks at it, and in the run's own code. It
    holds three collaborators and hands over to them: a writer (what is logged), a reader (what was logged) and a
    control (its status and its end), which differs by where the run is seen from.

    Names and shapes are those of Azure ML's first SDK. What writes to a run raises RunClosedError once it has ended;
    its tags and its display name can be changed then too. Whatever logs raises EventNotKeptError if the disk is full.
    """

    def __init__(
        self,
        experiment: Experiment,
        run_id: str,
        outputs: StrPath | None = None,
        *,
        control: Callable[[RunLayout, RunWriter], RunControl] | None = None,
        **kwargs: object,  # noqa: ARG002  # Azure ML's own
    ) -> None:
        """Open a run of an experiment. Raises RunNotFoundError if it isn't there.

        `outputs` is a folder whose files are kept with a child that waits to be started, if this process ends it.
        """
        layout = RunStore(experiment.workspace.layout).open(run_id)
        self._layout = layout
        self._experiment = experiment
        self._outputs = outputs
        if control:
            self._control = control(layout, self._writer)

    @cached_property
    def _reader(self) -> RunReader:  # type: ignore[override]  # it can be set
        return RunReader(self._layout)

    @cached_property
    def _writer(self) -> RunWriter:  # type: ignore[override]  # it can be set
        return RunWriter(self._opened_events, RunFiles(self._layout))

    @cached_property
    def _control(self) -> RunControl:  # type: ignore[override]  # it can be set
        # Another thread that has taken the run over meanwhile has set its own.
        return self.__dict__.setdefault("_control", control_of(self._layout))  # type: ignore[no-any-return]

    @staticmethod
    def get(workspace: Workspace, run_id: str) -> Run:
        """Return a run by its id or its name (`digits-3`). Raises RunNotFoundError if there is none."""
        return workspace.get_run(run_id)

    @staticmethod
    def list(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        experiment: Experiment,
        type: str | None = None,  # noqa: A002
        tags: Wanted = None,
        properties: Wanted = None,
        status: str | Collection[str] | None = None,
        include_children: bool = False,  # noqa: FBT001, FBT002
        _rehydrate_runs: bool = True,  # noqa: FBT001, FBT002
    ) -> Iterator[Run]:
        """Iterate over the runs of an experiment, newest first, as `experiment.get_runs` does."""
        return experiment.get_runs(type, tags, properties, include_children, status)

    @staticmethod
    def list_by_compute(
        compute: ComputeTarget | str,
        type: str | None = None,  # noqa: A002
        tags: Wanted = None,
        properties: Wanted = None,
        status: str | Collection[str] | None = None,
    ) -> Iterator[Run]:
        """Iterate over the runs on a compute target, newest first: those of its workspace, else of the default one.

        The conditions are as in `experiment.get_runs`.
        """
        workspace = getattr(compute, "workspace", None) or core.Workspace.from_config()
        target = getattr(compute, "name", compute)
        return found_runs(workspace, target=target, type=type, tags=tags, properties=properties, status=status)

    @staticmethod
    def add_type_provider(runtype: str, run_factory: Callable[..., Run]) -> None:
        """Let `run_factory(experiment, run)` make the runs of a type that lists and look-ups return.

        `run` has run_id, run_type, parent_run_id, tags and properties.
        """
        from cellrun.core.runs import open_runs  # noqa: PLC0415  # it loads this module

        open_runs.add_type(runtype, run_factory)

    @staticmethod
    def get_submitted_run(**kwargs: object) -> Run:  # noqa: ARG004  # Azure ML's own
        """Return the run that this code is part of, as `Run.get_context()` does."""
        return core.current_run(allow_offline=True)

    @staticmethod
    def get_docs_url() -> str:
        """Return the address of the page that tells of these names, as Azure ML had them."""
        return _DOCS

    @staticmethod
    def get_context(
        allow_offline: bool = True,  # noqa: FBT001, FBT002  # Azure ML's signature
        used_for_context_manager: bool = False,  # noqa: FBT001, FBT002, ARG004
        **kwargs: object,  # noqa: ARG004
    ) -> Run:
        """Return the run that this code is part of.

        In a submitted run that run; in a process with an open interactive run that one; elsewhere a run that keeps in
        memory what it is given, and says so once. Raises RunEnvironmentException there if `allow_offline` is False.
        """
        # Which kinds of run there are is known on the floor above; the package, above both, hands that down.
        return core.current_run(allow_offline=allow_offline)

    @property
    def input_datasets(self) -> Mapping[str, Any]:
        """Its inputs by name: of a mounted or downloaded one the path, of any other the dataset itself.

        `run.input_datasets["name"] = dataset` writes down that it uses one more.
        """
        return self._reader.datasets("inputs")

    @property
    def output_datasets(self) -> Mapping[str, Any]:
        """The folders of its outputs by name."""
        return self._reader.datasets("outputs")

    @property
    def layout(self) -> RunLayout:  # type: ignore[override]  # is read alone
        """The files of the run."""
        return self._layout

    @property
    def id(self) -> str:  # type: ignore[override]  # is read alone
        """Its id, which is also the name of its folder."""
        try:
            return self._reader.record.id
        except DamagedRunError:
            return self._layout.run_id

    @property
    def name(self) -> str:
        """Its name: the experiment's and its number, `digits-3`; a child's is the one that it was given, if any."""
        record = self._reader.record
        return record.name if record.parent is None else record.display_name or record.name

    @property
    def number(self) -> int:
        """Its number within its experiment, from 1."""
        return self._reader.record.number

    @property
    def identity(self) -> str:
        """Its id, under the other name that Azure ML has for it."""
        return self.id

    @property
    def display_name(self) -> str:
        """The name to show: its own, or what it was given. Can be set."""
        return self._reader.display_name()

    @display_name.setter
    def display_name(self, display_name: str) -> None:
        self._writer.rename(display_name)

    @property
    def description(self) -> str | None:
        """What it is about; None if nobody has said it. Can be set, also after its end."""
        return self._reader.description()

    @description.setter
    def description(self, description: str | None) -> None:
        self._writer.describe(description)

    @property
    def type(self) -> str | None:
        """How it was started: "azureml.scriptrun" if it was submitted, None if it is interactive."""
        return self._reader.record.type

    @property
    def experiment(self) -> Experiment:  # type: ignore[override]  # is read alone
        """The experiment that it belongs to."""
        return self._experiment

    @property
    def status(self) -> str:
        """Its status by Azure ML's name, such as "Running"."""
        return self.get_status()

    @property
    def tags(self) -> dict[str, str | None]:
        """Its tags."""
        return self.get_tags()

    @property
    def properties(self) -> dict[str, str]:
        """What never changes about it: the commit and branch of its code, and what `add_properties` added."""
        return self._reader.properties()

    # What was logged

    def _opened_events(self) -> EventLog:
        """Return what takes the events of the run; a child that waits to be started is, by a job that logs to it."""
        if own_run() is not None:
            self._take_over()
        return EventLog.of(self._layout)

    def get_metrics(
        self,
        name: str | None = None,
        recursive: bool = False,  # noqa: FBT001, FBT002  # Azure ML's signature
        run_type: str | None = None,
        populate: bool = False,  # noqa: FBT001, FBT002
    ) -> dict[str, Any]:
        """Return the metrics by name, or the one of a name: {} if there is none.

        One value is itself, several are a list, rows are a dict of columns. With `recursive` it is all that by run id,
        for this run and those below it that have metrics; `run_type` leaves out those of another type. Of an image and
        of a document, such as a confusion matrix, it is the address of its file, with `populate` what is in that: the
        document as a dict, the image's bytes. A RuntimeWarning tells of records that are damaged: what is returned
        lacks them.
        """
        if not recursive:
            return self._reader.metrics(name, populate=populate)
        family = [self, *self.get_children(recursive=True)]
        # Their own: a sweep's `get_metrics` has those of its runs.
        read = {run.id: run._reader for run in family if run_type in (None, run.type)}  # noqa: SLF001  # a Run's, too
        found = {run_id: reader.metrics(name, populate=populate) for run_id, reader in read.items()}
        return {run_id: metrics for run_id, metrics in found.items() if metrics}

    def plot(self, name: str | Sequence[str] | None = None, *, x: str = "step", log: bool = False) -> Figure:
        """Return a plotly figure (`plotly.graph_objects.Figure`) of a metric, of several, or of all that have a curve.

        Each has a chart of its own, as in the run's view: the same curves in the run's colour, over `x`: "step" (what
        the view draws it over), "time" (seconds since the run's start) or a logged column. 500 points of a curve are
        drawn, its extremes among them: its form stays; `get_metrics()` has all. What is no number is a gap. `log`: y by
        its logarithm, where only numbers above 0 have a place. A single value is a bar if it is asked for by name, or
        if nothing has a curve. A confusion matrix that is asked for is a heatmap, its kin are tables.

        The figure is the caller's: `figure.update_layout(...)` changes it, `run.log_image(name, plot=figure)` keeps it.

        Raises UserErrorException for a name or an x that the run hasn't (it says which there are), for what holds no
        numbers, and without plotly. Only what this process can read from a folder is drawn: RunEnvironmentException for
        an offline run.
        """
        from cellrun.core.comparison.figure import plot_document, plot_runs  # noqa: PLC0415  # a job rarely draws

        layout = self.layout
        if (document := self._reader.document(name)) is not None:
            return plot_document(str(name), document)
        return plot_runs([layout], name, x=x, log=log)

    def get_tags(self) -> dict[str, str | None]:
        """Return the tags."""
        return self._reader.tags()

    def get_properties(self) -> dict[str, str]:
        """Return `properties`."""
        return self.properties

    def get_status(self) -> str:
        """Return the status now; a run whose owner is proven dead is Failed from this look on.

        Of one whose folder can't be read it is "Damaged"; all else that is asked of it raises DamagedRunError.
        """
        try:
            return self._control.status().status.value
        except DamagedRunError:
            return Status.DAMAGED.value

    def get_detailed_status(self) -> dict[str, Any]:
        """Return the status and, of a run that waits or has ended, why: `{"status": ..., "details": ...}`."""
        status = self._control.status()
        return {"status": status.status.value, "details": status.reason}

    def get_details(self) -> dict[str, Any]:
        """Return what is known of the run under Azure ML's keys: status, times (UTC), definition, log, error."""
        return self._reader.details(self._control.status())

    def get_environment(self, *, trust: bool = False) -> Environment:
        """Return the environment that the run asked for; without one, its Python as it was.

        Of variables that are secret by their names the values aren't kept. What it was run by is in
        `get_details()["environment"]`. Raises UntrustedError for a run that isn't known to be this user's own, unless
        `trust`: what an environment installs runs as whoever uses it.
        """
        from cellrun.core.environments.of_run import environment_of_run  # noqa: PLC0415  # few runs are asked

        return environment_of_run(self.layout, trust=trust)

    def get_secret(self, name: str) -> str | None:
        """Return a secret of the workspace's keyvault by its name, None if there is none."""
        return self.experiment.workspace.get_default_keyvault().get_secret(name)

    def get_secrets(self, secrets: Sequence[str]) -> dict[str, str | None]:
        """Return several secrets of the workspace's keyvault by their names; None for those that aren't there."""
        return self.experiment.workspace.get_default_keyvault().get_secrets(secrets)

    def get_portal_url(self) -> str:
        """Return the address of the run's page in a browser.

        Where CELLRUN_PUBLIC_URL (or JupyterHub) says, else at a running Jupyter server of this user, else at one that
        is started for it on this machine and ends when nobody looks any more; that address opens once, while the run
        goes on and for ten minutes after.

        Raises PortalError where none can be started: in a run, or without `cellrun.server`.
        """
        from cellrun.core.portal.address import run_url  # noqa: PLC0415  # a job rarely asks

        self._reader.check_is_there()
        return run_url(self.layout, self.experiment.workspace.id)

    @property
    def portal_url(self) -> str:
        """Return what `get_portal_url()` does."""
        return self.get_portal_url()

    if not TYPE_CHECKING:  # or every attribute would be one

        def __getattr__(self, name: str) -> Any:
            """Say what to write here for a name that another library has. Raises AttributeError for every name."""
            raise no_attribute(self, f"{type(self).__name__!r} object", name)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle it, of whatever class, as the run of its id."""
        return Run.get, (self.experiment.workspace, self.id)

    def __repr__(self) -> str:
        return printing.run_text(*self._in_print())

    def __str__(self) -> str:
        from cellrun.core.portal.address import known_run_url  # noqa: PLC0415  # a job rarely prints its run

        shown = self._in_print()
        page = None if shown[-1] == _DELETED else known_run_url(self.layout, self.experiment.workspace.id)
        return printing.run_text(*shown, page)

    def _repr_html_(self) -> str:
        from cellrun.core.portal.address import public_run_url  # noqa: PLC0415  # a job shows no HTML

        experiment, run_id, kind, status = self._in_print()
        is_there = status != _DELETED
        name = self.name if is_there and status != Status.DAMAGED else run_id
        page = public_run_url(self.experiment.workspace.id, run_id) if is_there else None
        return printing.run_html(experiment, name, run_id, kind, status, page=page)

    def _in_print(self) -> tuple[str, str, str | None, str]:
        try:
            return self.experiment.name, self.id, self.type, self.get_status()
        except RunNotFoundError:  # what is deleted can still be looked at
            return self.experiment.name, self._layout.run_id, None, _DELETED
        except DamagedRunError:
            return self.experiment.name, self._layout.run_id, None, Status.DAMAGED.value


if (_own := own_run()) is not None:  # now, as of `sys.exit(main())` the first is looked up before main asks for its run
    job_end(_own)
