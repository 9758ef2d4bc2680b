"""The base of all targets behind ssh, whatever starts runs there."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.errors import ComputeTargetException, ExperimentExecutionException
from cellrun.core.layout import RunLayout
from cellrun.core.remote.link import OrderError
from cellrun.core.remote.messages import quoted
from cellrun.core.resources import Resources
from cellrun.core.run_request import RunRequest
from cellrun.core.store.ending import ask_to_cancel, set_canceled
from cellrun.core.store.record import RunTarget
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.targets.contract import (
    ComputeTarget,
    Finding,
    JobState,
    Observation,
    TargetDescription,
    TargetPython,
)
from cellrun.core.targets.keeper import client as keeper
from cellrun.core.targets.pending_launch import Order, PendingLaunch
from cellrun.core.targets.ssh.connection import Connection
from cellrun.core.targets.ssh.facts import Facts
from cellrun.core.targets.ssh.fetching import Fetching, by_workspace
from cellrun.core.targets.ssh.launches import ON_ITS_WAY, Launches
from cellrun.core.targets.unresponsive_engine import is_on_its_way

_LAUNCH_S = 60.0
"""So long a submission waits for a small run to be started there."""
_ASK_S = 1.0
_WAITS = "its machine takes it as soon as it answers"
_IS_ASKED = "its machine is asked to stop it as soon as it answers"


class RemoteTarget(ComputeTarget):
    """A machine that is reached by ssh, and what starts runs there: they go on whatever becomes of us.

    How `ssh` gets there is the user's own matter (config, keys, agent, jump hosts). Over there nothing is needed but a
    Python 3.10 or newer, or uv.
    """

    def __init__(self, name: str, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(name, settings)
        self._connection = Connection(self.settings, self.engine())
        self._fetching = Fetching(self._connection)
        self._launches = Launches(self._connection, self._observe)

    def engine(self) -> Mapping[str, Any] | None:
        """Return what starts runs there, as `Engines` there has it; None for this user's own queue there."""
        return None

    def describe(self) -> TargetDescription:
        """Return what the machine has and what this user's runs hold there. Raises ComputeTargetException."""
        try:
            self._learn()
            with self._connection.translate_errors():
                facts = self._connection.ask("describe").facts
                capacity, in_use = (Resources.from_json(facts[name]) for name in ("capacity", "in_use"))
                return TargetDescription(capacity, in_use, int(facts["running"]), int(facts["waiting"]))
        finally:
            self.close()

    def shared_folders(self) -> tuple[str, ...]:
        """Return none, without a word to the machine: nobody knows which of its folders may be the same."""
        return ()

    def python(self, environment: str | EnvironmentSpec | None) -> TargetPython:
        """Return the Python that a run gets there, as far as the machine has told."""
        facts = Facts.known(self.settings)
        return facts.python_of(environment) if facts else TargetPython.of(environment)

    def problems(self, request: RunRequest) -> list[str]:
        """Return why the machine could never start such a run, by what it told last; what can't be sent there."""
        facts, problems = Facts.known(self.settings), list[str]()
        if isinstance(request.environment, EnvironmentSpec):
            from cellrun.core.environments.portable_spec import PortableSpec  # noqa: PLC0415  # few runs need it

            problems += PortableSpec.of(request.environment).problems
        return [*problems, *self.problems_there(facts, request)] if facts else problems

    def problems_there(self, facts: Facts, request: RunRequest) -> list[str]:
        """Return why such a run could never start there, by what the machine told."""
        return facts.problems(request, self.name)

    def launch(self, request: RunRequest, layout: RunLayout) -> None:
        """Have the run sent and started there; a large one is on its way when this returns."""
        pending, status = PendingLaunch(layout.workspace), StatusFile(layout)
        if status.read().status not in ON_ITS_WAY:  # it was launched before
            return
        pending.add(layout, Order.of(request))
        RunTarget(self.name, self.kind, shares_processes=False, handle={"host": self.settings["host"]}).write(layout)
        if not is_on_its_way(status.read()):  # meanwhile
            pending.remove(layout)
            return
        try:
            why_not = self._launched(layout)
        except ComputeTargetException as error:  # it was refused there, and is Failed
            raise ExperimentExecutionException(str(error)) from error
        if why_not and not pending.was_asked(layout):
            status.change(Status.FAILED, expected=ON_ITS_WAY, reason=why_not)
            pending.remove(layout)
            raise ExperimentExecutionException(why_not)
        status.change(Status.PREPARING, expected={Status.NOT_STARTED}, reason=why_not or _WAITS)

    def _launched(self, layout: RunLayout) -> str:
        """Wait until a run is started, or known to be on its way for longer; return why it isn't, if that is known."""
        until = time.monotonic() + _LAUNCH_S
        while time.monotonic() < until:
            sent = keeper.send(layout.workspace, self.name, layout, _ASK_S)
            if sent.is_launched or StatusFile(layout).read().status is Status.PREPARING:
                return ""
            if sent.why_not:
                return sent.why_not
        return ""

    def send(self, runs: Sequence[RunLayout]) -> None:
        """Go on with sending runs, and start those that are there whole."""
        self._launches.go_on(runs)

    def observe(self, runs: Sequence[RunLayout]) -> dict[str, Observation]:
        """Return what starts runs there says of them. If that doesn't answer, what they write comes all the same."""
        begun = [run for run in runs if not self._is_to_be_sent(run)]
        try:
            return self._observe(begun)
        except OrderError:
            self._fetching.fetch(begun, is_final=False)
            raise

    def _observe(self, runs: Sequence[RunLayout]) -> dict[str, Observation]:
        found: dict[str, Observation] = {}
        for workspace_id, group in by_workspace(runs).items():
            asked = [run.run_id for run in group]
            with self._connection.translate_errors():
                told = self._connection.ask("observe", workspace=workspace_id, runs=asked).facts["runs"]
                for run_id in filter(told.__contains__, asked):
                    state, reason = JobState(told[run_id]["state"]), quoted(told[run_id]["reason"] or "")
                    if state is JobState.UNKNOWN:
                        reason = reason or f"its folder on {self._connection.name} is gone"
                    found[run_id] = Observation(state, reason)
        return found

    def sync(self, runs: Sequence[RunLayout], *, is_final: bool) -> Collection[str]:
        """Bring home what runs have written, and requests there."""
        return self._fetching.fetch([run for run in runs if not self._is_to_be_sent(run)], is_final=is_final)

    def cancel(self, run: RunLayout) -> None:
        """Leave a request, and have it taken there; a run that isn't on its way yet is Canceled at once."""
        ask_to_cancel(run)
        pending = PendingLaunch(run.workspace)
        if pending.was_asked(run):  # it may go on there: nobody here may take it for Canceled by now
            StatusFile(run).show(Status.PREPARING, expected={Status.NOT_STARTED}, reason=_IS_ASKED)
        elif pending.has(run):
            set_canceled(run, "canceled before it was sent", expected=ON_ITS_WAY)
            pending.remove(run)
        keeper.wake(run.workspace, self.name)

    def close(self) -> None:
        """Give up the connection."""
        self._connection.close()

    def doctor(self) -> list[Finding]:
        """Look at all that a run needs there, and learn what the machine is."""
        from cellrun.core.targets.ssh.doctor import findings  # noqa: PLC0415  # it is asked for by hand

        try:
            return findings(self._connection, self.settings)
        finally:
            self.close()

    def learn(self) -> None:
        """Ask the machine what it is and has, for `python` and `problems`. Raises ComputeTargetException."""
        try:
            self._learn()
        finally:
            self.close()

    def _learn(self) -> Facts:
        with self._connection.translate_errors():
            return Facts.keep(self.settings, self._connection.ask("hello").facts)

    @staticmethod
    def _is_to_be_sent(run: RunLayout) -> bool:
        """Whether a run isn't known to have been started there: what the machine says of it then proves nothing."""
        return is_on_its_way(StatusFile(run).read()) and PendingLaunch(run.workspace).has(run)
