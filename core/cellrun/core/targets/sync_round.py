"""One synchronization with an engine that isn't this machine: send runs, observe all, fetch what they wrote.

Where its runs write into their folders here nothing is to be sent or brought: they are watched for signs of life.

The keeper makes it again and again; where none can be had, whoever looks at a run makes it once.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.errors import AuthenticationError, problem_of
from cellrun.core.layout import RunLayout
from cellrun.core.mirror.receiver import Receiver
from cellrun.core.store.ending import Ending
from cellrun.core.store.liveness import HEARTBEAT_MONITOR, are_proven_dead, heartbeat, is_unanswered, run_owners
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status import Status, StatusFile, StatusRecord
from cellrun.core.targets.contract import ComputeTarget, JobState, Observation
from cellrun.core.targets.unresponsive_engine import is_on_its_way, mark_responsive, waits_here

_OVER = frozenset({JobState.ENDED, JobState.UNKNOWN})
_ALONE_S = 5.0
"""So long runs are brought one by one though none of them could be: then it's the target, not a run."""


class SyncResult(NamedTuple):
    """What came of a round."""

    observed: Mapping[str, Observation]
    """What the engine says, by run."""
    problems: Mapping[str, str] = {}
    """Why some runs, by id, couldn't be brought home while others could."""
    is_more_left: bool = False
    """Whether the next round should come at once: something is on its way still."""
    has_started: bool = False
    """Whether runs have come to their engine in it: what they write first is near."""
    others_wait: bool = False
    """Whether others wait in a queue of this side's for their engine to have room."""


def bring(
    target: ComputeTarget,
    runs: Sequence[RunLayout],
    sent: Callable[[], None] = lambda: None,
    answered: Callable[[], None] = lambda: None,
) -> SyncResult:
    """Send, observe and sync runs that haven't ended. A lost one is Failed once all that it wrote has come home.

    Lost is what the engine says that it doesn't know, or that has ended without its supervisor's word. `sent` is called
    once runs were sent: who waits for that needn't wait for the rest; `answered` once the engine was heard. Raises what
    the target raises where that is no single run's matter.
    """
    states = {run: StatusFile(run).read() for run in runs}
    on_way = [] if target.shares_files else [run for run, status in states.items() if is_on_its_way(status)]
    has_gone = False
    if on_way:
        has_gone = bool(target.send(on_way))
        sent()
        states |= {run: StatusFile(run).read() for run in on_way}
    begun = [run for run, status in states.items() if not is_being_started(run, status)]
    observed = target.observe(begun) if begun else {}
    answered()
    for run in begun:
        if is_unanswered(states[run]):
            mark_responsive(run)
    ended, going = list[RunLayout](), list[RunLayout]()
    for run in begun:
        (ended if (said := observed.get(run.run_id)) and said.state in _OVER else going).append(run)
    problems, unfinished = _synced_all(target, going, ended)
    if target.shares_files:
        _listen({run: states[run] for run in going}, observed)
    for run in ended:
        if run.run_id not in problems and run.run_id not in unfinished:
            _end_lost(target, run, observed[run.run_id])
    left = [status for run in on_way if is_on_its_way(status := StatusFile(run).read())]
    is_sending = not all(map(waits_here, left))
    has_started = has_gone or len(left) < len(on_way)
    return SyncResult(observed, problems, bool(is_sending or unfinished), has_started, any(map(waits_here, left)))


def is_being_started(run: RunLayout, status: StatusRecord) -> bool:
    """Whether a run's submitter is still at it, so that the engine needn't know it yet."""
    if status.status is not Status.NOT_STARTED:
        return False
    owners = run_owners(run, RunRecord.read(run), status)
    return bool(owners) and not are_proven_dead(run, owners)


def living(runs: Sequence[RunLayout]) -> tuple[list[RunLayout], dict[str, str]]:
    """Return those runs that haven't ended and can be read, and why others can't be, by id: gone, or damaged."""
    found, unreadable = [], {}
    for run in runs:
        try:
            RunRecord.read(run)
            if not StatusFile(run).read().status.is_terminal:
                found.append(run)
        except UNREADABLE as error:
            unreadable[run.run_id] = "its folder is gone" if not run.folder.exists() else problem_of(error)
    return found, unreadable


def _listen(runs: Mapping[RunLayout, StatusRecord], observed: Mapping[str, Observation]) -> None:
    """Make those NotResponding that run, by their engine's word, and whose supervisors show no life in their folders.

    Or what they were before, once they do. That one lost is never concluded from silence.
    """
    for run, status in runs.items():
        if (said := observed.get(run.run_id)) and said.state is JobState.RUNNING:
            with suppress(*UNREADABLE):  # its own matter, which whoever looks at it is told
                HEARTBEAT_MONITOR.notice(run, status, heartbeat(run), is_in_sight=True)


def _synced_all(
    target: ComputeTarget, going: Sequence[RunLayout], ended: Sequence[RunLayout]
) -> tuple[dict[str, str], Collection[str]]:
    """Sync runs that go on, and then for good those that don't, unless they write into their folders here anyway.

    Returns as `_synced` does; of those that go on more is always to come.
    """
    if target.shares_files:
        return {}, ()
    problems, _ = _synced(target, going, is_final=False)
    problems_at_end, unfinished = _synced(target, ended, is_final=True)
    return {**problems, **problems_at_end}, unfinished


def _synced(
    target: ComputeTarget, runs: Sequence[RunLayout], *, is_final: bool
) -> tuple[dict[str, str], Collection[str]]:
    """Sync runs, all at once or, where that fails, one by one: one that can't be brought doesn't keep others from it.

    Returns why those couldn't be that others did without, by id, and the ids of those of which more is to come.
    """
    if not runs:
        return {}, ()
    try:
        return {}, target.sync(runs, is_final=is_final) or ()
    except AuthenticationError:
        raise
    except Exception:  # a stranger's class may raise anything at one run's files
        if len(runs) == 1:
            raise
    problems: dict[str, str] = {}
    unfinished: list[str] = []
    until = time.monotonic() + _ALONE_S
    for run in random.sample(runs, len(runs)):  # in another order each time: those that can't be come last once
        try:
            unfinished += target.sync([run], is_final=is_final) or ()
        except Exception as error:  # as above
            problems[run.run_id] = problem_of(error)
            is_targets = len(problems) == len(runs) or (len(problems) > 1 and time.monotonic() > until)
            if is_targets or isinstance(error, AuthenticationError):
                raise
    return problems, unfinished


def _end_lost(target: ComputeTarget, run: RunLayout, said: Observation) -> None:
    before = StatusFile(run).read()
    if not before.status.is_terminal:
        unseen = Ending(Status.FAILED, _ended_unseen(target, said, before.status), {})
        (Ending.announced(before) or unseen).write(run)  # told: it was about to come to that when its engine killed it
        Receiver(run).close()


def _ended_unseen(target: ComputeTarget, said: Observation, last: Status) -> str:
    """Say why a run is Failed whose end its engine alone has seen."""
    why = f" ({said.reason})" if said.reason else ""
    if said.state is JobState.ENDED:
        return f"{target.kind} says that it has ended{why}; last seen {last.word}"
    return f"{target.kind} no longer knows it{why}; last seen {last.word}"
