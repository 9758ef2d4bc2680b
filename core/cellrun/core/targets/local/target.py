"""The target `local`: runs beside the kernel, on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from cellrun.core.errors import ExperimentExecutionException
from cellrun.core.layout import RunLayout
from cellrun.core.resources import Resources
from cellrun.core.sizes import size_text
from cellrun.core.status import Status
from cellrun.core.store.cancellation import ask_to_cancel
from cellrun.core.store.files.log_tail import LogReader
from cellrun.core.store.settle import settle
from cellrun.core.store.status_file import StatusFile, StatusRecord
from cellrun.core.supervision.job_environment import job_environment
from cellrun.core.supervision.start import SupervisorStart, supervisor_command
from cellrun.core.targets.contract import Capability, ComputeTarget, Finding, Launch, TargetDescription
from cellrun.core.targets.local import admission, machine, recovery
from cellrun.core.targets.local.queue import LocalQueue

_PASS_S = 1.0  # between two passes over the queue that looks at one target object make: views look ten times a second


class LocalTarget(ComputeTarget):
    """The local machine: each run has a supervisor of its own; as many run at once as there is room, the rest waits."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._ahead: dict[str, SupervisorStart] = {}
        self._next_pass = 0.0

    def validate(self, resources: Resources) -> list[str]:
        """Return why this machine could never give a run so much."""
        has, problems = f"{self.name!r} has", []
        if resources.cpus > machine.cores():
            problems.append(f"cpus={resources.cpus}: {has} {machine.cores()}")
        if resources.gpus and resources.gpus > (gpus := len(machine.gpu_devices())):  # looked for if asked for
            problems.append(f"gpus={resources.gpus}: {has} {gpus} (CUDA_VISIBLE_DEVICES, /dev/nvidia*)")
        if resources.memory_bytes > machine.memory_bytes():
            asked, there = size_text(resources.memory_bytes), size_text(machine.memory_bytes())
            problems.append(f"memory={asked}: {has} {there}")
        return problems

    def afterwards(self) -> tuple[str, ...]:
        """Return the pass over the queue, by which an ending run starts the next one."""
        return (admission.__name__, str(LocalQueue().folder))

    @contextmanager
    def prepare(self, launch: Launch) -> Iterator[None]:
        """Start the supervisor's interpreter while the run folder is being built, if the run won't have to wait."""
        spec = launch.spec
        if spec.resources.gpus or LocalQueue().length() + spec.resources.cpus > machine.cores():
            yield
            return
        environment, _ = job_environment(spec, launch.layout, launch.environment, os.environ)
        with suppress(ExperimentExecutionException):  # no process to be had: `start` will say so, with the run Failed
            self._ahead[launch.layout.run_id] = SupervisorStart(launch.layout, spec.supervisor, environment)
        try:
            yield
        finally:
            if ahead := self._ahead.pop(launch.layout.run_id, None):
                ahead.close()

    def start(self, launch: Launch) -> None:
        """Start the run, or let it wait in the queue."""
        queue, status = LocalQueue(), StatusFile(launch.layout)
        with queue.locked():
            devices = machine.gpu_devices() if launch.spec.resources.gpus else []
            queue.add(launch.layout, launch.spec.resources, devices, launch.environment)
            admission.admit(queue, self._ahead.get(launch.layout.run_id))
            now = status.read()
            if now.status is Status.NOT_STARTED:
                status.change(Status.QUEUED, expected={Status.NOT_STARTED})
        if now.status is Status.FAILED and not launch.layout.processes.exists():  # no supervisor came so far
            raise ExperimentExecutionException(now.reason or "the run could not be started")

    def status(self, runs: Sequence[RunLayout]) -> dict[str, StatusRecord]:
        """Return the status of runs; on the way, adopt and admit where that is due."""
        found = {run.run_id: settle(run) for run in runs}
        now = time.monotonic()
        if now >= self._next_pass and any(recovery.needs_care(run, found[run.run_id]) for run in runs):
            self._next_pass = now + _PASS_S
            queue = LocalQueue()
            with queue.locked(wait=False) as is_held:  # whoever holds it does the same
                if is_held:
                    admission.look_after(queue)
                    admission.admit(queue)
                    for run in runs:
                        if not queue.holds(run.run_id):
                            recovery.recover_without_ticket(run)
            found = {run.run_id: settle(run) for run in runs}
        return found

    def logs(self, run: RunLayout, offset: int, most_bytes: int) -> bytes:
        """Return a part of the run's output; none for a run that has written nothing."""
        return LogReader(run.log).read(offset, most_bytes)

    def cancel(self, run: RunLayout) -> None:
        """Leave a request for the run's supervisor; a run that waits is canceled at once."""
        ask_to_cancel(run)
        queue = LocalQueue()
        with queue.locked():
            admission.cancel_waiting(queue, run.run_id)
            admission.look_after(queue)  # a supervisor that died can't see the request: another one does

    def fetch(self, run: RunLayout) -> None:
        """Do nothing: a run's files are where they belong."""

    def describe(self) -> TargetDescription:
        """Return what this machine has and what its runs hold."""
        queue = LocalQueue()
        with queue.locked():
            running, waiting = queue.running(), queue.waiting()
        held = [ticket.resources for ticket in running]
        in_use = Resources(*(sum(getattr(one, name) for one in held) for name in ("cpus", "gpus", "memory_bytes")))
        return TargetDescription(
            self.name, "local", machine.capacity(), in_use, len(running), len(waiting), frozenset(Capability)
        )

    def doctor(self) -> list[Finding]:
        """Try what a run needs: a queue folder, an interpreter for its supervisor, /proc, a shell."""
        queue = LocalQueue().folder
        interpreter, *flags, _ = supervisor_command()
        tried = subprocess.run([interpreter, *flags, "-c", "import json"], capture_output=True, text=True, check=False)
        has_proc = Path("/proc/self").is_dir()
        shell = shutil.which("bash") or shutil.which("sh")
        return [
            Finding("queue", os.access(queue, os.W_OK), f"the queue is kept in {queue}"),
            Finding("interpreter", tried.returncode == 0, tried.stderr.strip() or f"{interpreter} starts"),
            Finding("processes", has_proc, "/proc is there" if has_proc else "no /proc: daemons of a run may stay"),
            Finding(
                "shell", shell is not None, f"commands run in {shell}" if shell else "no shell: commands can't run"
            ),
        ]
