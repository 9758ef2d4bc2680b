"""Submits a run whose folder and order are ready to Slurm: the last step of a launch.

Done by the launching process or, where an environment is made first, by the process that made it. Standard library
only.
"""

from __future__ import annotations

from cellrun.core.errors import ComputeTargetException
from cellrun.core.layout import RunLayout
from cellrun.core.store.record import RunTarget
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.targets.slurm.job_folder import JobFolder
from cellrun.core.targets.slurm.programs import NoAnswerError, SlurmPrograms
from cellrun.core.targets.slurm.submission import Submission

_BEFORE = frozenset({Status.NOT_STARTED, Status.PREPARING})


def hand_over(run: RunLayout, target: RunTarget, slurm: SlurmPrograms, *, is_again: bool) -> None:
    """Submit what is kept in a run's job folder; the run is Queued then.

    If nobody knows whether Slurm has it, the run is Queued too: the next look finds its job by its name, or that there
    is none. Raises ComputeTargetException if Slurm doesn't take it: the run is Failed for that.
    """
    folder, status = JobFolder(run), StatusFile(run)
    try:
        job = Submission.from_json(folder.kept()["submission"]).submit(run, slurm, is_again=is_again)
    except NoAnswerError as error:
        status.change(Status.QUEUED, expected=_BEFORE, reason=str(error))
        return
    except ComputeTargetException as error:
        status.change(Status.FAILED, expected=_BEFORE, reason=str(error))
        folder.forget()
        raise
    target._replace(handle={**target.handle, "job": job}).write(run)
    status.change(Status.QUEUED, expected=_BEFORE)
