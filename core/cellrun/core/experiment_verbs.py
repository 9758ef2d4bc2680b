"""The verbs of an experiment as a whole: list, delete, tag, archive."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellrun import core
from cellrun.core import names
from cellrun.core.errors import UserErrorException, WorkspaceException, shown
from cellrun.core.experiment_metadata import ExperimentMetadata, change
from cellrun.core.runs.writer import plain_tags

if TYPE_CHECKING:
    from cellrun.core.experiment import Experiment
    from cellrun.core.layout import WorkspaceLayout
    from cellrun.core.workspace import Workspace

_ACTIVE, _ARCHIVED, _ALL = "ActiveOnly", "ArchivedOnly", "All"
_DELETED = ".deleted-"


class ExperimentVerbs:
    """The part of `Experiment` that isn't about its runs."""

    _workspace: Workspace
    _name: str

    @staticmethod
    def list(
        workspace: Workspace,
        experiment_name: str | None = None,
        view_type: str = _ACTIVE,
        tags: str | Iterable[str] | Mapping[str, str | None] | None = None,
    ) -> list[Experiment]:
        """Return the experiments of a workspace, or the one of that name if there is one.

        `view_type`: "ActiveOnly", "ArchivedOnly" or "All"; `tags`: with this tag, with all of these, or with all these
        names and values. Raises UserErrorException for another view type.
        """
        if view_type not in {_ACTIVE, _ARCHIVED, _ALL}:
            raise UserErrorException(f"view_type is {_ACTIVE!r}, {_ARCHIVED!r} or {_ALL!r}; got {shown(view_type)}")
        return [
            found
            for name, found in workspace.experiments.items()
            if experiment_name in (None, name)
            and (view_type == _ALL or (found.archived_time is not None) is (view_type == _ARCHIVED))
            and ExperimentMetadata.read(workspace.layout.experiment(name)).has_tags(tags)
        ]

    @staticmethod
    def delete(workspace: Workspace, experiment_id: str) -> None:
        """Remove an experiment that has no runs, by its id or its name.

        Raises UserErrorException for one that has, and if there is none.
        """
        every = workspace.experiments.values()
        found = next((each for each in every if experiment_id in (each.id, each.name)), None)
        if found is None:
            raise UserErrorException(f"the workspace {workspace.name!r} has no experiment {shown(experiment_id)}")
        _remove(workspace.layout, found.name)

    @staticmethod
    def from_directory(path: str | os.PathLike[str], auth: object = None) -> Experiment:  # noqa: ARG004
        """Return the experiment of a folder: of its name, in the workspace that `Workspace.from_config(path)` opens."""
        return core.Experiment(core.Workspace.from_config(path), names.experiment_from(Path(path).absolute().name))

    @staticmethod
    def get_docs_url() -> str:
        """Return where experiments are described; here that is `help(Experiment)`, so an empty text."""
        return ""

    @property
    def id(self) -> str:
        """What it is known by: the same for the same name in the same workspace."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"cellrun:{self._workspace.id}/{self._name}"))

    @property
    def identity(self) -> str:
        """Its id."""
        return self.id

    @property
    def workspace_object(self) -> Workspace:
        """The workspace that it is in."""
        return self._workspace

    @property
    def tags(self) -> dict[str, str | None]:
        """Its tags."""
        return dict(self._about.tags)

    def tag(self, key: str, value: object = None) -> None:
        """Set a tag; a value that is no text becomes one."""
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, object]) -> None:
        """Set several tags; the others stay."""
        new = plain_tags(tags)
        self._change(lambda about: about._replace(tags={**about.tags, **new}))

    def remove_tags(self, tags: str | Iterable[str]) -> None:
        """Remove tags by their names; one that isn't there is removed already."""
        gone = {tags} if isinstance(tags, str) else {*tags}
        self._change(lambda about: about._replace(tags={k: v for k, v in about.tags.items() if k not in gone}))

    @property
    def description(self) -> str | None:
        """What is said of it. Can be set."""
        return self._about.description

    @description.setter
    def description(self, description: str | None) -> None:
        self._change(lambda about: about._replace(description=None if description is None else str(description)))

    def archive(self) -> None:
        """Put it away: lists of experiments leave it out. Its runs stay, and so it can still be used."""
        self._change(ExperimentMetadata.archived)

    def reactivate(self, new_name: str | None = None) -> None:
        """Take it back into the lists. Raises UserErrorException for another name: a run's name holds its own."""
        if new_name not in (None, self._name):
            raise UserErrorException(
                f"the experiment {self._name!r} can't be called {shown(new_name)}: its runs are named after it; "
                "reactivate() keeps its name"
            )
        self._change(lambda about: about._replace(archived_at=None))

    @property
    def archived_time(self) -> datetime | None:
        """When it was put away (UTC); None if it isn't."""
        at = self._about.archived_at
        return None if at is None else datetime.fromtimestamp(at, timezone.utc)

    def refresh(self) -> None:
        """Do nothing: each look is a new one."""

    @property
    def portal_url(self) -> str:
        """The address of the page that lists its runs."""
        from cellrun.core.portal.address import experiment_url  # noqa: PLC0415  # a job rarely asks

        return experiment_url(self._workspace.layout, self._workspace.id, self._name)

    @property
    def _folder(self) -> Path:
        return self._workspace.layout.experiment(self._name)

    @property
    def _about(self) -> ExperimentMetadata:
        return ExperimentMetadata.read(self._folder)

    def _change(self, how: Any) -> None:
        from cellrun.core.places import cannot_write  # noqa: PLC0415  # few change one

        try:
            change(self._folder, how)
        except OSError as error:
            raise cannot_write(self._workspace.folder, error) from error


def _remove(workspace: WorkspaceLayout, name: str) -> None:
    from cellrun.core.disk.whole_files import remove_tree  # noqa: PLC0415  # as below
    from cellrun.core.store.lists.index import Index  # noqa: PLC0415  # it loads sqlite3, which a job doesn't need

    if count := len(Index(workspace).runs(experiment=name)):
        raise UserErrorException(
            f"the experiment {name!r} has {count} run{'s' if count > 1 else ''}, and only an empty one can be deleted: "
            "run.delete() deletes a run; experiment.archive() puts it away with its runs"
        )
    folder = workspace.experiment(name)
    gone = folder.with_name(f"{_DELETED}{os.urandom(8).hex()}")
    try:
        folder.rename(gone)
        remove_tree(gone)
    except OSError as error:
        words = error.strerror or str(error)
        raise WorkspaceException(f"the experiment {name!r} can't be deleted: {words}") from error
