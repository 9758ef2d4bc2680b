"""An experiment: the runs of one question, under one name."""

from __future__ import annotations

import copyreg
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cellrun.core import names
from cellrun.core.disk.whole_files import make_private_folder
from cellrun.core.experiment_verbs import ExperimentVerbs
from cellrun.core.places import cannot_write
from cellrun.core.runs import open_runs, printing
from cellrun.core.runs.found_runs import found_runs
from cellrun.core.runs.writer import tag_value

if TYPE_CHECKING:
    from plotly.graph_objects import Figure  # type: ignore[import-untyped]

    from cellrun.core.run_request import RunConfig
    from cellrun.core.runs.found_runs import Wanted
    from cellrun.core.runs.interactive import OutputFolders
    from cellrun.core.runs.run import Run
    from cellrun.core.workspace import Workspace


class Experiment(ExperimentVerbs):
    """The runs of one question, under one name: made in the workspace if it is new.

    Raises InvalidNameError for a name that is none, WorkspaceException where it can't be made.
    """

    def __init__(self, workspace: Workspace, name: str, **_taken: object) -> None:
        self._workspace = workspace
        self._name = names.experiment_name(name)
        folder = workspace.layout.experiment(self._name)
        try:
            make_private_folder(folder.parent)
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise cannot_write(workspace.folder, error) from error

    @property
    def name(self) -> str:
        """Its name."""
        return self._name

    @property
    def workspace(self) -> Workspace:
        """The workspace that it is in."""
        return self._workspace

    def submit(self, config: RunConfig, tags: Mapping[str, Any] | None = None, **options: Any) -> Run:
        """Start a run of a script, a command or a cell on its target, and return it at once.

        `config` is a ScriptRunConfig, a Pipeline, or anything whose `request()` says what is to run. `options` are for
        a config that takes some: a Pipeline's `pipeline_parameters`, `regenerate_outputs`, …
        Raises InvalidSubmissionError with all that is wrong in the config, before a run exists;
        ExperimentExecutionException if the target can't start it.
        """
        from cellrun.core.submission.submission import submit, with_options  # noqa: PLC0415  # a job never submits what it doesn't import

        texts = {key: tag_value(value) for key, value in (tags or {}).items()}
        if options:
            config = with_options(config, options)
        return self.run(submit(self._workspace, self._name, config, texts).run_id)

    def start_logging(  # noqa: PLR0913  # Azure ML's signature, and what is more here
        self,
        name: str | None = None,
        run_id: str | None = None,
        outputs: OutputFolders = None,
        snapshot_directory: str | os.PathLike[str] | None = None,
        display_name: str | None = None,
        *,
        tags: Mapping[str, Any] | None = None,
        cell: Mapping[str, Any] | None = None,
        code: bool = True,
        **_taken: object,
    ) -> Run:
        """Open an interactive run: this process logs to it until `run.complete()`. It is Running at once.

        `./outputs` is made; what is written there while the run is open is kept with it, and so is what is written into
        the folder, or the folders, that `outputs` names; False: nothing is. Unlike with Azure ML no folder is copied
        unless `snapshot_directory` names one: the commit that git is at is recorded either way, and the text of the
        cells that a notebook executes meanwhile, unless `code` is False. `name` and `display_name` are the same;
        `run_id` is the id that it is to have; `cell` is what is recorded of a notebook cell (source, id, notebook, …).
        What else Azure ML's takes is taken, and changes nothing.

        Raises WorkspaceException where nothing can be written, SnapshotException for a folder that is too large.
        """
        from cellrun.core.runs.interactive import start  # noqa: PLC0415  # a submitted job has no use for it

        return start(
            self,
            display_name=name if display_name is None else display_name,
            tags=tags or {},
            snapshot_directory=snapshot_directory,
            cell=cell,
            run_id=run_id,
            outputs=outputs,
            code=code,
        )

    def get_runs(
        self,
        type: str | None = None,  # noqa: A002  # Azure ML's name
        tags: Wanted = None,
        properties: Wanted = None,
        include_children: bool = False,  # noqa: FBT001, FBT002  # Azure ML's signature
        status: str | Collection[str] | None = None,
    ) -> Iterator[Run]:
        """Iterate over the runs, newest first; over child runs only with `include_children`.

        `type`: of this type, as "azureml.scriptrun"; `tags`, `properties`: with this name, or with all these names and
        values; `status`: in this status, or in one of several, in upper or lower case. Raises UserErrorException for a
        status that there isn't.
        """
        return found_runs(
            self._workspace,
            self,
            experiment=self._name,
            type=type,
            tags=tags,
            properties=properties,
            include_children=include_children,
            status=status,
        )

    def plot(self, name: str | Sequence[str] | None = None, *, x: str = "step", log: bool = False) -> Figure:
        """Return a plotly figure of the experiment's runs: a chart of a metric, of several, or of all, as `Run.plot`'s.

        The curves of the 20 latest runs that have it lie on one another, each in its run's colour; where there are more
        the figure's title says so. `compare(runs).plot(name)` draws chosen ones. Raises UserErrorException as
        `Run.plot` does, and if no run has logged anything yet.
        """
        from cellrun.core.comparison.experiment_figure import plot_experiment  # noqa: PLC0415  # a job never draws

        return plot_experiment(self._workspace.layout, self._name, name, x=x, log=log)

    def get_portal_url(self) -> str:
        """Return the address of the page that lists the runs, as `Run.get_portal_url` does for one of them."""
        from cellrun.core.portal.address import experiment_url  # noqa: PLC0415  # a job rarely asks

        return experiment_url(self.workspace.layout, self.workspace.id, self.name)

    def run(self, run_id: str) -> Run:
        """Return a run of this experiment by its id: the very object if this process has opened it as interactive.

        A run that drives others, such as a pipeline's, is of the class that its type has.
        """
        return open_runs.get(run_id) or open_runs.opened(self, run_id)

    def __repr__(self) -> str:
        return printing.experiment_text(self.name, self.workspace.name)

    def _repr_html_(self) -> str:
        return printing.experiment_html(self.name, self.workspace.name)


copyreg.pickle(Experiment, lambda experiment: (Experiment, (experiment.workspace, experiment.name)))
