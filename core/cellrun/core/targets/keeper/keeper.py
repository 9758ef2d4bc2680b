"""The keeper: the targets that it holds, and its answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.disk.ownership import is_mine
from cellrun.core.errors import CellrunError, problem_of
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.resources import limits
from cellrun.core.store.status import StatusFile
from cellrun.core.targets.keeper.awake import AwakeClock
from cellrun.core.targets.keeper.kept_target import KeptTarget
from cellrun.core.targets.keeper.listed_runs import runs_elsewhere
from cellrun.core.targets.keeper.open_target import OpenTarget
from cellrun.core.targets.keeper.protocol import PROTOCOL, Order, observations_to_json
from cellrun.core.targets.unresponsive_engine import is_on_its_way

LIST_S = 15.0
"""So seldom a workspace's list is asked which runs live elsewhere: those that somebody asks for are known by that."""
YOUNG_S = 1.0
"""A pass that began so long ago is as good as one that begins now."""
_MOST_TICK_S = 5.0
_END_S = 10.0

Answer = dict[str, Any]


class Pending(NamedTuple):
    """An answer that isn't there yet."""

    ready: Callable[[], Answer | None]
    """Gives it once it is there; asked after each pass."""
    until: float
    """When it is given up (monotonic)."""
    otherwise: Answer
    """What is answered then."""


class Keeper:
    """The targets that are kept, by workspace and name. Asked by one thread; each target has one of its own.

    `passed` is called by these after each pass, `say` with what is worth a line in the log.
    """

    def __init__(self, passed: Callable[[], None], say: Callable[[str], None]) -> None:
        self._passed = passed
        self._say = say
        self._clock = AwakeClock()
        self._lock = threading.Lock()
        self._kept: dict[tuple[Path, str], KeptTarget] = {}
        self._listed: dict[Path, float] = {}
        self._needed_at = time.monotonic()
        self.is_over = False

    def answer(self, message: Mapping[str, Any]) -> Answer | Pending:
        """Do what is asked for; whatever isn't right in a question, or here, is an answer that has an `error`."""
        try:
            order = Order(message.get("order"))
            if message["protocol"] != PROTOCOL and order is not Order.END:
                return {"error": f"cellrun's keeper speaks protocol {PROTOCOL}, was asked in {message['protocol']}"}
            return self._answers[order](self, message)
        except Exception as error:  # noqa: BLE001  # no question ends the keeper: no thread can be had, a full disk
            return {"error": problem_of(error)}

    def tick(self) -> float:
        """Do what is due without being asked; returns after how many seconds it wants to be called again."""
        most_s = min(_MOST_TICK_S, limits().silence_s / 4)
        self._clock.tick(2 * most_s)
        with self._lock:
            kept = list(self._kept.values())
        for each in kept:
            each.notice_silence()
        if any(each.is_needed for each in kept):
            self._needed_at = time.monotonic()
        return most_s

    def idle_s(self) -> float:
        """Return for how long no live run has been held, by its ticks."""
        return time.monotonic() - self._needed_at

    def end(self) -> None:
        """Let each target end its pass, and wait for it."""
        self.is_over = True
        with self._lock:
            kept = list(self._kept.values())
        for each in kept:
            each.end()
        until = time.monotonic() + _END_S
        for each in kept:
            each.wait(max(until - time.monotonic(), 0))

    def _look(self, message: Mapping[str, Any]) -> Answer | Pending:
        kept, runs = self._asked_for(message)
        began = time.monotonic()
        kept.watch(runs, message["variables"])
        ids = [run.run_id for run in runs]

        def ready() -> Answer | None:
            if kept.why_unusable:
                return {"error": kept.why_unusable}
            if why_not := kept.failure:
                return {"observed": {}, "why_not": why_not}
            observed = kept.observed(ids, began - YOUNG_S)
            return None if observed is None else {"observed": observations_to_json(observed)}

        return Pending(ready, began + message["wait_s"], {"observed": {}})

    def _wake(self, message: Mapping[str, Any]) -> Answer:
        kept, runs = self._asked_for(message)
        kept.hold(runs)
        kept.wake()
        return {}

    def _send(self, message: Mapping[str, Any]) -> Pending:
        kept, runs = self._asked_for(message)
        began = time.monotonic()
        kept.hold(runs)
        kept.wake()

        def ready() -> Answer | None:
            status = StatusFile(runs[0]).read()
            if status.status.is_terminal or not is_on_its_way(status):
                return {"is_launched": True}
            why_not = kept.failure_since(began)
            return {"is_launched": False, "why_not": why_not} if why_not else None

        return Pending(ready, began + message["wait_s"], {"is_launched": False, "why_not": ""})

    def _tend(self, message: Mapping[str, Any]) -> Answer:
        self._workspace(message)
        return {}

    def _states(self, message: Mapping[str, Any]) -> Answer:
        folder = self._workspace(message).folder
        with self._lock:
            kept = {name: each for (where, name), each in self._kept.items() if where == folder}
        return {"states": {name: each.state()._asdict() for name, each in kept.items()}}

    def _end(self, message: Mapping[str, Any]) -> Answer:
        self._say(f"ends: cellrun {message.get('cellrun')} takes over")
        self.is_over = True
        return {}

    def _asked_for(self, message: Mapping[str, Any]) -> tuple[KeptTarget, list[RunLayout]]:
        workspace = self._workspace(message)
        runs = [workspace.run(run_id) for run_id in message["runs"]]
        return self._target(workspace, str(message["target"])), runs

    def _workspace(self, message: Mapping[str, Any]) -> WorkspaceLayout:
        """Return the workspace that is asked about, and have its list looked through if that is due."""
        workspace = WorkspaceLayout(message["workspace"])
        if not is_mine(workspace.folder):
            raise PermissionError(f"others can write to {workspace.folder}: nothing is written there")
        now = time.monotonic()
        if now - self._listed.get(workspace.folder, -LIST_S) >= LIST_S:
            self._listed[workspace.folder] = now
            threading.Thread(target=self._hold_listed, args=(workspace,), daemon=True).start()
        return workspace

    def _hold_listed(self, workspace: WorkspaceLayout) -> None:
        try:
            for name, runs in runs_elsewhere(workspace).items():
                self._target(workspace, name).hold(runs)
        except (CellrunError, *UNREADABLE) as error:  # an index of a newer cellrun, no access
            self._say(f"the list of {workspace.folder} can't be read: {problem_of(error)}")

    def _target(self, workspace: WorkspaceLayout, name: str) -> KeptTarget:
        key = (workspace.folder, name)
        with self._lock:
            if key not in self._kept:
                about = f"{name} of {workspace.folder}"
                opened = OpenTarget(workspace, name)
                self._kept[key] = KeptTarget(
                    opened, self._clock, self._passed, lambda text: self._say(f"{about}: {text}")
                )
            self._needed_at = time.monotonic()
            return self._kept[key]

    _answers: Mapping[Order, Callable[[Keeper, Mapping[str, Any]], Answer | Pending]] = {
        Order.LOOK: _look,
        Order.WAKE: _wake,
        Order.SEND: _send,
        Order.TEND: _tend,
        Order.STATES: _states,
        Order.END: _end,
    }
