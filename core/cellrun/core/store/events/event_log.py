"""The writing end of a run's events. What a call returned from is kept, whatever kills the process afterwards."""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from time import time

from cellrun.core import names
from cellrun.core.errors import DamagedRunError, EventNotKeptError, InvalidMetricError, RunClosedError
from cellrun.core.identity import is_own_run, own_attempt, own_rank
from cellrun.core.layout import RunLayout
from cellrun.core.resources import limits
from cellrun.core.store.changes import note_change
from cellrun.core.store.events.event_file import EventFile
from cellrun.core.store.events.event_line import Value, encode_text, encode_value, encode_values
from cellrun.core.store.events.flusher import Flusher
from cellrun.core.store.events.summary import Summary, write_summary
from cellrun.core.store.notes import add_note
from cellrun.core.store.status import StatusFile

LOOK_EVERY_S = 0.05
"""How often a log call looks whether the run has ended."""
SUMMARY_EVERY_S = 1.0


class EventLog:
    """Writes one run's events from this process: threads share its file, a forked child gets one of its own.

    Responsibilities: the text of each kind of event, the refusal once the run has ended, the summary that lists read,
    a note in the run of how many events the disk refused.
    Values are plain already (see `values`). Every method raises InvalidNameError, InvalidMetricError for an event
    larger than `Limits.event_bytes`, EventNotKeptError if it can't be written; then nothing of it is kept. Once the run
    has ended they raise RunClosedError, but for its tags, its name and its files: what a run turned out to be is said
    afterwards.
    """

    _file: EventFile | None

    def __init__(self, layout: RunLayout, attempt: int = 0, rank: int | None = None) -> None:
        self._layout = layout
        self._attempt = attempt
        self._rank = rank
        self._most_bytes = limits().event_bytes
        self._status = StatusFile(layout)
        self._status_seen = -1
        self._encoded = _EncodedNames()
        self._begin()
        _all.add(self)

    @classmethod
    def of(cls, layout: RunLayout) -> EventLog:
        """Return this process's log of a run: the same for all who ask, so that they share one file."""
        log = _shared.get(layout.folder)
        return log or _shared.setdefault(layout.folder, cls(layout, own_attempt() if is_own_run(layout) else 0))

    def log(self, name: str, value: Value, step: float | None = None) -> None:
        """Log one value of a metric, maybe with its step."""
        text = f'"k":"log","n":{self._encoded[name]},"v":{encode_value(value)}'
        if step is not None:
            text = f'{text},"i":{encode_value(step)}'
        with self._lock:
            self._summary.log(self._append(name, text), name, value)

    def row(self, name: str, columns: Mapping[str, Value]) -> None:
        """Log one row of several columns."""
        encoded = self._encoded
        cells = ",".join([f"{encoded[column]}:{encode_value(value)}" for column, value in columns.items()])
        text = f'"k":"row","n":{encoded[name]},"c":{{{cells}}}'
        with self._lock:
            self._summary.row(self._append(name, text), name, columns)

    def list_(self, name: str, values: list[Value]) -> None:
        """Log several values of a metric at once; none at all is no event."""
        text = f'"k":"list","n":{self._encoded[name]},"v":{encode_values(values)}'
        if values:
            with self._lock:
                self._summary.list_(self._append(name, text), name, values)

    def table(self, name: str, columns: Mapping[str, list[Value]]) -> None:
        """Log several rows at once, as columns of one length; none at all is no event."""
        encoded = self._encoded
        cells = ",".join([f"{encoded[column]}:{encode_values(values)}" for column, values in columns.items()])
        text = f'"k":"table","n":{encoded[name]},"c":{{{cells}}}'
        if any(columns.values()):
            with self._lock:
                self._summary.table(self._append(name, text), name, columns)

    def image(self, name: str, path: str) -> None:
        """Log an image by the name of its artifact."""
        text = f'"k":"image","n":{self._encoded[name]},"f":{encode_text(path)}'
        with self._lock:
            self._append(name, text)

    def page(self, name: str, path: str) -> None:
        """Log a page or a text that a cell displayed, by the name of its artifact."""
        text = f'"k":"page","n":{self._encoded[name]},"f":{encode_text(path)}'
        with self._lock:
            self._append(name, text)

    def file(self, path: str, size_bytes: int) -> None:
        """Log that an artifact was added, also after the run's end: what is drawn of several runs belongs to one."""
        text = f'"k":"file","n":{encode_text(path)},"bytes":{size_bytes}'
        with self._lock:
            self._append(path, text, is_late_too=True)

    def tag(self, name: str, value: str | None) -> None:
        """Set a tag of the run, also after its end: the best of ten runs is known when all have ended."""
        text = f'"k":"tag","n":{encode_text(names.tag_name(name))},"v":{encode_value(value)}'
        with self._lock:
            self._summary.tag(self._append(name, text, is_late_too=True), name, value)

    def untag(self, name: str) -> None:
        """Take a tag away from the run."""
        text = f'"k":"untag","n":{encode_text(names.tag_name(name))}'
        with self._lock:
            self._summary.tag(self._append(name, text, is_late_too=True), name, None, present=False)

    def property_(self, name: str, value: str) -> None:
        """Add a property of the run, also after its end; who calls has seen that it hasn't another value."""
        text = f'"k":"property","n":{encode_text(names.tag_name(name))},"v":{encode_text(names.tag_value(value))}'
        with self._lock:
            self._summary.property_(self._append(name, text, is_late_too=True), name, value)

    def rename(self, display_name: str) -> None:
        """Change the run's display name."""
        text = f'"k":"name","v":{encode_text(names.display_name(display_name))}'
        with self._lock:
            self._summary.rename(self._append(display_name, text, is_late_too=True), display_name)

    def describe(self, description: str) -> None:
        """Say what the run is about, in place of what was said before."""
        text = f'"k":"description","v":{encode_text(description)}'
        with self._lock:
            self._append("description", text, is_late_too=True)

    def close(self) -> None:
        """Bring everything to the disk and give the file back. If the run goes on, the next event begins a new one."""
        self._flusher.flush()
        with self._lock:
            if self._file is not None:
                self._write_summary()  # another thread may have logged since the flush
                self._file.close()
                self._file = None
                self._summary = Summary()
            self._tell_dropped()
        _shared.pop(self._layout.folder, None)

    def release(self) -> None:
        """Give the file back if the run has ended: no more is to come; `tag` and its like may have opened it."""
        if self._file is not None and self._status.read().status.is_terminal:
            self.close()

    def _begin(self) -> None:
        """Be without a file: the first event opens one."""
        self._lock = threading.RLock()  # a signal handler may log while its own thread is logging
        self._flusher = Flusher(self._write_summary, SUMMARY_EVERY_S, self._lock)
        self._file = None
        self._summary = Summary()
        self._looked_at = 0.0
        self._dropped, self._told, self._why = 0, 0, ""

    def _append(self, name: str, text: str, *, is_late_too: bool = False) -> float:
        """Write an event, maybe after the run's end too, and return its time. The lock is held."""
        if len(text) > self._most_bytes:
            raise _too_large(name, len(text), self._most_bytes)
        now = time()
        file = self._file
        try:
            if file is None or not 0.0 <= now - self._looked_at < LOOK_EVERY_S:  # false as well for a clock set back
                file = self._look(now, is_late_too=is_late_too)
            file.append(text)
        except OSError as error:
            self._dropped, self._why = self._dropped + 1, error.strerror or str(error)
            if not self._flusher.dirty:
                self._flusher.touch()
            raise EventNotKeptError(self._layout.run_id, name, error) from None  # it says all; the rest is our files
        self._summary.offset = file.size_bytes
        if not self._flusher.dirty:
            self._flusher.touch()
        return file.last_at

    def _look(self, now: float, *, is_late_too: bool) -> EventFile:
        """Return the file to write to, opened if needed, unless the run has ended and this comes too late."""
        if self._file is None or self._status.has_changed(self._status_seen):
            with suppress(DamagedRunError):  # whoever looks is told; what is logged is kept for all that
                status = self._status.read()
                if not status.status.is_terminal:
                    self._status_seen, self._looked_at = status.n, now
                elif not is_late_too:
                    raise RunClosedError(self._layout.run_id, status.status.value)
        else:
            self._looked_at = now
        if self._file is None:
            # A forked worker of a distributed training is given its rank only after the fork.
            rank = own_rank() if self._rank is None else self._rank
            opened = EventFile(self._layout, self._attempt, rank)
            if self._file is None:
                self._file = opened
            else:  # a signal handler has logged meanwhile
                opened.discard()
        return self._file

    def _write_summary(self) -> None:
        with self._lock:
            if self._dropped > self._told:  # each note tells of more than those before it: there are few
                self._tell_dropped()
            if self._file is None:
                return
            writer, summary = self._file.writer, self._summary.to_json()
        with suppress(OSError):  # a full disk, a removed run: the events say the same, only slower
            write_summary(self._layout, writer, summary)
            note_change(self._layout)

    def _tell_dropped(self) -> None:
        """Leave a note of the events that were refused since the last one, once the disk takes it."""
        if self._dropped:
            events = "1 event" if self._dropped == 1 else f"{self._dropped} events"
            with suppress(OSError, DamagedRunError):
                add_note(self._layout, f"{events} dropped: {self._why}")
                self._told, self._dropped = self._told + self._dropped, 0

    def _pause(self) -> None:
        """Before a fork: no thread of ours, for Python warns of forking beside threads, and rightly."""
        self._flusher.flush()

    def _become_another_writer(self) -> None:
        """After a fork, in the child: the file is the parent's, and a lock may be a copy of one that is held."""
        if self._file is not None:
            self._file.abandon()
        self._begin()


class _EncodedNames(dict[str, str]):
    """Names of metrics and columns, checked once and kept as the JSON text that stands in each line."""

    def __missing__(self, name: str) -> str:
        text = self[name] = encode_text(names.metric_name(name))
        return text


def _too_large(name: str, size_bytes: int, most_bytes: int) -> InvalidMetricError:
    return InvalidMetricError(
        name,
        f"one call would store {size_bytes / 1e6:,.1f} MB, the limit is {most_bytes / 1e6:,.1f} MB "
        "(CELLRUN_EVENT_BYTES); log it in parts or upload it as a file",
    )


_shared: dict[Path, EventLog] = {}
_all: weakref.WeakSet[EventLog] = weakref.WeakSet()


def _pause_all() -> None:
    for log in list(_all):
        log._pause()  # noqa: SLF001  # this module's own hooks


def _split_all() -> None:
    for log in list(_all):
        log._become_another_writer()  # noqa: SLF001


def _close_all() -> None:
    for log in list(_all):
        log.close()


os.register_at_fork(before=_pause_all, after_in_child=_split_all)
atexit.register(_close_all)
