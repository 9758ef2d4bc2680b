"""One target of one workspace as the keeper holds it: a thread that makes its passes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence

from cellrun.core.errors import AuthenticationError, CellrunError, problem_of
from cellrun.core.layout import RunLayout
from cellrun.core.resources import limits
from cellrun.core.targets.contract import JobState, Observation
from cellrun.core.targets.keeper.awake import AwakeClock
from cellrun.core.targets.keeper.credentials import credentials, take_on
from cellrun.core.targets.keeper.held_runs import HeldRuns
from cellrun.core.targets.keeper.kept_state import KeptState
from cellrun.core.targets.keeper.open_target import OpenTarget
from cellrun.core.targets.keeper.schedule import WATCHED_S, PassSchedule
from cellrun.core.targets.sync_round import bring
from cellrun.core.targets.unresponsive_engine import mark_unresponsive, shows_life

_NOBODY_S = 60.0
"""So long after its last run has ended a target keeps its connection, to open which takes longer than a small run."""

_NO_ANSWER = "its compute target was asked, and hasn't answered since"


class KeptTarget:
    """Observes and syncs the live runs of a target, in a thread of its own.

    Responsibilities: when the next pass is due, and what the last one told. `passed` is called after each, `say` with
    what is worth a line in the log. Any thread may ask.
    """

    def __init__(
        self, opened: OpenTarget, clock: AwakeClock, passed: Callable[[], None], say: Callable[[str], None]
    ) -> None:
        self._opened = opened
        self._clock = clock
        self._passed = passed
        self._say = say
        self._runs = HeldRuns()
        self._schedule = PassSchedule()
        self._state = KeptState()
        self._changed = threading.Condition()
        self._is_due = self._is_over = False
        self._unheard_from: float | None = None
        """Of the keeper's awake time: when the first pass began of those that haven't gone well."""
        self._tried: list[dict[str, str]] = []
        """The credentials with which it didn't let us in."""
        self._shares_files = False
        """Whether its runs write into their folders here, which tell that they live while their engine says nothing."""
        self._failed_at = 0.0
        """When the last pass that failed did."""
        self.why_unusable = ""
        """Why there is no such target in this process: whoever looks may have it."""
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def hold(self, runs: Sequence[RunLayout]) -> None:
        """Bring these runs home from now on; one that is new makes a pass due."""
        was_idle = not self.is_needed
        if self._runs.hold(runs) and (was_idle or not self._schedule.is_failing):
            self.wake()

    def watch(self, runs: Sequence[RunLayout], given: Mapping[str, str]) -> None:
        """Note that somebody looks at runs, who has these credentials: passes come in short succession for a while."""
        self.hold(runs)
        was_watched = self._schedule.is_watched(time.monotonic())
        self._schedule.watch(time.monotonic())
        self._runs.watch(runs, time.monotonic() + WATCHED_S)
        if self._schedule.is_paused and given and given not in self._tried:
            take_on(given)
            self.wake()
        elif not was_watched and not self._schedule.is_failing:
            self.wake()
        elif not was_watched:
            with self._changed:
                self._changed.notify()  # it is tried again sooner

    def wake(self) -> None:
        """Let a pass come at once, whatever the last one told."""
        with self._changed:
            self._is_due = True
            self._changed.notify()

    def end(self) -> None:
        """Make no pass after the one that goes on."""
        with self._changed:
            self._is_over = True
            self._changed.notify()

    def wait(self, timeout_s: float) -> None:
        """Wait for its thread's end."""
        self._thread.join(timeout_s)

    @property
    def is_needed(self) -> bool:
        """Whether it holds a live run."""
        return len(self._runs) > 0

    def observed(self, run_ids: Collection[str], not_before: float) -> dict[str, Observation] | None:
        """Return what a pass that began then or later has seen of runs; None while there is none."""
        return self._runs.seen(run_ids, not_before)

    @property
    def failure(self) -> str:
        """Why passes fail: nobody need wait for the next one. Empty if they don't."""
        return self._state.why_not if self._schedule.is_failing else ""

    def failure_since(self, began: float) -> str:
        """Return why a pass failed then or later; empty if none did."""
        return self.failure if self._failed_at >= began else ""

    def state(self) -> KeptState:
        """Return how it is."""
        return self._state._replace(runs=len(self._runs))

    def notice_silence(self) -> None:
        """Make its runs NotResponding if it hasn't answered for `silence_s` of the time that this process was awake."""
        unheard_from = self._unheard_from
        if unheard_from is None or self._clock.seconds - unheard_from < limits().silence_s:
            return
        why = self._state.why_not or _NO_ANSWER
        for run in self._runs.living()[0]:
            if not (self._shares_files and shows_life(run)):
                mark_unresponsive(run, why)

    def _work(self) -> None:
        is_more_left = False
        while self._wait_until_due(is_more_left=is_more_left):
            is_more_left = self._pass()
            self._passed()
        self._opened.close()

    def _wait_until_due(self, *, is_more_left: bool) -> bool:
        """Wait for the next pass; False if there will be none."""
        with self._changed:
            if not self.is_needed and not self._changed.wait_for(self._is_called, _NOBODY_S):
                self._opened.close()
                self._changed.wait_for(self._is_called)
            since = time.monotonic()
            while not self._is_called():
                pause_s = self._schedule.pause_s(time.monotonic(), is_more_left=is_more_left)
                rest_s = None if pause_s is None else max(since + pause_s - time.monotonic(), 0)
                next_try = None if rest_s is None else time.time() + rest_s
                self._state = self._state._replace(is_paused=self._schedule.is_paused, next_try=next_try)
                if rest_s == 0:
                    break
                self._changed.wait(rest_s)
            self._is_due = False
            return not self._is_over

    def _is_called(self) -> bool:
        return self._is_due or self._is_over

    def _pass(self) -> bool:
        """Make one pass over the runs that live; returns whether the next one should come at once."""
        began, target = time.monotonic(), None
        unreadable: Mapping[str, str] = {}
        try:
            runs, unreadable = self._runs.living()
            if not runs:
                self._unheard_from = None
                self._note(self._state._replace(problems=unreadable, next_try=None))
                return False
            if self._unheard_from is None:
                self._unheard_from = self._clock.seconds
            target = self._opened.get()
            self._shares_files = target.shares_files
            target.is_watched, target.watched = self._schedule.is_watched(began), self._runs.watched(began)
            brought = bring(target, runs, self._passed, self._hear)
        except Exception as error:  # noqa: BLE001  # a stranger's class: the other targets are kept all the same
            why = str(error) if isinstance(error, CellrunError) else problem_of(error)
            self.why_unusable = why if target is None else ""
            self._fail(why, unreadable, is_refused=isinstance(error, AuthenticationError))
            return False
        self.why_unusable = ""
        self._runs.saw(began, runs, brought.observed)
        self._runs.let_go_ended()
        self._unheard_from = None
        self._tried.clear()
        self._schedule.well()
        if brought.has_started:
            self._schedule.started(time.monotonic(), others_wait=brought.others_wait)
        waiting = {run_id: said.reason for run_id, said in brought.observed.items() if _waits(said)}
        self._note(KeptState(heard_at=time.time(), problems={**unreadable, **brought.problems}, waiting=waiting))
        return brought.is_more_left

    def _hear(self) -> None:
        """Note that the engine answers, though what has waited meanwhile is yet to be brought."""
        self._unheard_from = self._clock.seconds

    def _fail(self, why: str, unreadable: Mapping[str, str], *, is_refused: bool) -> None:
        if is_refused:
            self._tried.append(credentials())
            self._opened.close()
        self._failed_at = time.monotonic()
        since = self._state.since if self._state.why_not else time.time()
        self._note(self._state._replace(why_not=why, since=since, is_paused=is_refused, problems=dict(unreadable)))
        self._schedule.failed(is_refused=is_refused)

    def _note(self, state: KeptState) -> None:
        """Keep how it is by now, and say what has changed."""
        before, self._state = self._state, state
        if state.why_not != before.why_not:
            self._say(f"doesn't answer: {state.why_not}" if state.why_not else "answers again")
        elif before.heard_at is None and state.heard_at is not None:
            self._say("answers")
        for run_id, why in state.problems.items():
            if before.problems.get(run_id) != why:
                self._say(f"run {run_id}: {why}")


def _waits(said: Observation) -> bool:
    return said.state is JobState.WAITING and bool(said.reason)
