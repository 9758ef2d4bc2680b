"""What is done before a job starts: an environment is built, data is brought. The run is Preparing meanwhile.

Standard library only: the supervisor runs it.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from functools import partial
from typing import Any

from cellrun.core.processes.exits import UNKNOWN_EXIT
from cellrun.core.processes.family import ProcessFamily
from cellrun.core.status import Status
from cellrun.core.store import failure
from cellrun.core.store.ending import Ending
from cellrun.core.store.status_file import StatusFile
from cellrun.core.supervision.heartbeat import Cause, Heartbeat
from cellrun.core.supervision.held_folder import HeldFolder
from cellrun.core.supervision.launch_spec import LaunchSpec
from cellrun.core.supervision.stopping import Stopping
from cellrun.core.supervision.watched_job import WatchedJob

REASON = "cellrun: "
"""How the line begins by which a command says last why it fails, in words for a person."""
_PROMPT = "$ "
_LINE_CHARS = 3_000  # a resolver has much to say


def prepare(layout: HeldFolder, spec: LaunchSpec) -> bool:
    """Run the commands of a launch spec for a run that is Preparing, one after another; whether the job may start.

    They are of the run's family: they have its environment and its working folder, and end with it. What they print is
    in `user_logs/prepare_log.txt`. If one fails the run is Failed and says why, if it is asked to the run is Canceled.
    """
    nobody = ProcessFamily(layout.origin, job=None)
    heartbeat = Heartbeat(layout, spec)
    for command in spec.before:
        try:
            job = WatchedJob.own(_spawn(layout, command))
        except OSError as error:
            nobody.stop(spec.grace_s)
            _fail(layout, failure.cannot_start(command[0], error.errno or 0))
            return False
        if heartbeat.until_over(job) is Cause.CANCELED:
            canceled = Ending(Status.CANCELED, "canceled while things were made ready for it", {})
            Stopping(layout, job, spec.grace_s).stop("canceled", canceled)
            layout.until_written(partial(canceled.write, layout))
            return False
        how = job.poll() or UNKNOWN_EXIT
        if how.code != 0:
            nobody.stop(spec.grace_s)  # what it left in the background
            end = failure.LogEnd.read(layout.preparation_log, _LINE_CHARS)
            if end.last_line.startswith(_PROMPT):  # it has said nothing
                end = failure.LogEnd("", "", "")
            reason = f"{_shown(command)}, which makes things ready, ended with {failure.reason(how, end)}"
            if end.last_line.startswith(REASON):
                reason = end.last_line.removeprefix(REASON)
            _fail(layout, reason, **failure.fields(how, end))
            return False
    return True


def _fail(layout: HeldFolder, reason: str, **fields: Any) -> None:
    layout.until_written(lambda: StatusFile(layout).change(Status.FAILED, reason=reason, **fields))


def _spawn(layout: HeldFolder, command: Sequence[str]) -> int:
    """Start a command in the job's folder, its output at the end of its log; return its pid."""
    os.chdir(layout.work)
    log = os.open(layout.preparation_log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.write(log, f"{_PROMPT}{shlex.join(command)}\n".encode("utf-8", "surrogateescape"))
        outputs = [(os.POSIX_SPAWN_DUP2, log, 1), (os.POSIX_SPAWN_DUP2, log, 2)]
        return os.posix_spawnp(command[0], list(command), os.environ, file_actions=outputs, setpgroup=0)
    finally:
        os.close(log)
        os.chdir("/")


def _shown(command: Sequence[str]) -> str:
    text = shlex.join(command)
    return text if len(text) <= 80 else f"{text[:79]}…"
