"""How a workspace is opened: found by a config, a name or an id, or made; what it is known by then."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellrun.core import places
from cellrun.core.azure_workspace import AzureWorkspace
from cellrun.core.disk.ownership import refuse_foreign
from cellrun.core.disk.whole_files import make_private_folder
from cellrun.core.errors import InvalidNameError, WorkspaceException
from cellrun.core.identity import own_run
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.places import WorkspaceRecord
from cellrun.core.store.record import own_sent_run
from cellrun.core.store.run_store import ANOTHER_WORKSPACE

if TYPE_CHECKING:
    from typing_extensions import Self  # typing.Self came with Python 3.11

_NAME_CHARS = 256


class WorkspaceOpening(AzureWorkspace):
    """The part of `Workspace` that is about which one it is, and where."""

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
    def opened(cls, layout: WorkspaceLayout) -> Self:
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
    ) -> Self:
        """Open the workspace that a `config.json` names, or else the default workspace.

        The file is looked for in the current folder, its `.cellrun/` and its `.azureml/`, then in the parents; `path`
        is another folder to start from, or the file itself. A file that Azure ML wrote (subscription_id,
        resource_group, workspace_name) names a local workspace of that name, made if it is new. Other programs' files
        of that name are passed over. Inside a run the default is the run's own workspace. `auth` means nothing here.

        Raises WorkspaceException for a path that isn't there, a file without a workspace, or a home that can't be used.
        """
        del auth, _logger
        from cellrun.core.workspace_config import WorkspaceConfig  # noqa: PLC0415  # a job opens its own run's workspace

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
        from cellrun.core.workspace_config import configured_workspace  # noqa: PLC0415  # a job opens its own run's workspace

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
    ) -> Self:
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
    ) -> Self:
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
    def _known(cls, name: str) -> Self:
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

    def write_config(self, path: str | os.PathLike[str] | None = None, file_name: str | None = None) -> Path:
        """Write `config.json` below a folder, and return its path: `from_config` finds this workspace by it.

        It stands in `.cellrun/`, or in `.azureml/` where the old SDK's names are loaded, and has Azure's keys as well.
        """
        from cellrun.core.workspace_config import WorkspaceConfig, config_file  # noqa: PLC0415  # a job opens its own run's workspace

        file = config_file(Path(path or ".").absolute(), file_name)
        azure = {"subscription_id": self.subscription_id, "resource_group": self.resource_group}
        WorkspaceConfig(self.name, self.folder, azure).write(file)
        return file

    @classmethod
    def _entered(cls, layout: WorkspaceLayout) -> Self:
        """Open a workspace and enter it into the user's registry, where servers look."""
        workspace = cls.opened(layout)
        places.register(layout)
        return workspace


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
    WorkspaceRecord.read(layout)  # one that is damaged isn't entered
    places.register(layout)
    return layout


def _workspace_name(given: str) -> str:
    if not isinstance(given, str) or not 0 < len(given) <= _NAME_CHARS:
        raise InvalidNameError("workspace name", given, f"is a text of 1 to {_NAME_CHARS} characters")
    return given
