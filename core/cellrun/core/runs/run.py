"""A run: one execution of code, kept with what it logged."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellrun import core
from cellrun.core.errors import DamagedRunError, RunNotFoundError, UserErrorException, shown
from cellrun.core.layout import RunLayout
from cellrun.core.own_run import own_run
from cellrun.core.runs import printing
from cellrun.core.runs.control import PartControl, RunControl, control_of
from cellrun.core.runs.details import BriefDetails
from cellrun.core.runs.document_verbs import DocumentVerbs
from cellrun.core.runs.failure_words import failure_fields
from cellrun.core.runs.family_verbs import FamilyVerbs
from cellrun.core.runs.file_verbs import FileVerbs
from cellrun.core.runs.files import RunFiles
from cellrun.core.runs.found_runs import found_runs
from cellrun.core.runs.habits import SaysWhatToWrite, no_attribute
from cellrun.core.runs.job_end import job_end
from cellrun.core.runs.model_verbs import ModelVerbs
from cellrun.core.runs.reader import RunReader
from cellrun.core.runs.watch import wait_for_end
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

_NOT_GIVEN: Any = object()
_DELETED = "deleted"
_DOCS = "https://learn.microsoft.com/python/api/azureml-core/azureml.core.run.run"


class Run(FileVerbs, DocumentVerbs, FamilyVerbs, ModelVerbs, metaclass=SaysWhatToWrite):
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
        return control_of(self._layout)

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

    # What it is

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
    def layout(self) -> RunLayout:
        """The files of the run."""
        return self._layout

    @property
    def id(self) -> str:
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
    def experiment(self) -> Experiment:
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

    # What is logged

    def log(
        self,
        name: str | Mapping[str, Any],
        value: Any = _NOT_GIVEN,
        description: str | float = "",
        step: float | None = None,
    ) -> None:
        """Log one value of a metric: a number, text, bool or None. Several become a curve, over `step` if given.

        A dict of names and values logs each. A number that follows the value or the dict is the step, as other
        libraries have it. An array or tensor of one element is its number. Anything else is kept as text, and a warning
        says once a name what keeps it as numbers.

        Like every log call it has been written when it returns. Raises InvalidMetricError for a number that can't be
        kept exactly. `description` isn't kept.
        """
        if type(name) is not str and isinstance(name, Mapping):  # by its type: this is in every log call
            step = step if value is _NOT_GIVEN else value
            for each, its in name.items():
                self._writer.log(each, its, step)
            return
        if value is _NOT_GIVEN:
            raise UserErrorException(
                f"run.log takes a name and a value, run.log('loss', 0.5), or a dict of them; got {shown(name)} alone"
            )
        if type(description) is not str and step is None and isinstance(description, (int, float)):
            step = description
        self._writer.log(name, value, step)

    def log_list(self, name: str, value: Iterable[Any], description: str = "") -> None:  # noqa: ARG002
        """Log several values of a metric at once: any iterable or array of one dimension."""
        self._writer.log_list(name, value)

    def log_row(self, name: str, description: str | Mapping[str, Any] | None = None, **columns: Any) -> None:
        """Log one row of a metric with several columns: two numbers become a curve of one over the other.

        A dict is taken as well: run.log_row('sine', {'x': 0.1, 'y': 0.2}). Raises UserErrorException for a value alone.
        """
        if isinstance(description, Mapping):
            columns = {**description, **columns}
        elif not (columns or description is None or isinstance(description, str)):
            raise UserErrorException(
                f"run.log_row takes columns by name, run.log_row({shown(name)}, x=0.1, y=0.2), or a dict of them; "
                f"got {shown(description)} alone"
            )
        self._writer.log_row(name, columns)

    def log_table(self, name: str, value: Any, description: str = "") -> None:  # noqa: ARG002
        """Log several rows at once: a dict of columns of one length, or a DataFrame."""
        self._writer.log_table(name, value)

    def log_image(self, name: str, path: StrPath | None = None, plot: Any = None, description: str = "") -> None:  # noqa: ARG002
        """Log an image: a file by its path, or a plot: matplotlib.pyplot or a figure, drawn as PNG; a plotly figure.

        A plotly figure is kept as its JSON (`plotly.io.from_json` reads it), and the run's view draws it.

        Raises UserErrorException unless exactly one is given and is an image.
        """
        self._writer.log_image(name, path, plot)

    def flush(self, timeout_seconds: float = 300) -> None:
        """Do nothing: each call has been written when it returned. Kept for code that was written for Azure ML."""

    def tag(self, key: str, value: object = None) -> None:
        """Set a tag; a value that is no text becomes one."""
        self._writer.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, object]) -> None:
        """Set several tags; the others stay."""
        self._writer.set_tags(tags)

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Remove tags by their names; one that isn't there is removed already."""
        self._writer.remove_tags(tags)

    def add_properties(self, properties: Mapping[str, object]) -> None:
        """Add properties, also after the run has ended; a value that is no text becomes one.

        Raises UserErrorException for one that there is already with another value: properties never change.
        """
        self._writer.add_properties(properties, self._reader.properties())

    def _opened_events(self) -> EventLog:
        """Return what takes the events of the run; a child that waits to be started is, by a job that logs to it."""
        if own_run() is not None:
            self._take_over()
        return EventLog.of(self._layout)

    # What was logged

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
        from cellrun.core.portal.servers import run_url  # noqa: PLC0415  # a job rarely asks

        self._reader.check_is_there()
        return run_url(self.layout, self.experiment.workspace.id)

    @property
    def portal_url(self) -> str:
        """Return what `get_portal_url()` does."""
        return self.get_portal_url()

    def result(self, name: str, trust: bool = False) -> Any:  # noqa: FBT001, FBT002  # as users say it
        """Return a value that the run's cell gave back, as `%%submit --return NAMES` asked it to.

        Plain data and NumPy arrays are read without running any code. All else is a pickle, loaded if it was signed by
        this user, or with `trust=True`. A class that the notebook defines under the same name is the value's class.

        Raises ResultError if there is none (yet), UntrustedError for a pickle of somebody else's, ContextException for
        one that can't be loaded here.
        """
        from cellrun.core.runs.results import result  # noqa: PLC0415  # a job rarely asks

        return result(self.layout, self._control.status(), name, trust=trust)

    def results(self, trust: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002  # as above
        """Return all values that the run's cell gave back, by their names. Raises as `result` does if one is lost."""
        from cellrun.core.runs.results import results  # noqa: PLC0415  # as above

        return results(self.layout, self._control.status(), trust=trust)

    # Its beginning, again

    def submit_again(self, *, trust: bool = False) -> Run:
        """Submit the same code once more, with the same arguments, resources and interpreter, and return the new run.

        What a cell got from its notebook is the same too, whatever the notebook holds now. Of the environment variables
        that were given to the run only the names are kept: they get the values that this process has, and the new run's
        `get_details()` says which it has none for.

        Raises UntrustedError for a run that isn't signed as this user's own, or was changed since, unless `trust` says
        to run its code all the same; UserErrorException for an interactive run: it has no code of its own. Else what
        `Experiment.submit` does.
        """
        from cellrun.core.submission.again import resubmit  # noqa: PLC0415  # a job never submits

        return self.experiment.run(resubmit(self.layout, trust=trust).run_id)

    # Its code, elsewhere

    def export(self, path: StrPath) -> None:
        """Write the run's cell into a folder that runs with plain `python cell.py`, without cellrun and its notebook.

        In it are the cell, what it got from its notebook, its local modules and files, `requirements.txt` with the
        versions that the run had, and a README. Nothing is loaded for it. Without arguments it runs with the run's.

        Raises UserErrorException for a folder that isn't empty or a run that has no cell, ContextException if what the
        cell got is gone.
        """
        from cellrun.core.export.export import export  # noqa: PLC0415  # a job never exports

        self._reader.check_is_there()
        export(self.layout, Path(path).expanduser().absolute())

    # Its beginning and its end

    def start(self) -> None:
        """Start a child that `create_children` made: this process owns it and ends it. One that it owns already stays.

        Raises UserErrorException for a run that somebody else has started, RunClosedError for one that has ended.
        """
        if not isinstance(self._control, PartControl):
            self._control = _interactive().take_over(self, self._outputs)

    def _take_over(self) -> None:
        """Start a child that waits for that; any other run is left as it is."""
        is_stranger = not isinstance(self._control, PartControl)
        if is_stranger and self._reader.record.kind == "interactive" and self.get_status() == Status.NOT_STARTED:
            self.start()

    def wait_for_completion(
        self,
        show_output: bool = False,  # noqa: FBT001, FBT002  # Azure ML's signature
        wait_post_processing: bool = False,  # noqa: FBT001, FBT002, ARG002
        raise_on_error: bool = True,  # noqa: FBT001, FBT002
    ) -> dict[str, Any]:
        """Wait until the run has ended, with `show_output` printing its log as it is written. Returns `get_details()`.

        A front end or a terminal is shown where the run's page is; a server that has to be started for that starts in
        the background, and nothing waits for it.

        Raises ActivityFailedException if it Failed, unless `raise_on_error` is False; ExperimentExecutionException when
        interrupted (Ctrl-C): the run goes on; UserErrorException, at once, for an interactive run that is open in this
        process and for the run that this code is part of. It always waits for the very end, as `wait_post_processing`
        asks for.
        """
        self._control.refuse_own_wait()
        page = None
        if show_output:
            from cellrun.core.portal.servers import web_view  # noqa: PLC0415  # a job rarely shows another run's output

            page = partial(web_view, self._layout, self.experiment.workspace.id)
        wait_for_end(self._layout, self._control.status, self._reader.notes, page=page, raise_on_error=raise_on_error)
        return BriefDetails(self.get_details())

    def cancel(self, reason: str | None = None) -> None:
        """Stop the run; nothing happens to one that has ended. Of an interactive run, the next log call raises.

        A submitted run is interrupted as by Ctrl-C and has 10 s (`CELLRUN_GRACE_S`) to keep what it has computed, then
        it gets SIGTERM, after as long again SIGKILL. One more call meanwhile goes to the next of these at once.

        A reason is kept with an interactive run's status.
        """
        self._control.cancel(reason)

    def complete(self, _set_status: bool = True) -> None:  # noqa: FBT001, FBT002  # Azure ML's own
        """End an interactive run as Completed, with the files that were written to `./outputs`.

        In a submitted run it does nothing: the end of the script ends the run.
        """
        if _set_status:
            self._take_over()
            self._control.complete()

    def fail(
        self,
        error_details: object = None,
        error_code: str | None = None,
        _set_status: bool = True,  # noqa: FBT001, FBT002  # Azure ML's own
    ) -> None:
        """End an interactive run as Failed, with an exception or a text that says why."""
        if _set_status:
            self._take_over()
            self._control.fail(**failure_fields(error_details, error_code))

    def clean(self) -> None:
        """Do nothing: what a run leaves on its target is taken away when it ends. `delete()` deletes all of it."""

    def delete(self) -> None:
        """Delete the run for good: its folder, and captured values that no other run needs. Its number stays taken.

        Its children go with it. Raises UserErrorException if it, or one of them, hasn't ended: cancel it first.
        """
        from cellrun.core.runs.deletion import delete_runs  # noqa: PLC0415  # a job never deletes a run

        self._reader.check_is_there()
        deleted, *_ = delete_runs(self.layout.workspace, [self.id]).runs
        if deleted.refused:
            raise UserErrorException(f"run {self.id} can't be deleted: {deleted.refused}")

    def __enter__(self) -> Run:  # noqa: PYI034  # typing.Self came with Python 3.11
        """Begin a block that ends an interactive run: Completed, or Failed with its exception. Prints are logged."""
        self._take_over()
        self._control.enter()
        return self

    def __exit__(self, exit_type: object, value: BaseException | None, traceback: object) -> bool:
        return self._control.leave(value)

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
        from cellrun.core.portal.servers import known_run_url  # noqa: PLC0415  # a job rarely prints its run

        shown = self._in_print()
        page = None if shown[-1] == _DELETED else known_run_url(self.layout, self.experiment.workspace.id)
        return printing.run_text(*shown, page)

    def _repr_html_(self) -> str:
        from cellrun.core.portal.servers import public_run_url  # noqa: PLC0415  # a job shows no HTML

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


def _interactive() -> Any:
    from cellrun.core.runs import interactive  # noqa: PLC0415  # it makes runs, and most jobs have no children

    return interactive


if (_own := own_run()) is not None:  # now, as of `sys.exit(main())` the first is looked up before main asks for its run
    job_end(_own)
