"""A program at the end of three pipes: bytes to it and from it, each with a deadline, and its last words."""

from __future__ import annotations

import os
import selectors
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import IO, cast

_LAST_BYTES = 4096
_BLOCK_BYTES = 1 << 18
_END_S = 2.0


class PipeEndError(Exception):
    """The program has closed its end, or has gone."""


class Pipes:
    """A started program. One thread at a time uses it. Raises OSError if it can't be started."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str] | None) -> None:
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=None if env is None else dict(env),
            start_new_session=True,  # Ctrl-C in a terminal is for its own program
            bufsize=0,
        )
        self._in, self._out = cast("IO[bytes]", self._process.stdin), cast("IO[bytes]", self._process.stdout)
        self._words = cast("IO[bytes]", self._process.stderr)
        for file in (self._in, self._out):
            os.set_blocking(file.fileno(), False)
        self._unread = bytearray()
        self._last = bytearray()
        self._listener = threading.Thread(target=self._listen, name="cellrun last words", daemon=True)
        self._listener.start()

    @property
    def last_words(self) -> str:
        """What it said last on stderr, 4 kB at most."""
        return bytes(self._last).decode("utf-8", "replace").strip()

    def end(self) -> int | None:
        """Return its exit code once it has closed its pipes, waiting a moment; None if it goes on."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_S)
            self._listener.join(_END_S)
        return self._process.returncode

    def write(self, data: bytes, deadline: float) -> None:
        """Write all of some bytes. Raises TimeoutError, PipeEndError."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._in.fileno(), rest[:_BLOCK_BYTES]) :]
            except BlockingIOError:
                _wait(self._in.fileno(), selectors.EVENT_WRITE, deadline)
            except (OSError, ValueError) as error:  # ValueError: closed by another thread
                raise PipeEndError(str(error)) from error

    def line(self, deadline: float, most: int) -> bytes:
        """Return the next line with its end. Raises TimeoutError, PipeEndError, ValueError for one that is longer."""
        seen = 0
        while (at := self._unread.find(b"\n", seen)) < 0:
            if len(self._unread) > most:
                raise ValueError("a line without end")
            seen = len(self._unread)
            self._more(deadline)
        return self._taken(at + 1)

    def read(self, size: int, deadline: float) -> bytes:
        """Return so many bytes. Raises TimeoutError, PipeEndError."""
        while len(self._unread) < size:
            self._more(deadline)
        return self._taken(size)

    def rest(self) -> bytes:
        """Return what came and wasn't used."""
        return bytes(self._unread)

    def close(self) -> None:
        """Let it end by closing its stdin; else end it."""
        with suppress(OSError):
            self._in.close()
        ends: tuple[Callable[[], object], ...] = (self._process.poll, self._process.terminate, self._process.kill)
        for end in ends:
            end()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_END_S)
                break
        self._listener.join(_END_S)
        self._out.close()

    def _more(self, deadline: float) -> None:
        while True:
            try:
                block = os.read(self._out.fileno(), _BLOCK_BYTES)
            except BlockingIOError:
                _wait(self._out.fileno(), selectors.EVENT_READ, deadline)
                continue
            except (OSError, ValueError) as error:
                raise PipeEndError(str(error)) from error
            if not block:
                raise PipeEndError("its output has ended")
            self._unread += block
            return

    def _taken(self, size: int) -> bytes:
        taken = bytes(self._unread[:size])
        del self._unread[:size]
        return taken

    def _listen(self) -> None:
        with self._words, suppress(OSError, ValueError):
            while block := os.read(self._words.fileno(), _LAST_BYTES):
                self._last += block
                del self._last[:-_LAST_BYTES]


def _wait(fd: int, event: int, deadline: float) -> None:
    with selectors.DefaultSelector() as waiting:
        waiting.register(fd, event)
        if not waiting.select(max(0.0, deadline - time.monotonic())):
            raise TimeoutError
