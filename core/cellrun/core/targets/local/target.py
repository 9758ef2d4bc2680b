"""The target `local`: runs beside the kernel, on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from cellrun.core import resources
from cellrun.core.disk.whole_files import copy_tree, link_into, remove_tree
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.errors import ComputeTargetException, ExperimentExecutionException
from cellrun.core.layout import RunLayout
from cellrun.core.resources import Resources, limits
from cellrun.core.run_request import RunRequest
from cellrun.core.store.ending import ask_to_cancel, set_canceled
from cellrun.core.store.record import RunTarget
from cellrun.core.store.run_store import ancestors
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision.cancel_signal import cancel_without_request
from cellrun.core.supervision.launch_spec import LaunchSpec, job_environment
from cellrun.core.supervision.start import SupervisorStart, supervisor_command
from cellrun.core.targets.contract import (
    Capability,
    ComputeTarget,
    Finding,
    JobState,
    Observation,
    TargetDescription,
    TargetPython,
)
from cellrun.core.targets.launching import (
    enter_environment,
    environment_warnings,
    given_variables,
    local_spec,
    ordered,
    problems_here,
    python_here,
    write_spec,
)
from cellrun.core.targets.local import admission, recovery
from cellrun.core.targets.local.queue import LocalQueue, Share

_WAITS_ELSEWHERE = "waits in the queue of another machine, or of another home; cancel it if that is gone"
_PASS_S = 1.0  # between two passes over the queue that looks at one target object make: views look ten times a second


class _Ahead(NamedTuple):
    """What was made ready for a run before its folder was there."""

    spec: LaunchSpec
    supervisor: SupervisorStart | None


class LocalTarget(ComputeTarget):
    """The local machine: each run has a supervisor of its own; as many run at once as there is room, the rest waits."""

    kind: ClassVar[str] = "local"
    about: ClassVar[str] = "this machine"
    capabilities: ClassVar[frozenset[Capability]] = frozenset(Capability)

    def __init__(self, name: str, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(name, settings)
        self._ahead: dict[str, _Ahead] = {}
        self._next_pass = 0.0
        self._waiting: dict[str, str] = {}
        """Why runs wait, by id, as of the last pass."""

    def describe(self) -> TargetDescription:
        """Return what this machine has and what its runs hold."""
        queue = LocalQueue()
        with queue.locked():
            running, waiting = queue.running(), queue.waiting()
        held = [ticket.resources for ticket in running]
        in_use = Resources(*(sum(getattr(one, name) for one in held) for name in Resources._fields))
        return TargetDescription(resources.capacity(), in_use, len(running), len(waiting), ("/",), reaches_server=True)

    def python(self, environment: str | EnvironmentSpec | None) -> TargetPython:
        """Return this process's own Python, or an environment's."""
        return python_here(environment)

    def warnings(self, request: RunRequest) -> tuple[str, ...]:
        """Return what of its environment is otherwise than it was asked for."""
        return environment_warnings(request.environment)

    def problems(self, request: RunRequest) -> list[str]:
        """Return why this machine could never start such a run."""
        gpus = len(resources.gpu_devices()) if request.resources.gpus else 0  # looked for if asked for
        problems = problems_here(request, self.name, Resources(resources.cores(), gpus, resources.memory_bytes()))
        return [*problems, *self._node_problems(request)]

    def _node_problems(self, request: RunRequest) -> list[str]:
        return request.distribution.node_problems(self.name, self.nodes) if request.distribution else []

    def share(self, request: RunRequest, workspace: str) -> Share | None:  # noqa: ARG002  # for those that have places
        """Return what a run takes of this target beside what it takes of the machine."""
        return None

    @property
    def nodes(self) -> int:
        """On how many machines a run may be at once."""
        return 1

    @contextmanager
    def prepare(self, request: RunRequest, layout: RunLayout) -> Iterator[None]:
        """Start the supervisor's interpreter while the run folder is being built, if the run won't have to wait."""
        with LocalQueue().locked(wait=False):  # where there are no locks, that is said before there is a run
            spec, supervisor = self._spec(request, layout), None
        if not spec.resources.gpus and LocalQueue().length() + spec.resources.cpus <= resources.cores():
            environment, _ = job_environment(spec, layout, given_variables(request, spec), os.environ)
            with suppress(ExperimentExecutionException):  # no process to be had: `launch` says so, with the run Failed
                supervisor = SupervisorStart(layout, spec.supervisor, environment)
        self._ahead[layout.run_id] = _Ahead(spec, supervisor)
        try:
            yield
        finally:
            del self._ahead[layout.run_id]
            if supervisor:
                supervisor.close()

    def launch(self, request: RunRequest, layout: RunLayout) -> None:
        """Start the run, or let it wait in the queue."""
        queue, status = LocalQueue(), StatusFile(layout)
        ahead = self._ahead.get(layout.run_id) or _Ahead(self._spec(request, layout), None)
        spec = ordered(ahead.spec, request)
        try:
            write_spec(spec, layout)
        except FileExistsError:  # it was launched before
            return
        RunTarget(self.name, self.kind, shares_processes=True, handle={"queue": str(queue.folder)}).write(layout)
        enter_environment(request, spec, layout)
        copy_tree(layout.snapshot, layout.work)  # never links: a script may write to its own files
        link_into(layout.work, request.code.links())
        if request.inputs or request.outputs:
            self._lay_out(request, layout)
        with queue.locked():
            devices = resources.gpu_devices() if spec.resources.gpus else []
            share = self.share(request, str(layout.workspace.folder))
            variables, above = given_variables(request, spec), ancestors(layout.workspace, request.parent)
            queue.add(layout, spec.resources, devices, variables, spec.digest(), share, above)
            admission.admit(queue, ahead.supervisor)
            now = status.read()
            if now.status is Status.NOT_STARTED:
                status.change(Status.QUEUED, expected={Status.NOT_STARTED})
        if now.status is Status.FAILED and not layout.processes.exists():  # no supervisor came so far
            raise ExperimentExecutionException(now.reason or "the run could not be started")

    def observe(self, runs: Sequence[RunLayout]) -> dict[str, Observation]:
        """Say who waits and who runs; on the way, adopt and admit where that is due."""
        now, found = time.monotonic(), [(run, StatusFile(run).read()) for run in runs]
        if now >= self._next_pass and any(recovery.needs_care(run, status) for run, status in found):
            self._next_pass = now + _PASS_S
            self._pass_over_queue(runs)
            found = [(run, StatusFile(run).read()) for run in runs]
        return {
            run.run_id: Observation(_state(status.status), self._waiting.get(run.run_id, "")) for run, status in found
        }

    def cancel(self, run: RunLayout) -> None:
        """Leave a request for the run's supervisor; a run that waits is canceled at once.

        Raises ExperimentExecutionException where neither can be done: on a read-only disk a run that waits stays.
        """
        refused: OSError | None = None
        try:
            ask_to_cancel(run)
        except OSError as error:  # a full disk, a read-only one
            if cancel_without_request(run, limits().grace_s):
                return
            refused = error
        try:
            self.heed_cancellation(run)
        except OSError as error:
            refused = error
        if refused and not StatusFile(run).read().status.is_terminal:
            words = f"run {run.run_id} can't be asked to stop: {refused.strerror}"
            raise ExperimentExecutionException(words) from refused

    def holds(self, run: RunLayout) -> bool:
        """Whether the queue has a run, or it was started; what was begun with one that waits goes on."""
        status, queue = StatusFile(run), LocalQueue.existing()
        if run.claim.exists() and not status.read().status.is_terminal:
            return True
        if queue is None:
            return False
        with queue.locked():
            if is_held := queue.holds(run):
                admission.look_after(queue)
                admission.admit(queue)
                status.change(Status.QUEUED, expected={Status.NOT_STARTED})
        return is_held

    def undo_launch(self, run: RunLayout) -> None:
        """Let a run be launched that was about to be put into the queue."""
        if not self.holds(run) and run.launch.exists():
            run.launch.unlink()
            remove_tree(run.work)

    def heed_cancellation(self, run: RunLayout) -> None:
        """Cancel a run that waits and was asked to stop; one that goes on gets a supervisor if it has lost its own."""
        with suppress(ComputeTargetException, OSError):  # the queue can't be held: its pass comes to it
            if queue := LocalQueue.existing():
                with queue.locked():
                    admission.cancel_waiting(queue, run.run_id)
                    admission.look_after(queue)  # a supervisor that died can't see the request: another one does
        set_canceled(run, "canceled while it was waiting", expected=admission.NOT_STARTED)  # in a queue elsewhere

    def doctor(self) -> list[Finding]:
        """Try what a run needs: a queue folder, an interpreter for its supervisor, /proc, a shell."""
        queue, (interpreter, *flags, _) = LocalQueue().folder, supervisor_command()
        tried = subprocess.run([interpreter, *flags, "-c", "import json"], capture_output=True, text=True, check=False)
        shell = shutil.which("bash") or shutil.which("sh")
        starts, no_queue = (
            f"{interpreter} starts",
            f"{queue} can't be written; set CELLRUN_HOME to another folder",
        )
        return [
            _finding("queue", os.access(queue, os.W_OK), f"it is kept in {queue}", no_queue),
            _finding("interpreter", not tried.returncode, starts, f"{tried.stderr.strip()}; mend that Python"),
            _finding("processes", Path("/proc/self").is_dir(), "/proc is there", "no /proc: daemons of a run may stay"),
            _finding("shell", shell is not None, f"commands run in {shell}", "commands can't run; install bash"),
        ]

    @staticmethod
    def _lay_out(request: RunRequest, layout: RunLayout) -> None:
        from cellrun.core.data.in_run.binding import lay_out  # noqa: PLC0415  # a run without data needs none of it

        lay_out(request.inputs, request.outputs, layout)

    def _spec(self, request: RunRequest, layout: RunLayout) -> LaunchSpec:
        interpreter = self.python(request.environment).executable or sys.executable
        return local_spec(request, layout, interpreter, (admission.__name__, str(LocalQueue().folder)))

    def _pass_over_queue(self, runs: Sequence[RunLayout]) -> None:
        """Make the pass over this user's queue; a run that isn't in it is left be, if it waits.

        Whoever has the home of another queue starts what waits there: nobody here knows who wrote its tickets.
        """
        queue = LocalQueue.existing()
        elsewhere = {run for run in runs if queue is None or not queue.took(run)}
        self._waiting |= {run.run_id: _reason_elsewhere(run) for run in elsewhere}
        if queue is None:
            return
        with suppress(ComputeTargetException, OSError), queue.locked(wait=False) as is_held:
            if is_held:  # whoever holds it does the same
                admission.look_after(queue)
                admission.admit(queue)
                self._waiting |= admission.reasons(queue)
                held = set(queue.held(runs))
                for run in runs:
                    if run not in held:
                        recovery.recover_without_ticket(run, is_known=run not in elsewhere)


def _reason_elsewhere(run: RunLayout) -> str:
    """Return why a run waits in a queue that isn't this user's and machine's."""
    with suppress(OSError):  # it changes meanwhile
        if queue := LocalQueue.elsewhere(run):
            return admission.reasons(queue).get(run.run_id, _WAITS_ELSEWHERE)
    return _WAITS_ELSEWHERE


def _state(status: Status) -> JobState:
    if status.is_terminal:
        return JobState.ENDED
    return JobState.WAITING if status in {Status.NOT_STARTED, Status.QUEUED} else JobState.RUNNING


def _finding(subject: str, is_well: bool, well: str, amiss: str) -> Finding:  # noqa: FBT001  # as Finding has it
    return Finding(subject, is_well, well if is_well else amiss)
