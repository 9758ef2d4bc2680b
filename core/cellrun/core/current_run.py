"""Which run the calling code is part of."""

from __future__ import annotations

from cellrun.core.errors import RunEnvironmentException
from cellrun.core.identity import RUN_FOLDER, own_run, parents_run
from cellrun.core.layout import RunLayout
from cellrun.core.runs import open_runs
from cellrun.core.runs.job_end import job_end
from cellrun.core.runs.run import Run
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status import StatusFile

_told: dict[str, Run] = {}
"""The run that this process was started in, by its folder: one object, and so one event log, for all who ask."""


def current_run(*, allow_offline: bool) -> Run:
    """Return the run that this process is part of, or an offline one.

    That is the submitted run that it was started for, the interactive one that it has open, or the one that the process
    that started it has open.

    Raises RunEnvironmentException if it would be an offline one and that isn't allowed, or if the environment names a
    run that isn't there.
    """
    layout = own_run()
    if layout is not None:
        job_end(layout)
        return _opened(layout)
    run = open_runs.newest()
    if run is not None:
        return run
    layout = parents_run()
    if layout is not None and layout.record.exists() and not StatusFile(layout).read().status.is_terminal:
        return _opened(layout)
    if not allow_offline:
        raise RunEnvironmentException(
            "this code runs outside a run: submit it, or open a run with Experiment.start_logging(); "
            "with allow_offline=True it gets a run that keeps everything in memory"
        )
    from cellrun.core.offline.offline_run import _OfflineRun  # noqa: PLC0415  # a job has no use for it

    return _OfflineRun()


def _opened(layout: RunLayout) -> Run:
    folder = str(layout.folder)
    if folder in _told:
        return _told[folder]
    if not layout.record.exists():
        raise RunEnvironmentException(
            f"{RUN_FOLDER} names {layout.folder}, which is no run folder; was the run deleted while it ran?"
        )
    from cellrun.core.experiment import Experiment  # noqa: PLC0415  # an offline run has none until it is asked for
    from cellrun.core.workspace import Workspace  # noqa: PLC0415

    record = RunRecord.read(layout)
    return _told.setdefault(
        folder, open_runs.opened(Experiment(Workspace.opened(layout.workspace), record.experiment), record.id)
    )
