"""The target `fake`: another machine that is this one, for tests of whatever has to do with targets."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from cellrun.core import resources
from cellrun.core.engine.order import JobOrder
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.sources.notebook import installed
from cellrun.core.errors import ComputeTargetException, ExperimentExecutionException, UserErrorException, shown
from cellrun.core.identity import run_variables
from cellrun.core.layout import RunLayout
from cellrun.core.mirror.frame_errors import FrameError
from cellrun.core.mirror.run_key import new_key
from cellrun.core.resources import Resources
from cellrun.core.run_request import RunRequest
from cellrun.core.store.ending import ask_to_cancel
from cellrun.core.store.record import RunTarget
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision.launch_spec import LaunchSpec, job_environment
from cellrun.core.targets.contract import (
    Capability,
    ComputeTarget,
    Finding,
    Observation,
    TargetDescription,
    TargetPython,
)
from cellrun.core.targets.fake.engine import Engine, why_not_isolated
from cellrun.core.targets.fake.faults import Faults
from cellrun.core.targets.fake.faulty_link import FaultyLink
from cellrun.core.targets.fake.log_channel import LogChannel
from cellrun.core.targets.fake.pull import Pull
from cellrun.core.targets.fake.push import Push
from cellrun.core.targets.fake.remote_side import RemoteSide
from cellrun.core.targets.fake.transport import Transport
from cellrun.core.targets.launching import (
    enter_environment,
    environment_warnings,
    given_variables,
    launch_spec,
    ordered,
    problems_here,
    python_here,
    write_spec,
)
from cellrun.core.targets.setting_form import SettingForm

_TRANSPORTS: Mapping[str, Callable[[FaultyLink, Engine, str], Transport]] = {
    "pull": Pull,
    "push": Push,
    "log": LogChannel,
}


class FakeTarget(ComputeTarget):
    """A second folder and a process namespace of this machine: nothing there can be seen from here, nor the other way.

    A job runs there with this Python. It has no queue: all runs start at once. What a run writes comes home in one of
    three ways (`transport`), and what goes wrong meanwhile a file `faults.json` in its folder says (`faults.Faults`).
    Needs Linux, and root or user namespaces.
    """

    kind: ClassVar[str] = "fake"
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.CANCELS, Capability.LIMITS_TIME})
    settings_known: ClassVar[Mapping[str, str]] = {
        "folder": "the far side's folder",
        "transport": "how runs come home: 'pull' (it is asked), 'push' (to our server) or 'log' (the engine's)",
        "server": "for 'push', the address of a server of ours",
    }
    about: ClassVar[str] = "another machine that is this one, for tests"
    setting_forms: ClassVar[Mapping[str, SettingForm]] = {
        "folder": SettingForm(is_needed=True),
        "transport": SettingForm(choices=tuple(_TRANSPORTS)),
    }

    def __init__(self, name: str, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(name, settings)
        self._folder = Path(self.settings["folder"])
        link = FaultyLink(self._folder)
        self._far = RemoteSide(self._folder, link)
        self._engine = Engine(self._folder, f"fake-{name}", link)
        transport = _TRANSPORTS[self.settings.get("transport", "pull")]
        self._transport = transport(link, self._engine, self.settings.get("server", ""))

    @classmethod
    def checked_settings(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return the settings, the folder absolute."""
        kept = super().checked_settings(settings)
        if not isinstance(kept.get("folder"), (str, os.PathLike)):
            raise UserErrorException(f"a target of kind {cls.kind!r} needs folder='/path', where its far side is to be")
        transport, server = kept.get("transport", "pull"), kept.get("server", "")
        if transport not in list(_TRANSPORTS):
            raise UserErrorException(f"transport is one of {', '.join(_TRANSPORTS)}; got {shown(transport)}")
        is_address = isinstance(server, str) and urlsplit(server).scheme in {"http", "https"}
        if transport == "push" and not (is_address and urlsplit(server).hostname):
            raise UserErrorException(f"transport='push' needs server='http://host:port/', got {shown(server)}")
        return {**kept, "folder": str(Path(kept["folder"]).expanduser().absolute())}

    def describe(self) -> TargetDescription:
        """Return what the machine has; of what its runs hold only their number is known."""
        running = self._engine.count_running()
        return TargetDescription(
            self._capacity(),
            Resources(running, 0, 0),
            running,
            0,
            reaches_server=self._transport.reaches_server,
        )

    def python(self, environment: str | EnvironmentSpec | None) -> TargetPython:
        """Return this process's own Python, or an environment's."""
        packages = installed() if environment is None else None
        return python_here(environment)._replace(packages=packages)

    def warnings(self, request: RunRequest) -> tuple[str, ...]:
        """Return what of its environment is otherwise than it was asked for."""
        return environment_warnings(request.environment)

    def problems(self, request: RunRequest) -> list[str]:
        """Return why such a run could never start there."""
        problems = problems_here(request, self.name, self._capacity())
        problems += request.distribution.node_problems(self.name) if request.distribution else []
        if why := why_not_isolated():
            problems.append(f"{self.name!r} can't start anything on this machine: {why}")
        return problems

    def launch(self, request: RunRequest, layout: RunLayout) -> None:
        """Send the run there and start it."""
        status = StatusFile(layout)
        interpreter = self.python(request.environment).executable or sys.executable
        spec = launch_spec(request, interpreter, os.environ)._replace(inherited_names=())  # it's another machine's
        spec = ordered(spec, request)
        with suppress(FileExistsError):  # launched again: what is there is as good
            write_spec(spec, layout)
        RunTarget(self.name, self.kind, shares_processes=False).write(layout)
        enter_environment(request, spec, layout)
        try:
            self._start(request, spec, layout)
        except (ComputeTargetException, ExperimentExecutionException) as error:
            status.change(Status.FAILED, reason=str(error))
            raise ExperimentExecutionException(str(error)) from error
        status.change(Status.STARTING, expected={Status.NOT_STARTED})

    def observe(self, runs: Sequence[RunLayout]) -> dict[str, Observation]:
        """Say which runs have a process there. Raises ComputeTargetException while the engine doesn't answer."""
        return self._engine.observe({run.run_id: self._far.run(run) for run in runs})

    def sync(self, runs: Sequence[RunLayout], *, is_final: bool) -> Collection[str]:
        """Bring home what was written there since. Raises ComputeTargetException where that can't be done now."""
        unfinished = []
        for run in runs:
            there = self._far.run(run)
            try:
                self._transport.bring_requests(run, there)
                if self._transport.bring(run, there, is_final=is_final):
                    unfinished.append(run.run_id)
            except (OSError, FrameError) as error:
                raise ComputeTargetException(
                    f"run {run.run_id} of {self.name!r} can't be brought home: {error}"
                ) from error
        return unfinished

    def cancel(self, run: RunLayout) -> None:
        """Leave a request, and take it there as far as that can be done at once."""
        ask_to_cancel(run)
        with suppress(OSError, ComputeTargetException):  # the next look takes it there
            self._transport.bring_requests(run, self._far.run(run))

    def doctor(self) -> list[Finding]:
        """Try what a run needs: a namespace and a folder; and say what goes wrong on demand."""
        why = why_not_isolated()
        return [
            Finding("namespaces", not why, f"{why}; it needs root, or user namespaces" if why else "they can be had"),
            self._far.finding(),
        ]

    def _start(self, request: RunRequest, spec: LaunchSpec, layout: RunLayout) -> None:
        there = self._far.send(layout)

        def told() -> tuple[JobOrder, float]:
            key = new_key(layout)
            spec.write(there)
            variables, _ = job_environment(spec, there, given_variables(request, spec), os.environ)
            variables = {**variables, **run_variables(there), **self._homes()}
            carrier = self._transport.carrier(layout, there, key)
            order = JobOrder(str(there.folder), spec.supervisor, variables, carrier)
            return order, Faults.read(self._folder).clock_offset_s

        self._engine.submit(there, told)

    def _homes(self) -> dict[str, str]:
        """Return the variables by which a job finds what another user of another machine would have: no key of ours."""
        return {"CELLRUN_HOME": str(self._folder / "home"), "CELLRUN_RUNTIME_DIR": str(self._folder / "runtime")}

    def _capacity(self) -> Resources:
        return Resources(resources.cores(), 0, resources.memory_bytes())
