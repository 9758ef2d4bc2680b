"""How a process has ended, also one that isn't this process's child.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import os
import struct
from typing import NamedTuple

from cellrun.core.identity import ProcessIdentity
from cellrun.core.processes import process_table

# From linux/pidfd.h: PIDFD_GET_INFO of a struct's first size, and its flag for an exit, which Linux 6.15 and newer know
_GET_INFO = 0xC040FF0B
_INFO_EXIT = 1 << 3
_INFO = struct.Struct("=Q52xi")


class JobExit(NamedTuple):
    """How a job ended: by an exit code or by a signal; neither if only its end was seen, not how."""

    code: int | None
    signal: int | None

    @classmethod
    def of_wait_status(cls, status: int) -> JobExit:
        """Read what `waitpid` tells."""
        code = os.waitstatus_to_exitcode(status)
        return cls(code, None) if code >= 0 else cls(None, -code)


UNKNOWN_EXIT = JobExit(None, None)


def exit_seen(who: ProcessIdentity, pidfd: int = -1) -> JobExit:
    """Return how a process has ended that another one is asked for; unknown where the system doesn't tell that.

    The system tells it of one that nobody has asked yet, and by a `pidfd` that was opened before of any.
    """
    entry = process_table.process(who.pid)
    if entry and entry.has_ended and entry.started == who.started and process_table.is_own(who.pid):
        return JobExit.of_wait_status(entry.wait_status)
    return UNKNOWN_EXIT if pidfd < 0 else _told_by(pidfd)


def _told_by(pidfd: int) -> JobExit:
    import fcntl  # noqa: PLC0415  # for a job that was taken over alone

    info = bytearray(_INFO.pack(_INFO_EXIT, 0))
    try:
        fcntl.ioctl(pidfd, _GET_INFO, info)
    except OSError:  # an older Linux
        return UNKNOWN_EXIT
    told, status = _INFO.unpack(info)
    return JobExit.of_wait_status(status) if told & _INFO_EXIT else UNKNOWN_EXIT
