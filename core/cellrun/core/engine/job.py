"""The process that an engine knows as its job, and signals: it stays until the run's attempt is over.

All of the run descends from another process, its guard (`guard.py`). So an engine that kills its job's first process,
and knows no other, ends all of it.

Standard library only: it runs on the machine where the run does.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import traceback
from contextlib import suppress
from pathlib import Path

from cellrun.core.engine.engine import Engine
from cellrun.core.engine.guard import Guard
from cellrun.core.engine.order import JobOrder
from cellrun.core.layout import RunLayout
from cellrun.core.processes.family import ProcessFamily

OTHERWISE = 1
"""The exit code of a job whose run hasn't Completed."""
_NO_NEWS = 4096


class EngineJob:
    """One job of an engine.

    Responsibilities: the guard is started, and hears why the engine wants its job to stop; how the run ended is the
    job's exit code.
    """

    def __init__(self, order: Path, engine: Engine) -> None:
        self._order = order
        self._engine = engine
        self._signals = self._answered = 0
        self.has_left = True
        """Whether what the run wrote is still needed there: something wasn't carried home, as far as is known."""

    def run(self) -> int:
        """Stay until the attempt is over; return the exit code: 0 if the run has Completed, `PREEMPTED`, else 1.

        Raises OSError, ValueError where the order can't be read, or no process is to be had.
        """
        order = JobOrder.read(self._order)
        woken, wake = os.pipe()
        for end in (woken, wake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._hear)
        # Who had much to do before had SIGTERM wait, and Ray blocks SIGINT, by which a run is stopped first.
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        tell, hears = self._start_guard(order)
        try:
            code = self._stay(tell, hears, woken)
        finally:
            signal.set_wakeup_fd(-1)
            for end in (tell, hears, woken, wake):
                os.close(end)
        if code is None:  # somebody has killed the guard
            ProcessFamily(RunLayout(order.folder), job=None).stop(0)
            return OTHERWISE
        return code

    def _hear(self, *_: object) -> None:
        self._signals += 1

    def _start_guard(self, order: JobOrder) -> tuple[int, int]:
        """Start the guard; return where it is told why to stop, and where it says how it ended."""
        told, tell = os.pipe()
        hears, says = os.pipe()
        if pid := os.fork():
            os.close(told)
            os.close(says)
            if self._engine.is_detached:
                os.waitpid(pid, 0)
            return tell, hears
        code = OTHERWISE
        try:
            os.close(tell)
            os.close(hears)
            if self._engine.is_detached and os.fork():
                os._exit(0)
            guard = Guard(order, self._engine, self._order, told)
            code = guard.run()
            with suppress(OSError):  # nobody is there any more
                os.write(says, bytes([code, guard.has_left]))
        except BaseException:  # noqa: BLE001  # of a fork nothing is to get out, whatever it is
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(code)

    def _stay(self, tell: int, hears: int, woken: int) -> int | None:
        """Pass on why the engine wants it to stop, until the guard says how it ended; None if it was killed."""
        while True:
            ready, _, _ = select.select([hears, woken], [], [], self._engine.look_s)
            if hears in ready:
                said = os.read(hears, 2)
                self.has_left = said[1:] != b"\0"
                return said[0] if said else None
            with suppress(BlockingIOError):
                os.read(woken, _NO_NEWS)
            is_signalled, self._answered = self._signals > self._answered, self._signals
            if is_signalled or (self._engine.look_s is not None and self._engine.is_stopping()):
                with suppress(BrokenPipeError):  # it has just ended
                    os.write(tell, self._engine.why_stopped().value)
