"""The metrics of several runs at hand: whoever asks again, asks what is in memory and what is new."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cellrun.core.layout import RunLayout
from cellrun.core.store.events.column_cache import ColumnCache
from cellrun.core.store.events.metrics import Metrics
from cellrun.core.store.record import RunRecord

_MOST_BYTES = 200_000_000
_ROW_BYTES = 17  # of a column, its share of the times included
_METRIC_BYTES = 2_000


class MetricsCache:
    """Metrics of the runs that were asked for last, up to so many bytes. Any thread may ask."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._runs: OrderedDict[Path, _CachedRun] = OrderedDict()

    @contextmanager
    def open(self, layout: RunLayout) -> Iterator[Metrics]:
        """Give all that a run has logged up to now; it stays as it is within the block.

        Raises OSError for a run that is gone.
        """
        run = self._run(layout)
        try:
            with run.lock:
                yield run.up_to_date()
        except OSError:
            self._drop(layout)
            raise
        self._make_room()

    def _run(self, layout: RunLayout) -> _CachedRun:
        with self._lock:
            run = self._runs.setdefault(layout.folder, _CachedRun(layout))
            self._runs.move_to_end(layout.folder)
            return run

    def _drop(self, layout: RunLayout) -> None:
        with self._lock:
            self._runs.pop(layout.folder, None)

    def _make_room(self) -> None:
        with self._lock:
            size_bytes = sum(run.size_bytes for run in self._runs.values())
            while size_bytes > self._most_bytes and self._runs:
                size_bytes -= self._runs.popitem(last=False)[1].size_bytes


class _CachedRun:
    """One run's metrics, read on at each look."""

    def __init__(self, layout: RunLayout) -> None:
        self.lock = threading.Lock()
        self.size_bytes = 0
        self._layout = layout
        self._cache = ColumnCache(layout)
        self._metrics: Metrics | None = None

    def up_to_date(self) -> Metrics:
        """Return the metrics with what is new."""
        metrics = self._metrics
        if metrics is None or metrics.reader.is_cut():  # files that are cut aren't those that were read
            metrics = self._metrics = self._cache.metrics(RunRecord.read(self._layout).tags)
        metrics.update()
        self._cache.keep(metrics)
        self.size_bytes = sum(
            _METRIC_BYTES + metric.rows * (1 + len(metric.columns)) * _ROW_BYTES for metric in metrics.metrics.values()
        )
        return metrics
