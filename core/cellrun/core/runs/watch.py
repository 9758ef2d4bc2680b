"""Waiting for a run's end, and its log on the way there."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cellrun.core.errors import ActivityFailedException, ExperimentExecutionException
from cellrun.core.front_end import coloured, plain
from cellrun.core.layout import PREPARATION_LOG, RunLayout
from cellrun.core.runs import printing
from cellrun.core.runs.details import run_error
from cellrun.core.store.files.artifacts import LOG
from cellrun.core.store.files.log_tail import LinePrinter, LogReader
from cellrun.core.store.status import Status, StatusRecord

SOONEST_LOOK_S = 0.02
LATEST_LOOK_S = 0.2
LATENESS = 0.1
"""The next look comes after so much of the time waited until now: a short run's end is seen as soon, in relation."""
UNFINISHED_LINE_S = 0.4
"""A line without its end (a prompt, a row of dots) is printed after so long without anything new."""
READ_BYTES = 1_000_000
_SAID_WHY = frozenset({Status.QUEUED, Status.PREPARING, Status.NOT_RESPONDING})
_NUMBER = re.compile(r"\d+(?:[.:,]\d+)*")


def wait_for_end(
    layout: RunLayout,
    look: Callable[[], StatusRecord],
    notes: Callable[[StatusRecord], Iterable[str]],
    *,
    page: Callable[[], str] | None,
    raise_on_error: bool,
) -> StatusRecord:
    """Wait until a run has ended. Returns its last status, which `look` found.

    `notes` gives what is to be said of a run with its last status. With `page`, which tells where the run is seen in a
    browser, its log is printed.

    Raises ActivityFailedException for a run that Failed, unless it is to be printed; ExperimentExecutionException when
    the user interrupts the waiting: the run goes on.
    """
    with interruptible(layout.run_id):
        status = wait(look) if page is None else _watch(layout, look, notes, page)
    if status.status is Status.FAILED:
        if raise_on_error:
            raise failed(layout, status)
        if page is not None:
            say(printing.watch_error(run_error(status, layout.last_log)))
    return status


@contextmanager
def interruptible(run_id: str) -> Iterator[None]:
    """Let Ctrl-C end the waiting for a run, and not the run."""
    try:
        yield
    except KeyboardInterrupt:
        raise ExperimentExecutionException(
            f"the watching of run {run_id} was interrupted, but the run goes on; "
            "run.wait_for_completion() takes it up again, run.cancel() stops the run"
        ) from None


def failed(layout: RunLayout, status: StatusRecord) -> ActivityFailedException:
    """Return the error that tells why a run Failed."""
    tail = str(status.fields.get("traceback_tail") or "")
    return ActivityFailedException(layout.run_id, status.reason or "no reason is known", tail, str(layout.last_log))


def _watch(
    layout: RunLayout,
    look: Callable[[], StatusRecord],
    notes: Callable[[StatusRecord], Iterable[str]],
    page: Callable[[], str],
) -> StatusRecord:
    say(printing.watch_header(layout.run_id, page()))
    status = follow(layout, look)
    say(printing.watch_summary(layout.run_id, page(), notes(status)))  # the first link may be used up
    return status


def follow(layout: RunLayout, look: Callable[[], StatusRecord]) -> StatusRecord:
    """Print a run's logs as they are written, until it has ended; return its last status."""
    log = _PrintedLogs(layout)
    status = wait(look, log.print_while)
    log.print_new(is_final=True)
    return status


def wait(look: Callable[[], StatusRecord], meanwhile: Callable[[StatusRecord], None] = lambda _: None) -> StatusRecord:
    """Look at a run until it has ended, at first often; return its last status."""
    began = time.monotonic()
    while not (status := look()).status.is_terminal:
        meanwhile(status)
        waited_s = time.monotonic() - began
        time.sleep(min(max(LATENESS * waited_s, SOONEST_LOOK_S), LATEST_LOOK_S))
    return status


class _PrintedLogs:
    """A run's logs on the standard output, as far as they are written: of how things were made ready, then its own."""

    def __init__(self, layout: RunLayout) -> None:
        self._logs = [_PrintedLog(PREPARATION_LOG, layout.preparation_log), _PrintedLog(LOG, layout.log)]
        self._told = -1
        self._said = ""

    def print_new(self, *, is_final: bool = False) -> None:
        """Print what is new; `is_final` tells that nothing more comes."""
        for log in self._logs:
            log.print_new(is_final=is_final)

    def print_while(self, status: StatusRecord) -> None:
        """Print what is new, how a run is being stopped, and what it waits for."""
        self.print_new()
        if status.status is Status.CANCEL_REQUESTED and status.reason and status.n != self._told:
            self._told = status.n
            say(printing.watch_stopping(status.reason))
        elif status.status in _SAID_WHY and status.reason:
            self._tell_why(status.status, status.reason)

    def _tell_why(self, status: Status, reason: str) -> None:
        """Print what a run waits for, once: that there are other numbers in it isn't worth a line."""
        said = f"{status.word}: {_NUMBER.sub('', reason)}"
        if said != self._said:
            self._said = said
            say(printing.watch_waiting(status.word, reason))


class _PrintedLog:
    """One log on the standard output."""

    def __init__(self, name: str, path: Path) -> None:
        self._name = name
        self._log = LogReader(path)
        self._lines = LinePrinter()
        self._offset = 0
        self._grew_at = time.monotonic()

    def print_new(self, *, is_final: bool = False) -> None:
        """Print what is new: whole lines and states of a bar, at the end or after a while also an unfinished line."""
        while data := self._log.read(self._offset, READ_BYTES):
            if self._offset == 0:
                say(printing.log_header(self._name))
            self._offset += len(data)
            self._grew_at = time.monotonic()
            _print(coloured(self._lines.feed(data)))
        if is_final:
            _print(coloured(self._lines.feed(b"", final=True)))
        elif time.monotonic() - self._grew_at > UNFINISHED_LINE_S:
            _print(coloured(self._lines.release()))


def say(text: str) -> None:
    """Print a text whose lines end where it says."""
    _print(plain(text))


def _print(text: str) -> None:
    if text:
        sys.stdout.write(text)
        sys.stdout.flush()
