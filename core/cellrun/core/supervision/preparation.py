"""The steps around a job: before it an environment is built and data downloaded, after it outputs are delivered.

Standard library only: the supervisor runs it.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from cellrun.core.layout import FINISH_LOG, PREPARATION_LOG
from cellrun.core.processes import run_mounts
from cellrun.core.processes.exits import UNKNOWN_EXIT
from cellrun.core.processes.family import ProcessFamily
from cellrun.core.store import failure
from cellrun.core.store.ending import Ending
from cellrun.core.store.status import Status
from cellrun.core.supervision import engine_signals
from cellrun.core.supervision.heartbeat import Cause, Heartbeat
from cellrun.core.supervision.launch_spec import LaunchSpec
from cellrun.core.supervision.run_folder import RunFolder
from cellrun.core.supervision.stopping import Stopping
from cellrun.core.supervision.watched_job import WatchedJob

REASON = "cellrun: "
"""How the line begins by which a command says last why it fails, in words for a person."""
_PROMPT = "$ "
_OURS = f"{Path(__file__).parents[1]}{os.sep}"
_LINE_CHARS = 3_000  # a resolver has much to say


class Stage(NamedTuple):
    """When commands are run for a run: where what they print is kept, and what is said of a run that they end."""

    log: str
    canceled: str
    ended: str
    """Of a command, with what."""


BEFORE = Stage(
    PREPARATION_LOG, "canceled while things were made ready for it", "{}, which makes things ready, ended with {}"
)
FINISHING = Stage(
    FINISH_LOG,
    "canceled while its outputs were brought into their datastores",
    "{}, which takes care of what the run made, ended with {}",
)


def prepare(layout: RunFolder, spec: LaunchSpec) -> bool:
    """Run the commands of a launch spec for a run that is Preparing, one after another; whether the job may start.

    They are of the run's family: they have its environment and its working folder, and end with it. What they print is
    in `user_logs/prepare_log.txt`. If one fails the run is Failed and says why, if it is asked to the run is Canceled.
    """
    end = run_steps(layout, spec, spec.before, BEFORE)
    if end is not None:
        run_mounts.release(layout.origin)
        layout.until_written(partial(end.write, layout))
    return end is None


def run_steps(layout: RunFolder, spec: LaunchSpec, commands: Sequence[Sequence[str]], stage: Stage) -> Ending | None:
    """Run commands for a run one after another, beside its job; return to what end one brings it, None if all are well.

    A run that is asked to stop meanwhile is Canceled. Why it failed a command may say itself (`REASON`).
    """
    nobody = ProcessFamily(layout.origin, job=None)
    heartbeat, log = Heartbeat(layout, spec), layout.folder / stage.log
    for command in commands:
        try:
            job = WatchedJob.own(_spawn(layout, command, log))
        except OSError as error:
            return Ending(Status.FAILED, failure.cannot_start(command[0], error.errno or 0), {})
        if (cause := heartbeat.until_over(job)) is not Cause.EXITED:
            stopped, why = Ending(Status.CANCELED, stage.canceled, {}), "canceled"
            if cause is Cause.ENGINE_LIMIT:
                stopped, why = Ending(Status.FAILED, engine_signals.limit_words(), {}), engine_signals.limit_words()
            Stopping(layout, job, spec.grace_s).stop(why, stopped)
            return stopped
        how = job.poll() or UNKNOWN_EXIT
        if how.code != 0:
            nobody.stop(spec.grace_s)  # what it left in the background
            end = failure.LogEnd.read(log, _LINE_CHARS)
            if end.last_line.startswith(_PROMPT):  # it has said nothing
                end = failure.LogEnd("", "", "")
            reason = stage.ended.format(_shown(command), failure.reason(how, end))
            if end.last_line.startswith(REASON):
                reason = end.last_line.removeprefix(REASON)
            return Ending(Status.FAILED, reason, failure.fields(how, end))
    return None


def _spawn(layout: RunFolder, command: Sequence[str], path: Path) -> int:
    """Start a command in the job's folder, its output at the end of its log; return its pid."""
    os.chdir(layout.work)
    log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not any(word.startswith(_OURS) for word in command[1:2]):  # our own say what they do
            os.write(log, f"{_PROMPT}{shlex.join(command)}\n".encode("utf-8", "surrogateescape"))
        outputs = [(os.POSIX_SPAWN_DUP2, log, 1), (os.POSIX_SPAWN_DUP2, log, 2)]
        return os.posix_spawnp(command[0], list(command), os.environ, file_actions=outputs, setpgroup=0)
    finally:
        os.close(log)
        os.chdir("/")


def _shown(command: Sequence[str]) -> str:
    text = shlex.join(command)
    return text if len(text) <= 80 else f"{text[:79]}…"
