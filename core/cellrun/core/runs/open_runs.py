"""The runs that this process opens: of which class each is, and the interactive ones that it hasn't ended."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.errors import UserErrorException, shown
from cellrun.core.identity import tell_children
from cellrun.core.runs.run import Run
from cellrun.core.store.record import RunRecord

if TYPE_CHECKING:
    from cellrun.core.experiment import Experiment

_runs: dict[str, Run] = {}
"""By id, oldest first."""
_parents: dict[str, str] = {}
"""Of those that are children, by id, the ids of their parents."""
_CLASSES = {
    "azureml.PipelineRun": ("cellrun.core.pipelines.pipeline_run", "PipelineRun"),
    "azureml.StepRun": ("cellrun.core.pipelines.step_run", "StepRun"),
    "hyperdrive": ("cellrun.core.sweep.run", "HyperDriveRun"),
}
"""Where the classes of cellrun's own types are; each is made of an experiment and a run id, as Run is."""
_given: dict[str, Callable[..., Run]] = {}
"""Those that users have added."""


def add_type(run_type: str, factory: Callable[..., Run]) -> None:
    """Let runs of a type be made by `factory(experiment, run)`. Raises UserErrorException for what can't be called."""
    if not callable(factory):
        raise UserErrorException(f"a run factory is called as run_factory(experiment, run); got {shown(factory)}")
    _given[run_type] = factory


def opened(experiment: Experiment, run_id: str) -> Run:
    """Return a run of an experiment, of the class that its type has. Raises RunNotFoundError."""
    record = None
    with suppress(*UNREADABLE):  # a damaged run, or none: Run says so
        record = RunRecord.read(experiment.workspace.layout.run(run_id))
    if record is None or record.type is None:
        return Run(experiment, run_id)
    if record.type in _given:
        return _given[record.type](experiment, _told(record))
    module, name = _CLASSES.get(record.type, (Run.__module__, Run.__name__))
    made: Run = getattr(import_module(module), name)(experiment, run_id)
    return made


def _told(record: RunRecord) -> Any:
    """Return what a factory is told of a run, under the names of Azure ML's."""
    return SimpleNamespace(
        run_id=record.id,
        run_type=record.type,
        run_number=record.number,
        parent_run_id=record.parent,
        name=record.display_name or record.name,
        tags=dict(record.tags),
        properties=record.initial_properties,
        target=record.target,
    )


def add(run: Run, parent: str | None = None) -> None:
    """Take in a run that was opened: processes that are started from now on are part of it, unless it is a child."""
    _runs[run.id] = run
    if parent is not None:
        _parents[run.id] = parent
    _tell()


def remove(run_id: str) -> None:
    """Let go of a run that has ended."""
    _parents.pop(run_id, None)
    if _runs.pop(run_id, None) is not None:
        _tell()


def get(run_id: str) -> Run | None:
    """Return a run by its id; None if it isn't one of them."""
    return _runs.get(run_id)


def holds(run: Run) -> bool:
    """Return whether a run is one of them, also if it is deleted and nothing can be asked of it."""
    return any(run is each for each in _runs.values())


def children_of(run_id: str) -> list[Run]:
    """Return those that are children of a run, newest first."""
    return [run for own_id, run in reversed(_runs.items()) if _parents.get(own_id) == run_id]


def newest() -> Run | None:
    """Return the run that was opened last, a child only where there is nothing else; None if there is none."""
    newest_first = [*reversed(_runs.items())]
    return next((run for run_id, run in sorted(newest_first, key=lambda item: item[0] in _parents)), None)


def _tell() -> None:
    run = newest()
    tell_children(None if run is None else run.layout)
