"""The driver of a sweep: starts its runs, stops those that promise least, and knows the best."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from random import Random

from cellrun.core.driving.children import Children
from cellrun.core.driving.drive import say
from cellrun.core.driving.driver import Driver
from cellrun.core.driving.plan import Plan
from cellrun.core.errors import CellrunError
from cellrun.core.layout import RunLayout
from cellrun.core.run_request import RunRequest
from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.events.metrics import Metrics
from cellrun.core.store.events.reader import EventReader
from cellrun.core.store.notes import add_note
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status import Status, StatusRecord
from cellrun.core.sweep.options import RUN, SweepOptions
from cellrun.core.sweep.run import HYPERPARAMETERS
from cellrun.core.sweep.sampler import Parameters, Trial
from cellrun.core.sweep.step_data import fill_output, with_data_of

_LOGGED_NOTHING = frozenset({Status.NOT_STARTED, Status.QUEUED, Status.STARTING, Status.PREPARING})
_FIRST = 3
"""If so many end first and all Failed, the script is wrong, and the others would fail like them (as in Azure ML)."""

_STARTING_S = 0.5
"""So long are runs started without a look: whether the sweep was canceled is heard in between."""


@dataclass
class _Try:
    """One run of the sweep, and what is known of it."""

    run: RunLayout
    name: str
    parameters: Parameters
    metrics: Metrics
    values: list[float] = field(default_factory=list)
    """Of the primary metric, one an interval."""
    asked: int = 0
    """After how many of them the policy was asked last."""
    stopped: str = ""
    """Why the policy stopped it."""
    end: Status | None = None
    reason: str = ""
    """Why it failed."""


class SweepDriver(Driver):
    """Runs one request with many hyperparameters.

    Responsibilities: what is started when; what of each run's primary metric is known; which run is stopped early; when
    the sweep ends, and how. Its log says all that in lines of words.
    """

    def __init__(self, plan: Plan, children: Children) -> None:
        super().__init__(plan, children)
        self._options = SweepOptions.from_json(plan.options)
        self._random = Random(self._options.seed)  # noqa: S311  # hyperparameters are no secrets
        self._tries: dict[RunLayout, _Try] = {}
        self._ended: list[_Try] = []
        self._is_closed = False
        """Whether no run is started any more."""
        self._best: float | None = None
        self._failure = ""
        minutes = self._options.minutes
        self._ends_at = None if minutes is None else time.monotonic() + minutes * 60
        most = min(self._options.most_runs, self._options.sampling.count())
        metric = self._options.metric
        say(f"a sweep of {most:g} runs at most, to {metric.goal.value} {metric.name}")

    def advance(self) -> bool:
        """Look at the runs, stop and start what is due; return whether all have ended and no other follows."""
        for run, status in self.children.look().items():
            self._look(self._tries[run], status)
        self._stop_early()
        self._close_when_due()
        until = time.monotonic() + _STARTING_S
        while not self._is_closed and self._has_room() and time.monotonic() < until:
            self._start_next()
        is_done = self._is_closed and not self._going_on()
        if is_done:
            self._sum_up()
            self._fill_outputs()
        return is_done

    def failure(self) -> str:
        """Return why the sweep is Failed: none of its runs has Completed, nor was stopped early."""
        if self._failure or any(one.end is not Status.FAILED for one in self._ended):
            return self._failure
        return self._why_failed("all") if self._ended else "no run was started"

    def _why_failed(self, which: str) -> str:
        first = self._ended[0]
        return f"{which} {len(self._ended)} runs failed, {first.name}: {first.reason}".replace("\n", " ")

    def _going_on(self) -> list[_Try]:
        return [one for one in self._tries.values() if one.end is None]

    def _has_room(self) -> bool:
        most = self._options.most_at_once
        return most is None or len(self._going_on()) < most

    def _look(self, one: _Try, status: StatusRecord) -> None:
        """Take in what is new of a run."""
        if one.end is not None or status.status in _LOGGED_NOTHING:
            return
        metric = self._options.metric
        if metric.name in one.metrics.update():
            one.values = metric.numbers(one.metrics.plain().get(metric.name))
            self._note_best(one)
        if status.status.is_terminal:
            one.end = status.status
            one.reason = (status.reason or "") if one.end is Status.FAILED else ""
            self._ended.append(one)
            if one.stopped and one.end is Status.CANCELED:  # it may have been quicker
                with suppress(CellrunError, OSError):  # a full disk: the sweep's log has it
                    add_note(one.run, _early_note(one.stopped))
            best = metric.best(one.values)
            told = f"its best {metric.name} is {best:g}" if best is not None else f"it logged no {metric.name}"
            say(f"{one.name} is {status.status.value}: {'; '.join(filter(None, (one.reason, told)))}")

    def _note_best(self, one: _Try) -> None:
        """Log the best value so far to the sweep's own run, if this one is better."""
        metric = self._options.metric
        best = metric.best(one.values)
        if best is not None and (self._best is None or metric.is_better(best, self._best)):
            self._best = best
            with suppress(CellrunError):  # a full disk: the runs have it
                EventLog.of(self.children.run).log(metric.name, best)

    def _stop_early(self) -> None:
        """Ask the policy about each run that has come to an interval of it, and stop what it says."""
        policy, metric = self._options.policy, self._options.metric
        logged = {one.run.run_id: one.values for one in self._tries.values() if one.values}
        for one in self._going_on():
            due = [each for each in range(one.asked + 1, len(one.values) + 1) if policy.is_asked_at(each)]
            one.asked = len(one.values)
            verdicts = (policy.verdict(one.run.run_id, each, logged, metric) for each in due)
            reason = next(filter(None, verdicts), "")
            if reason and not one.stopped:
                one.stopped = reason
                self._cancel(one)

    def _cancel(self, one: _Try) -> None:
        try:
            self.children.cancel(one.run)
        except (CellrunError, OSError) as error:
            say(f"{one.name} can't be stopped: {error}")
        else:
            say(f"{one.name} is stopped early: {one.stopped}")

    def _close_when_due(self) -> None:
        """Start no run any more, and cancel those that go on, when the time is over or the script is wrong."""
        if self._is_closed:
            return
        if self._ends_at is not None and time.monotonic() > self._ends_at:
            self._close(f"the time is over (max_duration_minutes={self._options.minutes:g})")
        elif len(self._ended) >= _FIRST and all(one.end is Status.FAILED for one in self._ended):
            self._failure = self._why_failed("the first")
            self._close(self._failure)

    def _close(self, reason: str) -> None:
        say(f"{reason}: no other run is started, and those that go on are canceled")
        self._is_closed = True
        self.children.cancel_all(say)

    def _start_next(self) -> None:
        parameters = self._next_parameters()
        if parameters is None:
            self._is_closed = True
            return
        text = json.dumps(parameters)
        wanted = with_parameters(with_data_of(self.children.record, self.plan.requests[RUN]), parameters)
        properties = {**wanted.properties, HYPERPARAMETERS: text}
        try:
            run = self.children.start(replace(wanted, properties=properties), {HYPERPARAMETERS: text})
        except CellrunError as error:
            self._close(f"no run could be started with {text}: {error}")
            self._failure = str(error)
            return
        name = RunRecord.read(run).name
        self._tries[run] = _Try(run, name, parameters, Metrics(EventReader(run)))
        say(f"{name} ({run.run_id}) is submitted with {text}")

    def _next_parameters(self) -> Parameters | None:
        options, count = self._options, len(self._tries)
        if count >= options.most_runs:
            return None
        if count < len(options.first):
            return options.first[count]
        own = [Trial(one.parameters, self._badness(one)) for one in self._tries.values()]
        # What earlier sweeps tried is known to be good or bad, and may be tried again.
        return options.sampling.following(own, self._random, options.older)

    def _badness(self, one: _Try) -> float | None:
        best = self._options.metric.best(one.values)
        return None if best is None else self._options.metric.badness(best)

    def _sum_up(self) -> None:
        """Say and note which run is the best, as Azure ML does in the properties of a sweep's run."""
        metric = self._options.metric
        ranked = self._ranked()
        if not ranked or self._best is None:
            say(f"all {len(ranked)} runs have ended: none has logged {metric.name}")
            return
        say(f"all {len(ranked)} runs have ended: {ranked[0].name} is the best, {metric.name} {self._best:g}")
        with suppress(CellrunError):  # a full disk: the runs tell it as well
            events = EventLog.of(self.children.run)
            events.property_("best_child_run_id", ranked[0].run.run_id)
            events.property_("score", str(self._best))

    def _fill_outputs(self) -> None:
        """Give to the steps that follow in a pipeline what they read of the sweep."""
        ended = {one.run: one.metrics for one in self._ended}
        best = self._ranked()[0].run if self._best is not None else None
        try:
            for name, what in self._options.outputs.items():
                fill_output(self.children.run, name, what, best, ended)
        except (CellrunError, OSError) as error:
            self._failure = self._failure or str(error)
            say(str(error))

    def _ranked(self) -> list[_Try]:
        metric = self._options.metric
        return sorted(self._ended, key=lambda one: metric.badness(metric.best(one.values)))


def _early_note(reason: str) -> str:
    return f"stopped early by its sweep: {reason}"


def with_parameters(request: RunRequest, parameters: Mapping[str, object]) -> RunRequest:
    """Return a request that is given hyperparameters behind its own arguments: `--name value`, each as a text."""
    texts = []
    for name, value in parameters.items():
        texts += [name if name.startswith("-") else f"--{name}", str(value)]
    if request.kind == "command":
        return replace(request, program=f"{request.program} {shlex.join(texts)}")
    return replace(request, arguments=(*request.arguments, *texts))
