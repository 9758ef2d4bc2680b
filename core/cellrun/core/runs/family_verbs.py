"""The verbs of a run about its family: its children, and the run that it is a child of."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cellrun.core.errors import RunNotFoundError, UserErrorException, shown
from cellrun.core.runs.found_runs import found_runs
from cellrun.core.runs.writer import tag_value
from cellrun.core.store.record import elsewhere_error, is_sent, refuse_elsewhere

if TYPE_CHECKING:
    from cellrun.core.experiment import Experiment
    from cellrun.core.layout import RunLayout
    from cellrun.core.run_request import RunConfig
    from cellrun.core.runs.found_runs import Wanted
    from cellrun.core.runs.reader import RunReader
    from cellrun.core.runs.run import Run


class FamilyVerbs:
    """The part of `Run` that is about other runs: those that belong to it."""

    _reader: RunReader
    id: str
    layout: RunLayout
    experiment: Experiment

    @property
    def parent(self) -> Run | None:
        """The run that it is a child of; None for one that isn't, or whose parent is deleted.

        Raises WorkspaceElsewhereError as `child_run` does.
        """
        parent = self._reader.record.parent
        if parent is not None:
            refuse_elsewhere(self.layout.workspace, "parent")
        try:
            return None if parent is None else self.experiment.workspace.get_run(parent)
        except RunNotFoundError:
            return None

    def child_run(
        self,
        name: str | None = None,
        run_id: str | None = None,
        outputs: str | os.PathLike[str] | bool | None = None,  # noqa: FBT001  # Azure ML's way to say none
    ) -> Run:
        """Open a child of this run, as an interactive run of this process: it is Running at once.

        It ends with `complete()`, with its `with` block, with this run if that is ended in this process, and with the
        script in a submitted run. `outputs` is a folder: what is written there while the child is open is kept with it.

        Raises WorkspaceElsewhereError in a job on another machine than the workspace is on.
        """
        from cellrun.core.runs.interactive import start_child  # noqa: PLC0415  # most jobs have no children

        self._check_can_have_children()
        folder = None if isinstance(outputs, bool) else outputs
        return start_child(self.experiment, self.id, display_name=name, run_id=run_id, outputs=folder)

    def create_children(
        self, count: int | None = None, tag_key: str | None = None, tag_values: Sequence[Any] | None = None
    ) -> list[Run]:
        """Make several children of this run that are NotStarted.

        Any process starts one of them: by `child.start()`, by a `with` block, by ending it, and a job by logging to it.
        `count` says how many, or `tag_values`: each child has one of these as its tag `tag_key`.

        Raises UserErrorException for counts that don't agree; as `child_run` does.
        """
        from cellrun.core.runs.interactive import make  # noqa: PLC0415  # most jobs have no children

        tags = tags_of_children(count, tag_key, tag_values)
        self._check_can_have_children()
        made = [make(self.experiment, tags=each, parent=self.id) for each in tags]
        return [self.experiment.run(layout.run_id) for layout in made]

    def submit_child(self, config: RunConfig, tags: Mapping[str, Any] | None = None, **kwargs: Any) -> Run:  # noqa: ARG002  # Azure ML's own
        """Submit a config as `Experiment.submit` does; the run is a child of this one."""
        from cellrun.core.submission.submission import submit  # noqa: PLC0415  # a job rarely submits

        self._check_can_have_children()
        texts = {key: tag_value(value) for key, value in (tags or {}).items()}
        experiment = self.experiment
        return experiment.run(submit(experiment.workspace, experiment.name, config, texts, parent=self.id).run_id)

    def get_children(
        self,
        recursive: bool = False,  # noqa: FBT001, FBT002  # Azure ML's signature
        tags: Wanted = None,
        properties: Wanted = None,
        type: str | None = None,  # noqa: A002  # Azure ML's name
        status: str | Collection[str] | None = None,
        _rehydrate_runs: bool = True,  # noqa: FBT001, FBT002
    ) -> Iterator[Run]:
        """Iterate over the children, newest first; with `recursive` over theirs as well.

        `tags`, `properties`, `type`, `status` are as in `Experiment.get_runs`.
        """
        refuse_elsewhere(self.layout.workspace, "children")
        family: dict[str, Any] = {"below" if recursive else "parent": self.id, "type": type}
        workspace = self.experiment.workspace
        return found_runs(workspace, self.experiment, tags=tags, properties=properties, status=status, **family)

    def _check_can_have_children(self) -> None:
        if is_sent(self.layout):
            raise elsewhere_error(self.layout, "children")


def tags_of_children(count: object, tag_key: str | None, tag_values: Sequence[Any] | None) -> list[dict[str, Any]]:
    """Return the tags of each child that is asked for. Raises UserErrorException."""
    if (tag_key is None) != (tag_values is None):
        raise UserErrorException(f"tag_key and tag_values go together; got {shown(tag_key)} and {shown(tag_values)}")
    if isinstance(tag_values, str) or not (tag_values is None or hasattr(tag_values, "__len__")):
        raise UserErrorException(f"tag_values is a list, with a value for each child; got {shown(tag_values)}")
    if count is None and tag_values is None:
        raise UserErrorException("create_children takes how many there are to be: count, or tag_key and tag_values")
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 0):
        raise UserErrorException(f"count is a whole number from 0 on; got {shown(count)}")
    if tag_values is None:
        return [{} for _ in range(count or 0)]
    if count not in (None, len(tag_values)):
        raise UserErrorException(f"count is {count}, and there are {len(tag_values)} tag_values; leave count out")
    return [{str(tag_key): value} for value in tag_values]
