"""Which run the calling code is part of."""

from __future__ import annotations

from cellrun.core.errors import RunEnvironmentException
from cellrun.core.layout import RunLayout
from cellrun.core.own_run import RUN_FOLDER, own_run
from cellrun.core.runs import open_runs
from cellrun.core.runs.run import Run
from cellrun.core.store.record import RunRecord

_submitted: dict[str, Run] = {}
"""The run that this process was started for, by its folder: one object, and so one event log, for all who ask."""


def current_run(*, allow_offline: bool) -> Run:
    """Return the submitted run that this process belongs to, the interactive one that it has open, or an offline one.

    Raises RunEnvironmentException if it would be an offline one and that isn't allowed, or if the environment names a
    run that isn't there.
    """
    layout = own_run()
    if layout is not None:
        folder = str(layout.folder)
        if folder not in _submitted:
            _submitted[folder] = _open_submitted(layout)
        return _submitted[folder]
    run = open_runs.newest()
    if run is not None:
        return run
    if not allow_offline:
        raise RunEnvironmentException(
            "this code runs outside a run: submit it, or open a run with Experiment.start_logging(); "
            "with allow_offline=True it gets a run that keeps everything in memory"
        )
    from cellrun.core.offline.offline_run import _OfflineRun  # noqa: PLC0415  # a job has no use for it

    return _OfflineRun()


def _open_submitted(layout: RunLayout) -> Run:
    if not layout.record.exists():
        raise RunEnvironmentException(
            f"{RUN_FOLDER} names {layout.folder}, which is no run folder; was the run deleted while it ran?"
        )
    from cellrun.core.experiment import Experiment  # noqa: PLC0415  # an offline run has none until it is asked for
    from cellrun.core.workspace import Workspace  # noqa: PLC0415

    record = RunRecord.read(layout)
    return Run(Experiment(Workspace(layout.workspace), record.experiment), record.id)
