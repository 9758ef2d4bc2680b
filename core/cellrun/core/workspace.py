"""A workspace: a folder of experiments and their runs."""

from __future__ import annotations

import builtins
import copyreg
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellrun.core import names, places
from cellrun.core.azure_workspace import NOWHERE, AzureWorkspace
from cellrun.core.disk.ownership import refuse_foreign
from cellrun.core.disk.whole_files import make_private_folder
from cellrun.core.errors import InvalidNameError, RunNotFoundError, WorkspaceException
from cellrun.core.experiment import Experiment
from cellrun.core.identity import own_run
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.places import WorkspaceRecord
from cellrun.core.runs import printing
from cellrun.core.store.record import RunRecord, own_sent_run
from cellrun.core.store.run_store import ANOTHER_WORKSPACE, RunStore
from cellrun.core.workspace_config import WorkspaceConfig, config_file, configured_workspace

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

_NAME_CHARS = 256


class Workspace(AzureWorkspace):
    """A folder of experiments and their runs, found by a name or a config file. It needs no account and no server.

    `from_config`, `create` and `get` open one. The constructor is Azure ML's, and takes what names a workspace there:
    the local one of that name, made if it is new; `auth` and what else the cloud needs means nothing here.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # Azure's signature
        self,
        subscription_id: str,
        resource_group: str,
        workspace_name: str,
        auth: Any = None,
        _location: str | None = None,
        _disable_service_check: bool = False,  # noqa: FBT001, FBT002  # Azure's signature
        _workspace_id: str | None = None,
        sku: str = "basic",
        tags: Mapping[str, str] | None = None,
        _cloud: str = "AzureCloud",
    ) -> None:
        del auth, _disable_service_check, _workspace_id, _cloud
        azure = {"subscription_id": subscription_id, "resource_group": resource_group, "location": _location}
        layout = _named(_workspace_name(workspace_name))
        self._open(_make(layout, workspace_name))
        self._azure.updated({**azure, "sku": sku.capitalize(), "tags": tags or None}).keep(layout)

    @classmethod
    def opened(cls, layout: WorkspaceLayout) -> Workspace:
        """Open the workspace in the folder of a layout. Raises WorkspaceException if that folder is none."""
        workspace = cls.__new__(cls)
        workspace._open(layout)  # noqa: SLF001  # one's own
        return workspace

    def _open(self, layout: WorkspaceLayout) -> None:
        self.layout = layout
        self._id, self._name = WorkspaceRecord.read(layout)

    @classmethod
    def from_config(
        cls,
        path: str | os.PathLike[str] | None = None,
        auth: Any = None,
        _logger: Any = None,
        _file_name: str | None = None,
    ) -> Workspace:
        """Open the workspace that a `config.json` names, or else the default workspace.

        The file is looked for in the current folder, its `.cellrun/` and its `.azureml/`, then in the parents; `path`
        is another folder to start from, or the file itself. A file that Azure ML wrote (subscription_id,
        resource_group, workspace_name) names a local workspace of that name, made if it is new. Other programs' files
        of that name are passed over. Inside a run the default is the run's own workspace. `auth` means nothing here.

        Raises WorkspaceException for a path that isn't there, a file without a workspace, or a home that can't be used.
        """
        del auth, _logger
        config = WorkspaceConfig.at(path, _file_name)
        if config is None:
            run = own_run()
            return cls.opened(run.workspace) if run else cls.opened(_make(places.default_workspace(), "default"))
        if config.folder is None:
            workspace = cls.opened(_make(_named(config.name), config.name))
        else:
            workspace = cls._entered(WorkspaceLayout(config.folder))
        workspace._azure.updated(config.azure).keep(workspace.layout)  # noqa: SLF001  # one's own
        return workspace

    @staticmethod
    def layout_of_config(path: str | os.PathLike[str] | None = None) -> WorkspaceLayout:
        """Return where the workspace is that `from_config` opens, or would make: nothing is made here.

        Raises WorkspaceException as `from_config` does for a config that isn't there or is damaged.
        """
        return configured_workspace(path)

    @classmethod
    def create(  # noqa: PLR0913, PLR0917  # Azure's signature, behind ours
        cls,
        name: str,
        folder: Any = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        location: str | None = None,
        create_resource_group: bool = True,  # noqa: FBT001, FBT002  # Azure's signature
        sku: str = "basic",
        tags: Mapping[str, str] | None = None,
        friendly_name: str | None = None,
        *,
        auth: Any = None,
        exist_ok: bool = False,
        show_output: bool = True,
        **of_the_cloud: Any,
    ) -> Workspace:
        """Make a workspace, below the home of cellrun or in a folder of one's own.

        Azure ML's names for where it is are kept for code that asks for them; its resources in the cloud
        (`storage_account`, `key_vault` …) mean nothing here, nor does an authentication, which Azure has as the second.
        Raises WorkspaceException if there is one already, unless `exist_ok`; InvalidNameError for a name that is none.
        """
        del auth, create_resource_group, show_output, of_the_cloud
        _workspace_name(name)
        layout = (
            WorkspaceLayout(Path(folder).expanduser().absolute())
            if isinstance(folder, (str, os.PathLike))
            else _named(name)
        )
        if WorkspaceRecord.is_there(layout) and not exist_ok:
            raise WorkspaceException(
                f"there is a workspace in {layout.folder} already; Workspace.get({name!r}) opens it, "
                "exist_ok=True takes it as it is"
            )
        workspace = cls.opened(_make(layout, name))
        azure = {"subscription_id": subscription_id, "resource_group": resource_group, "location": location}
        azure |= {"sku": sku.capitalize(), "friendly_name": friendly_name}
        workspace._azure.updated({**azure, "tags": tags or None}).keep(layout)  # noqa: SLF001  # one's own
        return workspace

    @classmethod
    def get(  # noqa: PLR0913, PLR0917  # Azure's signature
        cls,
        name: str,
        auth: Any = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        location: str | None = None,
        cloud: str = "AzureCloud",
        id: str | None = None,  # noqa: A002  # Azure's name
    ) -> Workspace:
        """Open a workspace by its name or id.

        With a subscription and a resource group, which name one in Azure, it is made if there is none, as by the
        constructor and a config. Raises WorkspaceException if there is none, or more than one of that name.
        """
        del auth, cloud
        try:
            return cls._known(name)
        except WorkspaceException:
            if not (subscription_id and resource_group) or [e for e in places.registered() if e.name == name]:
                raise
            return cls(subscription_id, resource_group, name, _location=location, _workspace_id=id)

    @classmethod
    def _known(cls, name: str) -> Workspace:
        if run := own_sent_run():
            return cls.opened(run.workspace)
        known = list(places.registered())
        found = [entry for entry in known if entry.id == name] or [entry for entry in known if entry.name == name]
        if len(found) > 1:
            listed = ", ".join(f"{entry.id} in {entry.layout.folder}" for entry in found)
            raise WorkspaceException(f"{len(found)} workspaces are called {name!r}: {listed}; give the id")
        if found:
            return cls.opened(found[0].layout)
        named = places.named_workspace(name)
        if WorkspaceRecord.is_there(named):  # made before the registry was, or the registry was removed
            return cls._entered(named)
        listed = ", ".join(sorted(repr(entry.name) for entry in known)) or "none yet"
        raise WorkspaceException(f"no workspace {name!r}; known: {listed}; Workspace.create({name!r}) makes one")

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
    def id(self) -> str:  # type: ignore[override]  # is read alone
        """What stays the same when the folder moves."""
        return self._id

    @property
    def name(self) -> str:  # type: ignore[override]  # as above
        """The name it was made with."""
        return self._name

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self.layout.folder

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

    def write_config(self, path: str | os.PathLike[str] | None = None, file_name: str | None = None) -> Path:
        """Write `config.json` below a folder, and return its path: `from_config` finds this workspace by it.

        It stands in `.cellrun/`, or in `.azureml/` where the old SDK's names are loaded, and has Azure's keys as well.
        """
        file = config_file(Path(path or ".").absolute(), file_name)
        azure = {"subscription_id": self.subscription_id, "resource_group": self.resource_group}
        WorkspaceConfig(self.name, self.folder, azure).write(file)
        return file

    @classmethod
    def _entered(cls, layout: WorkspaceLayout) -> Workspace:
        """Open a workspace and enter it into the user's registry, where servers look."""
        workspace = cls.opened(layout)
        places.register(layout)
        return workspace

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


def _named(name: str) -> WorkspaceLayout:
    """Return where the workspace of a name is, or would be: the run's own where that was sent to this machine.

    Code that opens one by its name means the one that it was submitted from; another one here would stay here.
    """
    run = own_sent_run()
    return run.workspace if run else places.named_workspace(name)


def _make(layout: WorkspaceLayout, name: str) -> WorkspaceLayout:
    """Make a workspace if it is new, and enter it into the user's registry, where servers look."""
    places.home()  # 0700, which folders made for what is in them wouldn't be
    try:
        if not WorkspaceRecord.is_there(layout):
            refuse_foreign(layout.folder, ANOTHER_WORKSPACE)
            make_private_folder(layout.folder)
            WorkspaceRecord.write_new(layout, name)
    except OSError as error:
        raise places.cannot_write(layout.folder, error) from error
    Workspace.opened(layout)  # one that is damaged isn't entered
    places.register(layout)
    return layout


def _workspace_name(given: str) -> str:
    if not isinstance(given, str) or not 0 < len(given) <= _NAME_CHARS:
        raise InvalidNameError("workspace name", given, f"is a text of 1 to {_NAME_CHARS} characters")
    return given
