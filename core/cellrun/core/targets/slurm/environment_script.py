"""Makes what a job needs before it is handed to Slurm: an environment, where there is a network and no node is held.

Started as `python -I -S environment_script.py <run folder>` with the job variables. It detaches itself, to belong to
nobody, and returns once the run's folder says who is at it. Standard library only: it is sent to bare machines.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parents[4]))

from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.errors import ComputeTargetException, problem_of
from cellrun.core.identity import ProcessIdentity, host_name
from cellrun.core.store.record import RunTarget
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision import cancel_signal
from cellrun.core.supervision.launch_spec import LaunchSpec
from cellrun.core.supervision.preparation import prepare
from cellrun.core.supervision.process_file import ProcessFile, RunProcesses
from cellrun.core.supervision.run_folder import RunFolder
from cellrun.core.targets.slurm.handing_over import hand_over
from cellrun.core.targets.slurm.job_folder import JobFolder
from cellrun.core.targets.slurm.programs import SlurmPrograms

_BEFORE = frozenset({Status.NOT_STARTED, Status.PREPARING})
_IS_MADE = "its environment is made on {}, before it is handed to Slurm"


def main(folder: str) -> None:
    """Detach, and make what is to be made."""
    told_by_child, tell = os.pipe()
    if os.fork():
        os.close(tell)
        os._exit(0 if os.read(told_by_child, 1) else 1)
    os.setsid()
    os.chdir("/")
    run = RunFolder(folder)
    cancel_signal.listen()
    ProcessFile(run).write(RunProcesses(ProcessIdentity.current(), None))
    is_to_be_made = StatusFile(run).show(Status.PREPARING, expected=_BEFORE, reason=_IS_MADE.format(host_name()))
    os.write(tell, b"1")
    os.close(tell)
    try:
        if is_to_be_made:
            _make(run)
    except (*UNREADABLE, KeyError) as error:
        why = f"its environment can't be made: {problem_of(error)}"
        run.until_written(lambda: StatusFile(run).change(Status.FAILED, reason=why))
        JobFolder(run).forget()


def _make(run: RunFolder) -> None:
    """Run what comes before the job, then hand it over. The run has ended if either can't be done."""
    folder, target = JobFolder(run), RunTarget.read(run)
    before = tuple(tuple(map(str, command)) for command in folder.kept()["before"])
    spec = LaunchSpec.read(run)._replace(before=before)
    if target is None or not prepare(run, spec):
        folder.forget()
        return
    ProcessFile(run).beat()
    with suppress(ComputeTargetException):  # the run is Failed, and says why
        hand_over(run, target, SlurmPrograms(), is_again=False)


if __name__ == "__main__":
    main(sys.argv[1])
