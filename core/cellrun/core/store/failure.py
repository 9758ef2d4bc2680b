"""The reason of a failed run, in words: from its exit and the end of its log.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from typing import Any, NamedTuple

from cellrun.core.disk.control_file import open_control_file
from cellrun.core.errors import DamagedRunError
from cellrun.core.front_end import without_codes
from cellrun.core.processes.exits import JobExit

_TAIL_BYTES = 64 * 1024
_TRACEBACK_CHARS = 4000
_LINE_CHARS = 500
_FRAMES = ('  File "', "  Cell In[")
_FRAME = r'  (?:File ".*", line \d+(?:, in .*)?|Cell In\[.*\], line \d+.*)'  # not compiled for a log without one
_HEADER = "Traceback (most recent call last):"
_GROUP = "  | "  # before each line of an exception group's own traceback
_FATAL = "Fatal Python error: "  # what faulthandler writes when a signal ends an interpreter


class LogEnd(NamedTuple):
    """What the end of a log tells about a failure."""

    traceback: str
    """The last traceback, cut to a readable length where the oldest calls are; empty if there is none."""
    error: str
    """The line that names the error; empty if there is none."""
    last_line: str
    """The last line that says anything."""

    @classmethod
    def read(cls, log: Path, line_chars: int = _LINE_CHARS) -> LogEnd:
        """Read the end of a log file, its lines cut at `line_chars`; all empty if there is none."""
        try:
            # The job may have put a pipe there.
            with open(open_control_file(log.parent, log), "rb") as file:  # noqa: PTH123  # a file that is open
                file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
                text = file.read().decode("utf-8", "replace")
        except (OSError, DamagedRunError):
            return cls("", "", "")
        return cls.of(text, line_chars)

    @classmethod
    def of(cls, text: str, line_chars: int = _LINE_CHARS) -> LogEnd:
        """Read the end of a log from its text: terminal colours, progress bars and all."""
        lines = [line.rstrip("\r").rpartition("\r")[2].rstrip() for line in without_codes(text).split("\n")]
        last = next((line for line in reversed(lines) if any(map(str.isalnum, line))), "")
        start, error = _traceback(lines)
        tail = "\n".join(lines[start:]).rstrip() if start is not None else ""
        # In a traceback the most recent call is the last, in what faulthandler writes the first.
        cut = tail[:_TRACEBACK_CHARS] if error.startswith(_FATAL) else tail[-_TRACEBACK_CHARS:]
        return cls(cut, error[:line_chars], last.strip()[:line_chars])


def reason(how: JobExit, end: LogEnd, *, is_shell: bool = False, memory_lack: str | None = "") -> str:
    """Say why a job that ended this way has failed: "exit code 1: ValueError: no data".

    `memory_lack` is what the system says that it was short of; empty if it wasn't, None if the system doesn't tell.
    """
    if memory_lack and signal.SIGKILL in {how.signal, (how.code or 0) - 128 if is_shell else None}:
        return f"killed by the out-of-memory killer ({memory_lack})"
    if how.signal is not None:
        return _killed(how.signal, end, may_lack_memory=memory_lack is None)
    if how.code is None:
        return "exit status unknown: supervisor was killed"
    text = f"exit code {how.code}"
    if is_shell and how.code > 128:  # POSIX: a shell reports a signal so
        return f"{text} (a program of the command was killed by {signal_name(how.code - 128)})"
    if is_shell and how.code == 127:
        text = f"{text} (command not found)"
    if end.error and how.code == 1:
        from cellrun.core.store.removed_names import why_missing  # noqa: PLC0415  # a job that logs doesn't need it

        why = why_missing(end.error)
        return f"{text}: {end.error} ({why})" if why else f"{text}: {end.error}"
    # Without a traceback it is the last line that says most: argparse's refusal, sys.exit("no data").
    return f"{text}; its log ends with: {end.last_line}" if end.last_line and not end.traceback else text


def _killed(number: int, end: LogEnd, *, may_lack_memory: bool) -> str:
    text = f"killed by signal {number} ({signal_name(number)})"
    if number == signal.SIGKILL and may_lack_memory:
        return f"{text}; possibly out of memory"
    return f"{text}: {end.error}" if end.error.startswith(_FATAL) else text  # else the signal came from elsewhere


def fields(how: JobExit, end: LogEnd) -> dict[str, Any]:
    """Return what a status keeps of an ending."""
    facts: dict[str, Any] = {"exit_code": how.code, "signal": how.signal and signal_name(how.signal)}
    return {**facts, "traceback_tail": end.traceback, "last_line": end.error or end.last_line}


def cannot_start(program: str, errno: int) -> str:
    """Say why a job's program could not be started."""
    return f"cannot start {program!r}: {os.strerror(errno)}"


def signal_name(number: int) -> str:
    """Return a signal's name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIGRTMIN+{number - signal.SIGRTMIN}"


def _traceback(lines: list[str]) -> tuple[int | None, str]:
    """Return where the last traceback begins and the line that names its error."""
    lines = [line.removeprefix(_GROUP) for line in lines]
    frames = [number for number, line in enumerate(lines) if line.startswith(_FRAMES) and re.fullmatch(_FRAME, line)]
    fatal = [number for number, line in enumerate(lines) if line.startswith(_FATAL)]
    if fatal and (not frames or fatal[-1] > frames[-1]):
        return fatal[-1], lines[fatal[-1]]
    if not frames:
        return None, ""
    last = frames[-1]
    error = next((line for line in lines[last + 1 :] if line and not line.startswith(" ")), "")
    # A SyntaxError of the script itself has a frame without the header.
    begin = next((number for number in range(last, -1, -1) if lines[number].endswith(_HEADER)), last)
    return begin, error
