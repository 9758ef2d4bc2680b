"""The states of a workspace's targets: each polled by itself, so that a slow one holds up no other."""

from __future__ import annotations

import json
import threading
import time
from typing import NamedTuple

from cellrun.core.errors import ComputeTargetException, OthersTargetError, problem_of
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.targets.contract import Capability, ComputeTarget, Finding, TargetDescription
from cellrun.core.targets.keeper import client as keeper
from cellrun.core.targets.keeper.kept_state import KeptState, state_text
from cellrun.core.targets.workspace_targets import WorkspaceTargets


class TargetState(NamedTuple):
    """One target. Times are epoch seconds."""

    name: str
    kind: str = ""
    where: str = ""
    capabilities: frozenset[Capability] = frozenset()
    why_unusable: str = ""
    """Why it can't be used here: its file is damaged, its kind isn't installed; empty if it can."""
    others: OthersTargetError | None = None
    """Where another user attached it: what there is to trust."""
    described: TargetDescription | None = None
    """How full it was when it last answered."""
    heard_at: float | None = None
    why_not: str = ""
    """Why nothing has been heard of it since; empty while it answers."""
    since: float | None = None
    """Since when nothing has."""
    is_asked: bool = False
    """Whether an answer of its is waited for."""
    kept: KeptState | None = None
    """What the keeper says of it, if it holds runs of it."""


_AGAIN_S = 10.0
_AFTER_FAILURE_S = 30.0
"""So seldom one is asked by itself that didn't answer the last time: that may have taken long, and cost a log-in."""


class TargetPoll:
    """What a target has said when it was asked last. Threads may share it; times are epoch seconds."""

    def __init__(self, target: ComputeTarget) -> None:
        self.target = target
        self.described: TargetDescription | None = None
        self.heard_at: float | None = None
        self.why_not = ""
        self.since: float | None = None
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._due = 0.0  # monotonic

    @property
    def is_asked(self) -> bool:
        """Whether its answer is waited for."""
        return self._thread is not None

    def ask(self, *, now: bool = False) -> None:
        """Have it asked if that is due, or `now`; returns at once."""
        with self._lock:
            if self._thread is None and (now or time.monotonic() >= self._due):
                name = f"cellrun asks {self.target.name}"
                self._thread = threading.Thread(target=self._ask, name=name, daemon=True)
                self._thread.start()

    def wait(self, timeout_s: float) -> None:
        """Wait for the answer that is on its way, at most so long."""
        if thread := self._thread:
            thread.join(timeout_s)

    def _ask(self) -> None:
        try:
            self.described = self.target.describe()
            self.heard_at, self.why_not, self.since = time.time(), "", None
        except Exception as error:  # noqa: BLE001  # a stranger's class may raise anything; the others are listed
            self.why_not, self.since = problem_of(error), self.since or time.time()
        finally:
            self._due = time.monotonic() + (_AFTER_FAILURE_S if self.why_not else _AGAIN_S)
            self._thread = None


class TargetStates:
    """What is known of a workspace's targets: by their files, by asking them, by the keeper. Threads may share it."""

    def __init__(self, workspace: WorkspaceLayout) -> None:
        self._workspace = workspace
        self._targets = WorkspaceTargets(workspace)
        self._asked: dict[str, tuple[str, TargetPoll]] = {}  # by name, with what it was attached as

    def now(self, *, again: bool = False) -> list[TargetState]:
        """Return what is known, without waiting; those are asked of which that is old, with `again` all.

        One of which the keeper doesn't hear isn't asked here, too; `again` has the keeper try.
        """
        kept = keeper.states(self._workspace)
        names = self._targets.names()
        self._asked = {name: asked for name, asked in self._asked.items() if name in names}
        return [self._state(name, kept.get(name), again=again) for name in names]

    def answered(self, wait_s: float) -> list[TargetState]:
        """Return what is known once all that are asked have answered, or so many seconds are over."""
        found = self.now()
        until = time.monotonic() + wait_s
        for _, asked in self._asked.values():
            asked.wait(max(until - time.monotonic(), 0))
        return self.now() if any(state.is_asked for state in found) else found

    def _state(self, name: str, kept: KeptState | None, *, again: bool) -> TargetState:
        try:
            target = self._targets.get(name)
        except OthersTargetError as error:
            return TargetState(name, error.kind, why_unusable=str(error), others=error)
        except ComputeTargetException as error:
            return TargetState(name, why_unusable=str(error))
        asked = self._of(target)
        if not (kept and kept.why_not):
            asked.ask(now=again)
        elif again:
            keeper.wake(self._workspace, name)
        return _merged(asked, kept)

    def _of(self, target: ComputeTarget) -> TargetPoll:
        attached = json.dumps([target.kind, target.settings])
        before, asked = self._asked.get(target.name, ("", None))
        if asked is None or before != attached:  # the first time, or it was detached and is another one now
            asked = TargetPoll(target)
            self._asked[target.name] = attached, asked
        return asked


def findings(target: ComputeTarget) -> list[Finding]:
    """Return what a target's doctor finds; that it can't look is a finding, too."""
    try:
        return target.doctor()
    except Exception as error:  # noqa: BLE001  # a stranger's class may raise anything
        text = str(error) if isinstance(error, ComputeTargetException) else repr(error)
        return [Finding(target.kind, is_well=False, text=text)]
    finally:
        target.close()


def findings_of_kept(target: ComputeTarget, workspace: WorkspaceLayout) -> list[Finding]:
    """Return what is found of one of a workspace's targets; what the keeper says of it afterwards comes last."""
    found = findings(target)
    if target.name in keeper.states(workspace):
        keeper.wake(workspace, target.name)  # what was amiss may be well now
        state = keeper.states(workspace)[target.name]
        found.append(Finding("runs", not (state.why_not or state.problems), state_text(state)))
    return found


def _merged(asked: TargetPoll, kept: KeptState | None) -> TargetState:
    target = asked.target
    heard = [at for at in (asked.heard_at, kept.heard_at if kept else None) if at is not None]
    is_silent = bool(kept and kept.why_not)
    return TargetState(
        target.name,
        target.kind,
        target.where,
        target.capabilities,
        described=asked.described,
        heard_at=max(heard, default=None),
        why_not=kept.why_not if kept and is_silent else asked.why_not,
        since=kept.since if kept and is_silent else asked.since,
        is_asked=asked.is_asked,
        kept=kept,
    )
