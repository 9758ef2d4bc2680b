"""The summaries of writers elsewhere: written here, by whoever takes in their lines."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from weakref import WeakValueDictionary

from cellrun.core.layout import RunLayout
from cellrun.core.store.changes import note_change
from cellrun.core.store.events.event_log import SUMMARY_EVERY_S
from cellrun.core.store.events.event_tail import EventTail
from cellrun.core.store.events.flusher import Flusher
from cellrun.core.store.events.reader import BATCH_BYTES
from cellrun.core.store.events.summary import Summary, read_summaries, write_summary


class ReceivedSummaries:
    """Keeps the summaries of a run's writers elsewhere up to their lines, written at most once a second."""

    def __init__(self, layout: RunLayout) -> None:
        self._layout = layout
        self._lock = threading.RLock()
        self._flusher = Flusher(self._write, SUMMARY_EVERY_S, self._lock)
        self._writers: set[str] = set()

    @classmethod
    def of(cls, layout: RunLayout) -> ReceivedSummaries:
        """Return this process's one for a run, so that all who take in lines share its second."""
        with _keeping:
            kept = _kept.get(layout.folder)
            if kept is None:
                kept = _kept[layout.folder] = cls(layout)
            return kept

    def touch(self, writers: Iterable[str]) -> None:
        """Say that lines of these writers came."""
        with self._lock:
            self._writers.update(writers)
            if not self._flusher.dirty:
                self._flusher.touch()

    def close(self) -> None:
        """Write what isn't written yet, and forget the run."""
        self._flusher.flush()
        _kept.pop(self._layout.folder, None)

    def _write(self) -> None:
        with self._lock:
            writers, self._writers = self._writers, set()
        with suppress(OSError):  # a full disk, a removed run: the events say the same, only slower
            known = read_summaries(self._layout)
            for writer in sorted(writers):
                summary = known.get(writer) or Summary()
                _read_on(self._layout.events / f"{writer}.jsonl", summary)
                write_summary(self._layout, writer, summary.to_json())
            note_change(self._layout)


def _read_on(path: Path, summary: Summary) -> None:
    tail = EventTail(path, summary.offset)
    while tail.fill(BATCH_BYTES):
        for event in tail.take(math.inf):
            summary.apply(event)
        summary.offset = tail.offset


# A server takes in lines of many runs and is told of no run's end. One whose thread waits to write is held by that.
_kept: WeakValueDictionary[Path, ReceivedSummaries] = WeakValueDictionary()
_keeping = threading.Lock()
