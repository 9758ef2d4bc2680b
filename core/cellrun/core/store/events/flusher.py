"""Something written a moment after it has changed, and at most once in that time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any


class Flusher:
    """Calls `write` some time after `touch`, in a thread that lives only while there is something to write.

    The lock is its owner's, which may be held more than once by one thread (RLock). `touch` is called with it held,
    `flush` without it; `write` is called without it.
    """

    def __init__(self, write: Callable[[], None], every_s: float, lock: AbstractContextManager[Any]) -> None:
        self.dirty = False
        """Whether `write` is still to come: then there is no need to touch again."""
        self._write = write
        self._every_s = every_s
        self._lock = lock
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def touch(self) -> None:
        """Say that something changed."""
        self.dirty = True
        if self._thread is None:
            thread = threading.Thread(target=self._run, args=(self._stop,), name="cellrun-summary", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the interpreter is shutting down: whoever closes at its end will flush
                return
            self._thread = thread

    def flush(self) -> None:
        """Write now if something waits to be written, and end the thread."""
        with self._lock:
            thread, self._thread = self._thread, None
            self._stop.set()
            self._stop = threading.Event()
            dirty, self.dirty = self.dirty, False
        if thread is not None:
            thread.join()
        if dirty:
            self._write()

    def _run(self, stop: threading.Event) -> None:
        while not stop.wait(self._every_s):
            with self._lock:
                if stop.is_set():
                    return
                if not self.dirty:
                    self._thread = None
                    return
                self.dirty = False
            self._write()
