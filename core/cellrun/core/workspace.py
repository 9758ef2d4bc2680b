"""A workspace: a folder of experiments and their runs, and of what these use, by name."""

from __future__ import annotations

import builtins
import copyreg
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from cellrun.core import names, places
from cellrun.core.azure_workspace import NOWHERE
from cellrun.core.errors import RunNotFoundError
from cellrun.core.experiment import Experiment
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.runs import printing
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore
from cellrun.core.workspace_opening import WorkspaceOpening

if TYPE_CHECKING:
    from datetime import timedelta

    from cellrun.core.data.datasets.abstract_dataset import AbstractDataset
    from cellrun.core.data.datasets.file_dataset import FileDataset
    from cellrun.core.data.datasets.tabular_dataset import TabularDataset
    from cellrun.core.data.stores.datastore import Datastore
    from cellrun.core.data.stores.keyvault import Keyvault
    from cellrun.core.environments.registered_environments import EnvironmentsByName
    from cellrun.core.models.model import Model
    from cellrun.core.runs.cleaning import Cleaning
    from cellrun.core.runs.deletion import Deletion
    from cellrun.core.runs.run import Run
    from cellrun.core.targets.contract import ComputeTarget
    from cellrun.core.targets.workspace_targets import WorkspaceTargets


class Workspace(WorkspaceOpening):
    """A folder of experiments and their runs, found by a name or a config file. It needs no account and no server.

    `from_config`, `create` and `get` open one. The constructor is Azure ML's, and takes what names a workspace there:
    the local one of that name, made if it is new; `auth` and what else the cloud needs means nothing here.
    """

    @staticmethod
    def list(
        subscription_id: str | None = None, auth: Any = None, resource_group: str | None = None
    ) -> dict[str, builtins.list[Workspace]]:
        """Return the workspaces that were opened on this machine, by name.

        Those of a subscription or a resource group are asked for by the names that they were given; one without such
        names is among them always.
        """
        del auth
        wanted = ({subscription_id or NOWHERE, NOWHERE}, {resource_group or NOWHERE, NOWHERE})
        found: dict[str, builtins.list[Workspace]] = {}
        for entry in places.registered():
            workspace = Workspace.opened(entry.layout)
            asked = (subscription_id is None or workspace.subscription_id in wanted[0]) and (
                resource_group is None or workspace.resource_group in wanted[1]
            )
            if asked:
                found.setdefault(entry.name, []).append(workspace)
        return found

    @staticmethod
    def setup() -> Workspace:
        """Open the workspace that a config names, or the default one."""
        return Workspace.from_config()

    @property
    def experiments(self) -> dict[str, Experiment]:
        """Its experiments by name."""
        folder = self.layout.experiments
        found = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
        return {name: Experiment(self, name) for name in found if names.is_plain(name)}

    def get_runs_of(self, dataset: AbstractDataset | str) -> Iterator[Run]:
        """Iterate over the runs that a dataset was an input of, newest first.

        It is a dataset, or the name of a registered one, of which a version may stand behind a colon: `mydata:3`.
        """
        from cellrun.core.data.in_run.run_datasets import runs_of  # noqa: PLC0415  # few ask for it

        return (self.get_run(run_id) for run_id in runs_of(self.layout, dataset))

    @property
    def compute_targets(self) -> dict[str, ComputeTarget]:
        """What can start a run, by name: `local`, and those that were attached."""
        found = self._targets.all()
        for target in found.values():
            target.workspace = self
        return found

    @property
    def environments(self) -> EnvironmentsByName:
        """Its registered environments by name, the newest version of each; one that can't be read isn't among them."""
        from cellrun.core.environments.registered_environments import RegisteredEnvironments  # noqa: PLC0415  # a job never asks for one

        return RegisteredEnvironments(self.layout).all()

    def attach(self, name: str, kind: str, **settings: Any) -> ComputeTarget:
        """Add a compute target to this workspace, and return it: `--target NAME` then starts runs there.

        Its kind and settings are kept in the workspace; none of them may be a secret. Raises InvalidNameError for a
        name that is none, ComputeTargetException for one that is taken or a kind that isn't there, UserErrorException
        for settings that the kind doesn't take.
        """
        target = self._targets.attach(name, kind, settings)
        target.workspace = self
        return target

    def detach(self, name: str) -> None:
        """Take a compute target away. Raises ComputeTargetException while one of its runs hasn't ended."""
        self._targets.detach(name)

    @property
    def _targets(self) -> WorkspaceTargets:
        from cellrun.core.targets.workspace_targets import WorkspaceTargets  # noqa: PLC0415  # a job never asks for one

        return WorkspaceTargets(self.layout)

    @property
    def datastores(self) -> dict[str, Datastore]:
        """Where its data is kept, by name: its own folder, and the stores that were registered.

        One that can't be read is left out with a warning that says why.
        """
        from cellrun.core.data.stores.datastore import datastores  # noqa: PLC0415  # a job without data never asks

        return datastores(self)

    @property
    def datasets(self) -> dict[str, FileDataset | TabularDataset]:
        """Its registered datasets by name, of each the latest version."""
        from cellrun.core.data.datasets.dataset import Dataset  # noqa: PLC0415  # as above

        return Dataset.get_all(self)

    @property
    def models(self) -> dict[str, Model]:
        """Its registered models by name, of each the newest version."""
        from cellrun.core.models.model import models_by_name  # noqa: PLC0415  # few runs ask for one

        return models_by_name(self)

    def get_default_datastore(self) -> Datastore:
        """Return the datastore that is used when none is named: its own folder, unless another one was set."""
        from cellrun.core.data.stores.datastore import Datastore  # noqa: PLC0415  # as above

        return Datastore(self)

    def set_default_datastore(self, name: str) -> None:
        """Let a datastore be used when none is named. Raises DatastoreError for an unknown one."""
        from cellrun.core.data.stores.workspace_datastores import WorkspaceDatastores  # noqa: PLC0415  # as above

        WorkspaceDatastores(self.layout).set_default(name)

    def get_default_keyvault(self) -> Keyvault:
        """Return its secrets by name: in the system's keyring, else in a file below CELLRUN_HOME."""
        from cellrun.core.data.stores.keyvault import Keyvault  # noqa: PLC0415  # a job rarely asks for one

        return Keyvault(self)

    def get_run(self, run_id: str) -> Run:
        """Return a run by its id, its name (`digits-3`) or an unambiguous display name.

        Raises RunNotFoundError if there is none, or more than one.
        """
        store = RunStore(self.layout)
        try:
            layout = store.find(run_id)
        except RunNotFoundError:
            layout = None
        if layout is None:
            from cellrun.core.store.lists.index import Index  # noqa: PLC0415  # it loads sqlite3, rarely needed here

            layout = store.open(Index(self.layout).find(run_id).id)
        return Experiment(self, RunRecord.read(layout).experiment).run(layout.run_id)

    def delete_runs(self, run_ids: Iterable[str], *, dry: bool = False) -> Deletion:
        """Delete runs for good, by ids or names; with `dry` only say what that would free. A run that goes on stays.

        What is returned says of each run what it takes on the disk, or why it stays.
        """
        from cellrun.core.runs.deletion import delete_runs  # noqa: PLC0415  # a job never deletes a run

        return delete_runs(self.layout, run_ids, dry=dry)

    def clean(self, older_than: timedelta | float | None = None, *, dry: bool = False) -> Cleaning:
        """Remove what killed processes and deleted runs have left; with `dry` only say what that would free.

        That is: values of deleted runs, runs and values that were never whole, remains of deletions, damaged lists, and
        kept columns and copies of what is gone; and what killed builds of environments have left, of all workspaces. No
        run is touched, and nothing that a living process has. `older_than`, days or a timedelta: leave alone what was
        written since; environments that no run has used since go then, too. Raises UserErrorException for another age,
        WorkspaceException in a workspace that others can write to.
        """
        from cellrun.core.runs.cleaning import clean  # noqa: PLC0415  # a job never cleans up

        return clean(self.layout, older_than, dry=dry)

    def __repr__(self) -> str:
        return printing.workspace_text(self.name, str(self.folder))

    def _repr_html_(self) -> str:
        return printing.workspace_html(self.name, str(self.folder))

    def __eq__(self, other: object) -> bool:
        return self.id == other.id if isinstance(other, Workspace) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.id)


def open_workspace(folder: str) -> Workspace:
    """Open the workspace in a folder, as pickles do."""
    return Workspace.opened(WorkspaceLayout(folder))


copyreg.pickle(Workspace, lambda workspace: (open_workspace, (str(workspace.folder),)))
