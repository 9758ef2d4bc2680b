"""The job of a driver's run: it asks its driver until all is done, and ends what it has started when it is canceled."""

from __future__ import annotations

import signal
import sys
import time
import warnings
from contextlib import suppress
from importlib import import_module

from cellrun.core.driving.children import Children
from cellrun.core.driving.driver import Driver
from cellrun.core.driving.plan import Plan
from cellrun.core.errors import RunEnvironmentException
from cellrun.core.identity import own_run
from cellrun.core.store.ending import is_asked_to_cancel

_SOONEST_S = 0.02
_LATEST_S = 0.5
_WORD_S = 10.0
"""So long the word of a supervisor is waited for that has a request to cancel."""
_LATENESS = 0.05
"""The next look comes after so much of the time since the last change: short steps follow one another at once."""


def drive(driver: str) -> None:
    """Drive the plan of the run that this process is the job of; `driver` is `module:Class`.

    The process ends with code 1, and the reason as its last line, if the run has failed.
    """
    run = own_run()
    if run is None:
        raise RunEnvironmentException("drive.py starts the children of a run: it is the job of one, and nothing alone")
    interrupts = _Interrupts()
    warnings.showwarning = lambda message, *_: say(str(message))  # what a submission warns of; once, by itself
    module, _, name = driver.partition(":")
    children = Children(run)
    made = getattr(import_module(module), name)(Plan.read(run), children)
    try:
        failure = _until_done(made, children, interrupts)
    except BaseException:  # whatever it is: nobody else looks after its children
        children.cancel_all(say)
        raise
    if failure:
        sys.exit(failure)


def say(line: str) -> None:
    """Write a line into the run's log; a full disk doesn't end a driver."""
    with suppress(OSError):
        print(line, flush=True)  # noqa: T201  # the log of the job that this is


class _Interrupts:
    """Whether this process was interrupted: noted, so that no child is lost that is being started meanwhile."""

    def __init__(self) -> None:
        self.came = False
        signal.signal(signal.SIGINT, self._note)

    def wait(self) -> None:
        """Wait for it where a request has told of it: who is interrupted is Canceled, who ends before that Failed."""
        until = time.monotonic() + _WORD_S
        while not self.came and time.monotonic() < until:
            time.sleep(_SOONEST_S)

    def _note(self, *_: object) -> None:
        self.came = True


def _until_done(driver: Driver, children: Children, interrupts: _Interrupts) -> str:
    """Ask a driver until it is done; return why its run has failed."""
    changed_at, before = time.monotonic(), children.progress()
    while not driver.advance():
        if interrupts.came:
            return _cancel(children)
        now = children.progress()
        if now != before:
            changed_at, before = time.monotonic(), now
            continue
        time.sleep(min(max((time.monotonic() - changed_at) * _LATENESS, _SOONEST_S), _LATEST_S))
    if not is_asked_to_cancel(children.run):
        return driver.failure()
    why = _cancel(children)  # they were asked together with this run, and were quicker
    interrupts.wait()
    return why


def _cancel(children: Children) -> str:
    """Cancel the children and wait for their ends: this process is told to end if that takes too long."""
    say("canceled: the children that go on are canceled too")
    children.cancel_all(say)
    while not all(status.status.is_terminal for status in children.look().values()):
        time.sleep(_SOONEST_S)
    return "canceled"
