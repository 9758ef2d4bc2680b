"""The live runs of a target that the keeper holds, and what was last seen of each."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress

from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.layout import RunLayout
from cellrun.core.store.status import StatusFile
from cellrun.core.targets.contract import Observation
from cellrun.core.targets.sync_round import living


class HeldRuns:
    """Runs by id. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[str, RunLayout] = {}
        self._seen: dict[str, tuple[float, Observation | None]] = {}
        self._watched_until: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._runs)

    def hold(self, runs: Iterable[RunLayout]) -> bool:
        """Hold these, too; returns whether one is new."""
        with self._lock:
            before = len(self._runs)
            self._runs |= {run.run_id: run for run in runs}
            return len(self._runs) > before

    def watch(self, runs: Iterable[RunLayout], until: float) -> None:
        """Note that somebody looks at these; they count as watched until then."""
        with self._lock:
            self._watched_until |= {run.run_id: until for run in runs}

    def watched(self, now: float) -> frozenset[str]:
        """Return the ids of those that somebody has looked at of late."""
        with self._lock:
            self._watched_until = {run_id: until for run_id, until in self._watched_until.items() if now < until}
            return frozenset(self._watched_until)

    def living(self) -> tuple[list[RunLayout], dict[str, str]]:
        """Return those that haven't ended, and why others can't be read, by id; these aren't held any more."""
        with self._lock:
            held = list(self._runs.values())
        found, unreadable = living(held)
        self.let_go({run.run_id for run in held} - {run.run_id for run in found})
        return found, unreadable

    def let_go_ended(self) -> None:
        """Hold those no more that have ended."""
        with self._lock:
            held = list(self._runs.values())
        ended = set()
        for run in held:
            with suppress(*UNREADABLE):  # what is wrong with it is told by `living`
                if StatusFile(run).read().status.is_terminal:
                    ended.add(run.run_id)
        self.let_go(ended)

    def let_go(self, run_ids: Collection[str]) -> None:
        """Hold these no more."""
        with self._lock:
            for run_id in run_ids:
                self._runs.pop(run_id, None)

    def saw(self, began: float, runs: Iterable[RunLayout], observed: Mapping[str, Observation]) -> None:
        """Note what a pass that began then has seen of runs, and forget what earlier ones saw of others."""
        with self._lock:
            self._seen = {run.run_id: (began, observed.get(run.run_id)) for run in runs}

    def seen(self, run_ids: Collection[str], not_before: float) -> dict[str, Observation] | None:
        """Return what was seen of runs by passes that began then or later; None if one of them wasn't looked at."""
        with self._lock:
            found = {run_id: self._seen.get(run_id) for run_id in run_ids if run_id in self._runs}
        if any(each is None or each[0] < not_before for each in found.values()):
            return None
        return {run_id: each[1] for run_id, each in found.items() if each and each[1]}
