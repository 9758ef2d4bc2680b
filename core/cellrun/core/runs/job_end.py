"""Leaves the exit code of a job's interpreter when it ends, in case its supervisor was killed and can't ask."""

from __future__ import annotations

import atexit
import functools
import os
import sys
import threading
from contextlib import suppress
from types import TracebackType

from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.layout import RunLayout

_ends: dict[str, JobEnd] = {}
"""That of this process, by its run's folder."""


class JobEnd:
    """The end of the interpreter that is a job.

    Responsibilities: which exit code it will have, and that it is left in the run folder. A script's isn't told to it:
    it is left out where it isn't certain. `with` it around what is all of the program it is what comes out of that.
    """

    def __init__(self, layout: RunLayout) -> None:
        self._layout = layout
        self._pid = os.getpid()
        self._script = vars(sys.modules["__main__"]).get("__file__")
        self._has_block = False
        self._code: int | None = None
        self._exits: list[object] = []

    def __enter__(self) -> None:
        self._has_block = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self._code = 0
        elif isinstance(error, SystemExit):
            self._code = _code(error.code)
        elif not isinstance(error, KeyboardInterrupt):  # that ends an interpreter by its signal
            self._code = 1

    def notice_exits(self) -> None:
        """Take notice of what `sys.exit` is called with: what it raises is gone when the interpreter ends."""
        exit_ = sys.exit

        @functools.wraps(exit_)
        def noticed(status: object = None, /) -> None:
            if threading.current_thread() is threading.main_thread():
                self._exits.append(status)
            exit_(status)  # type: ignore[arg-type]  # as it is called

        sys.exit = noticed  # type: ignore[assignment]  # it never returns

    def leave(self) -> None:
        """Leave the exit code, as the last thing that this interpreter does."""
        code = self.code()
        if code is None or os.getpid() != self._pid:  # a fork of it has another one
            return
        from cellrun.core.identity import ProcessIdentity  # noqa: PLC0415  # nobody waits for it at a start
        from cellrun.core.store.completion import Completion  # noqa: PLC0415
        from cellrun.core.supervision.process_file import ProcessFile  # noqa: PLC0415

        me, processes = ProcessIdentity.current(), None
        with suppress(*UNREADABLE):  # it is for want of something better
            processes = ProcessFile(self._layout).read()
        if processes and processes.job not in {None, me}:  # a daemon with a session of its own, which may end later
            return
        with suppress(OSError):
            Completion(me, code).write(self._layout)

    def code(self) -> int | None:
        """Return the exit code that this interpreter has, asked while it ends; None if that isn't certain."""
        return self._code if self._has_block else self._code_of_script()

    def _code_of_script(self) -> int | None:
        """Return the exit code of a script that has run; None if that isn't certain.

        CPython takes `__file__` away from a script that has come to its end, also to one by an error that nobody
        caught; not from one that a SystemExit ends.
        """
        if self._script is None:
            return None
        if "__file__" in vars(sys.modules["__main__"]):
            return _code(self._exits[0]) if len(self._exits) == 1 else None
        error = getattr(sys, "last_value", None)  # or a debugger's, or that of a shell within
        if error is None:
            return 0
        frame = sys.last_traceback.tb_frame if sys.last_traceback else None
        is_its = frame is not None and frame.f_code.co_filename == self._script
        return 1 if is_its and not isinstance(error, KeyboardInterrupt) else None


def job_end(layout: RunLayout) -> JobEnd:
    """Return the end of this interpreter, which is part of a submitted run; it is left there if it is the run's job."""
    end = _ends.get(str(layout.folder))
    if end is None:
        end = _ends[str(layout.folder)] = JobEnd(layout)
        if os.getsid(0) == os.getpid():  # a job leads a session of its own; its children are in it
            end.notice_exits()
            atexit.register(end.leave)
    return end


def _code(status: object) -> int:
    """Return the exit code that Python makes of a SystemExit's."""
    if status is None:
        return 0
    return status & 0xFF if isinstance(status, int) else 1
