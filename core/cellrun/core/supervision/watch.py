"""The watch over one run: its status from Running to the end, its cancel request, its time limit, its heartbeat.

Standard library only: the supervisor runs it.
"""

from __future__ import annotations

import gc
import importlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from cellrun.core.disk.whole_files import is_full, sync_files
from cellrun.core.errors import DamagedRunError, problem_of
from cellrun.core.identity import ProcessIdentity
from cellrun.core.processes import run_mounts
from cellrun.core.processes.exits import UNKNOWN_EXIT
from cellrun.core.processes.family import ProcessFamily, is_of_run
from cellrun.core.store import failure
from cellrun.core.store.ending import DELIVERS, Ending, exit_left
from cellrun.core.store.notes import DISK_WAS_FULL
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision import cancel_signal, engine_signals
from cellrun.core.supervision.heartbeat import Cause, Heartbeat
from cellrun.core.supervision.launch_spec import LaunchSpec
from cellrun.core.supervision.preparation import FINISHING, prepare, run_steps
from cellrun.core.supervision.process_file import ProcessFile, RunProcesses
from cellrun.core.supervision.recorder import source_folder, start_beside, start_recorder
from cellrun.core.supervision.run_folder import RunFolder
from cellrun.core.supervision.stopping import LEAVE_S, Stopping
from cellrun.core.supervision.watched_job import WatchedJob
from cellrun.core.supervision.work_cleanup import tidy

_LEFTOVER_GRACE_S = 2.0
_SERVER_S = 2.0  # whoever serves a mount ends by itself when that is taken away
_BEFORE_RUNNING = frozenset(
    {Status.NOT_STARTED, Status.PREPARING, Status.QUEUED, Status.STARTING, Status.NOT_RESPONDING}  # or so it seemed
)


def started(folder: str, launch: str, pid: int, exec_told: int) -> None:
    """Watch the job that this supervisor has just started. `exec_told` gives an errno if its program can't be.

    `launch` is here and below the hash of the launch spec as it was submitted: what it names is run.
    """
    cancel_signal.listen()
    layout, job = RunFolder(folder), WatchedJob.own(pid)
    with _nobody_left_alone(layout, job):
        ProcessFile(layout).write(RunProcesses(ProcessIdentity.current(), job.identity))
        errno = os.read(exec_told, 16)
        os.close(exec_told)
        watch = Watch(layout, job, LaunchSpec.read(layout, launch))
        if errno:
            watch.fail(failure.cannot_start(watch.spec.argv[0], int(errno)))
        else:
            watch.to_the_end()
        _afterwards(watch.spec)


def prepared(folder: str, launch: str, start: Callable[[], tuple[int, int]], tell: Callable[[int], object]) -> None:
    """Make things ready for a job, then have it started by `start`, and watch it.

    `tell` is called once the run folder says who supervises the run: with 0, else with the errno of why it doesn't.
    """
    cancel_signal.listen()
    layout = RunFolder(folder)
    try:
        ProcessFile(layout).write(RunProcesses(ProcessIdentity.current(), None))
    except OSError as error:  # nothing has begun: whoever launches the run fails it
        tell(error.errno or 1)
        return
    with _nobody_left_alone(layout):
        is_preparing = StatusFile(layout).show(Status.PREPARING, expected=_BEFORE_RUNNING)
        tell(0)
        spec = LaunchSpec.read(layout, launch)
        if not is_preparing or not prepare(layout, spec):  # somebody may have ended the run before it began
            _afterwards(spec)
            return
        try:
            pid, exec_told = start()
        except OSError as error:
            reason = failure.cannot_start(spec.argv[0], error.errno or 0)
            _stop(ProcessFamily(layout.origin, job=None), layout, 0)
            layout.until_written(lambda: StatusFile(layout).change(Status.FAILED, reason=reason))
            _afterwards(spec)
            return
    started(folder, launch, pid, exec_told)


def adopted(folder: str, launch: str, tell: Callable[[int], object]) -> None:
    """Watch a job whose supervisor died; `tell` is called once the run folder says who watches it now, as above.

    Nothing is done with a process that isn't the run's, whatever the folder says: it may have been copied, or forged.
    """
    cancel_signal.listen()
    layout = RunFolder(folder)
    processes = ProcessFile(layout).read()
    job = processes.job if processes else ProcessFamily(layout, job=None).orphaned_job()
    if job is None or not is_of_run(job, layout):
        return
    try:
        ProcessFile(layout).write(RunProcesses(ProcessIdentity.current(), job))
    except OSError as error:  # the next look tries again
        tell(error.errno or 1)
        return
    tell(0)
    watched = WatchedJob(job, is_own=False)
    with _nobody_left_alone(layout, watched):
        watch = Watch(layout, watched, LaunchSpec.read(layout, launch))
        watch.to_the_end(reason="supervisor lost, adopted")
        _afterwards(watch.spec)


@contextmanager
def _nobody_left_alone(layout: RunFolder, job: WatchedJob | None = None) -> Iterator[None]:
    """Whatever keeps a supervisor from going on, its run is stopped to the last process, and says why."""
    try:
        yield
    except Exception as error:
        _stop(ProcessFamily(layout.origin, job.identity if job else None), layout, _LEFTOVER_GRACE_S)
        how = (job and job.poll()) or UNKNOWN_EXIT
        fields = failure.fields(how, failure.LogEnd.read(layout.log))
        end = Ending(Status.FAILED, f"it can't be watched: {problem_of(error)}", fields)
        layout.until_written(lambda: (Ending.announced(StatusFile(layout).read_whole()) or end).write(layout))
        if not isinstance(error, (OSError, DamagedRunError)):
            raise


class Watch:
    """The watch over one job.

    Responsibilities: the run's status while it runs and at its end; that nobody of its processes is left then.
    """

    def __init__(self, layout: RunFolder, job: WatchedJob, spec: LaunchSpec) -> None:
        self.spec = spec
        self._layout = layout
        self._job = job
        self._status = StatusFile(layout)
        self._heartbeat = Heartbeat(layout, self.spec)
        self._family = ProcessFamily(layout.origin, job.identity)
        self._notes: list[str] = list(self._status.read_whole().fields.get("notes", ()))
        self._began = time.monotonic() - job.age_s

    def to_the_end(self, reason: str | None = None) -> None:
        """Watch from Running to the end. `reason` says what is special about its running."""
        stopped = Ending.announced(self._status.read_whole())  # the supervisor before this one was stopping it
        expected = _BEFORE_RUNNING if reason is None else None
        fields = {DELIVERS: True} if self.spec.finishing else {}
        if not self._status.show(Status.RUNNING, expected=expected, reason=reason, **fields):
            _stop(self._family, self._layout, 0)  # somebody has ended the run before it ran
            return
        self._record()
        cause = self._heartbeat.until_over(self._job, self.spec.max_run_duration_seconds, self._began)
        if is_full(self._layout.folder):  # asked before it is tidied
            self._notes.append(DISK_WAS_FULL)
        if cause is Cause.EXITED:
            self._tell_end(stopped)
            is_served = run_mounts.release(self._layout.origin)
            grace_s = min(self.spec.grace_s, _LEFTOVER_GRACE_S)
            if count := self._family.end(LEAVE_S + is_served * _SERVER_S, grace_s):
                self._notes.append(f"{_processes(count)} left running, stopped")
        else:
            count = 1  # at least the job
            stopped, why = self._stopped(cause)
            Stopping(self._layout, self._job, self.spec.grace_s).stop(why, stopped)
            end = self._end(stopped)
            self._tell(end, end.reason)
        run_mounts.release(self._layout.origin)  # of a server that was killed
        if count and (left := self._family.members()):  # another user's, or one that hangs in the kernel
            pids = ", ".join(str(entry.pid) for entry in left)
            self._notes.append(f"{_processes(len(left))} left running that can't be stopped (pid {pids})")
        with suppress(OSError):  # what isn't tidied stays
            tidy(self._layout)
        sync_files(self._layout)
        end = self._finished(self._end(stopped))
        notes = {"notes": self._notes} if self._notes else {}
        end = end._replace(fields={**end.fields, **notes})
        self._layout.until_written(lambda: end.write(self._layout))
        if self.spec.beside:
            start_beside((*self.spec.beside, "ended"), os.environ)

    def fail(self, reason: str) -> None:
        """End the run, which never ran, as Failed."""
        with suppress(OSError), self._layout.log.open("a") as log:
            log.write(f"{reason}\n")
        self._job.poll()
        _stop(self._family, self._layout, 0)  # what made things ready may have left something
        self._layout.until_written(lambda: self._status.change(Status.FAILED, reason=reason))

    def _record(self) -> None:
        """Let the run's surroundings be recorded, unless the supervisor before has seen to that."""
        with suppress(OSError, DamagedRunError):  # a run without this record is a run
            if not self._layout.environment.exists():
                record = RunRecord.read(self._layout)
                start_recorder(self._layout, self.spec.python or record.interpreter, source_folder(record), os.environ)
        if self.spec.beside:
            start_beside(self.spec.beside, os.environ)

    def _stopped(self, cause: Cause) -> tuple[Ending, str]:
        """Return what a run that is stopped comes to, and what its status says meanwhile."""
        if cause is Cause.CANCELED:
            return Ending(Status.CANCELED, "canceled", {}), "canceled"
        if cause is Cause.ENGINE_LIMIT:
            return Ending(Status.FAILED, engine_signals.limit_words(), {}), engine_signals.limit_words()
        limit = f"{self.spec.max_run_duration_seconds:g}"
        reason = f"stopped after {limit} s (max_run_duration_seconds={limit})"
        return Ending(Status.FAILED, reason, {}), f"its time limit of {limit} s is over"

    def _end(self, stopped: Ending | None) -> Ending:
        """Return what the run comes to, as far as its job and its log tell by now; if it was stopped, that."""
        how = self._job.poll() or UNKNOWN_EXIT
        if how == UNKNOWN_EXIT:
            how = exit_left(self._layout, self._job.identity)
        end = Ending.of_exit(self._layout, how, is_shell=self.spec.is_shell, memory_lack=self._job.memory_lack)
        return stopped._replace(fields=end.fields) if stopped else end

    def _tell_end(self, stopped: Ending | None) -> None:
        """Tell what a job that has ended by itself comes to, as far as that doesn't depend on what is still to do."""
        end = self._end(stopped)
        reason = end.reason  # not that of an end which it comes to only if this process is killed
        self._tell(end.without_outputs() if self.spec.finishing else end, reason)

    def _finished(self, end: Ending) -> Ending:
        """Do with what a job has made what is to be done if it has completed; return what the run comes to then."""
        if end.status is not Status.COMPLETED or not self.spec.finishing:
            return end
        refused = run_steps(self._layout, self.spec, self.spec.finishing, FINISHING)
        if refused is None:
            return end
        return refused._replace(fields={**end.fields, "last_line": refused.fields.get("last_line", "")})

    def _tell(self, end: Ending, reason: str | None) -> None:
        """Say that the job has ended, and what the run comes to: should this process be killed now, that is known."""
        self._status.show(Status.FINALIZING, reason=reason, **end.to_fields())


def _stop(family: ProcessFamily, layout: RunFolder, grace_s: float) -> None:
    """Stop a family to its last process, and take away what is mounted for it."""
    run_mounts.release(layout.origin)
    family.stop(grace_s)
    run_mounts.release(layout.origin)  # what was about to be mounted


def _processes(count: int) -> str:
    return "1 process" if count == 1 else f"{count} processes"


def _afterwards(spec: LaunchSpec) -> None:
    """Let the target take notice of the end: a queue starts the next run."""
    gc.disable()  # what is imported for it is gone in a moment, together with this process
    if spec.afterwards:
        module, *arguments = spec.afterwards
        importlib.import_module(module).main(*arguments)
