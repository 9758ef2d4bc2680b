"""Copies what Python prints to a run's log file, while it goes where it went before."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TextIO

from cellrun.core.disk.control_file import open_to_append


class OutputTee:
    """Copies what is written to `sys.stdout` and `sys.stderr` to a log file, from `start` to `stop`.

    Safe among others that replace the two streams (`redirect_stdout`, `%%capture`, pytest): what they catch is theirs
    and isn't copied, and `stop` puts back only what is still this tee's own. A stream that somebody put aside and puts
    back after `stop` passes everything on and copies nothing. `is_wanted` is asked at each write: a quick look at
    whether the log still takes it.
    """

    def __init__(self, log: str | os.PathLike[str], is_wanted: Callable[[], bool] = lambda: True) -> None:
        self._path = Path(log)
        self._is_wanted = is_wanted
        self._log: _LogFile | None = None
        self._streams: dict[str, _TeeStream] = {}
        self._has_complained = False

    @property
    def is_open(self) -> bool:
        """Whether it copies."""
        return self._log is not None

    def start(self) -> None:
        """Begin to copy. A second call takes up streams that were replaced in between.

        Raises DamagedRunError for a link or a pipe in the log's place, or in that of its folder.
        """
        if self._log is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._log = _LogFile(open_to_append(self._path.parent.parent, self._path))
        for name in ("stdout", "stderr"):
            current = _without_stopped_tees(getattr(sys, name))
            if current is not None and not self._is_copied(current):
                self._streams[name] = _TeeStream(self, current)
                setattr(sys, name, self._streams[name])

    def stop(self) -> None:
        """Stop copying and put the streams back, as far as they are still this tee's. Calling it again does nothing."""
        self._log = None
        for name, stream in self._streams.items():
            stream.tee = None
            if getattr(sys, name) is stream:
                setattr(sys, name, _without_stopped_tees(stream))
        self._streams.clear()

    def write(self, text: str) -> None:
        """Add text to the log alone: for what doesn't pass through the streams, such as a kernel's tracebacks."""
        log = self._log
        if log is None or not self._is_wanted():
            return
        try:
            log.append(text.encode("utf-8", "backslashreplace"))
        except OSError as error:  # a full disk costs a part of the log, never the user's print
            if not self._has_complained:
                self._has_complained = True
                print(f"cellrun: output is missing in {self._path}: {error.strerror}", file=sys.__stderr__)

    def _is_copied(self, stream: TextIO) -> bool:
        """Whether what is written to a stream reaches this log already, through this tee or another one."""
        while isinstance(stream, _TeeStream):
            if stream.tee is not None and stream.tee._path == self._path:  # noqa: SLF001  # of its own kind
                return True
            stream = stream.beneath
        return False


class _TeeStream:
    """A stream that copies what is written to it until its tee stops; in everything else it is the stream beneath."""

    def __init__(self, tee: OutputTee, beneath: TextIO) -> None:
        self.tee: OutputTee | None = tee
        self.beneath = beneath

    def write(self, text: str) -> int:
        tee = self.tee
        if tee is not None and isinstance(text, str):  # the stream beneath says what is wrong with anything else
            tee.write(text)
        return self.beneath.write(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.beneath, name)


class _LogFile:
    """A file to append to from any thread.

    It has no lock, which a fork or a signal handler could find taken: appending is one call, and the descriptor is
    closed when the last thread that writes lets go of the object.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def append(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]

    def __del__(self) -> None:
        os.close(self._descriptor)


def _without_stopped_tees(stream: TextIO | None) -> TextIO | None:
    """Return the stream itself, or what is beneath tees that were stopped while somebody else held their stream."""
    while isinstance(stream, _TeeStream) and stream.tee is None:
        stream = stream.beneath
    return stream
