"""A target whose engine a test plays."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from typing import ClassVar

from cellrun.core.layout import RunLayout
from cellrun.core.targets.contract import ComputeTarget, JobState, Observation


class PlayedTarget(ComputeTarget):
    """Answers what the test says, and remembers what it was asked."""

    kind: ClassVar[str] = "played"

    def __init__(self, name: str = "box") -> None:
        super().__init__(name)
        self.says: dict[str, Observation] = {}
        self.error: Exception | None = None
        self.error_of: dict[str, Exception] = {}
        self.more_left: list[str] = []
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.answers = threading.Event()
        self.answers.set()
        self.on_send = lambda run: None  # what becomes of a run that is sent
        self.on_sync = lambda run: None  # of one that is brought

    def send(self, runs: Sequence[RunLayout]) -> None:
        self._note("send", runs)
        for run in runs:
            self.on_send(run)

    def observe(self, runs: Sequence[RunLayout]) -> dict[str, Observation]:
        self._note("observe", runs)
        self.answers.wait(60)
        if self.error:
            raise self.error
        return {run.run_id: self.says.get(run.run_id, Observation(JobState.RUNNING)) for run in runs}

    def sync(self, runs: Sequence[RunLayout], *, is_final: bool) -> Collection[str]:
        self._note("final sync" if is_final else "sync", runs)
        for run in runs:
            if run.run_id in self.error_of:
                raise self.error_of[run.run_id]
            self.on_sync(run)
        return [run.run_id for run in runs if run.run_id in self.more_left]

    def close(self) -> None:
        self._note("close", ())

    def count(self, verb: str) -> int:
        """Return how often it was asked so."""
        return [each for each, _ in self.asked].count(verb)

    def _note(self, verb: str, runs: Sequence[RunLayout]) -> None:
        self.asked.append((verb, tuple(run.run_id for run in runs)))

    def describe(self):
        raise NotImplementedError

    def python(self, environment):
        raise NotImplementedError

    def problems(self, request):
        raise NotImplementedError

    def launch(self, request, layout):
        raise NotImplementedError

    def cancel(self, run):
        raise NotImplementedError

    def doctor(self):
        raise NotImplementedError
