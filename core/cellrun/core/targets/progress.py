"""The progress of a large run's transfer, as its status shows it."""

from __future__ import annotations

import time
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from cellrun.core.layout import RunLayout
from cellrun.core.resources import size_text
from cellrun.core.store.status import Status, StatusFile

_LEAST_S, _LEAST_SHARE = 2.0, 0.02
"""How much time, and how much of a run, is between two words of how far it is: each is a file of its folder."""


class _Told(NamedTuple):
    at: float
    done_bytes: int


class Progress:
    """Says of runs of a status how far they are. `words` has a hole for that: "sending {}"."""

    def __init__(self, status: Status, words: str, expected: Collection[Status]) -> None:
        self._status, self._words, self._expected = status, words, expected
        self._told: dict[Path, _Told] = {}

    def tell(self, run: RunLayout, done_bytes: int, size_bytes: int) -> None:
        """Say it, unless that was just done."""
        now, last = time.monotonic(), self._told.get(run.folder)
        if last and (now - last.at < _LEAST_S or done_bytes - last.done_bytes < size_bytes * _LEAST_SHARE):
            return
        self._told[run.folder] = _Told(now, done_bytes)
        reason = self._words.format(progress_text(done_bytes, size_bytes))
        StatusFile(run).show(self._status, expected=self._expected, reason=reason)

    def forget(self, run: RunLayout) -> None:
        """Say nothing of a run any more."""
        self._told.pop(run.folder, None)


def progress_text(done_bytes: int, size_bytes: int) -> str:
    """Return how much of something is done: "1.2 of 4.0 GB"."""
    done, size = size_text(min(done_bytes, size_bytes)), size_text(size_bytes)
    number, _, unit = done.partition(" ")
    return f"{number if size.endswith(f' {unit}') else done} of {size}"
