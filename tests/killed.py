"""Something that is done by a process which is killed on the way, at a step of a test's choice."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

_STEPS = frozenset(
    {"os.rename", "os.link", "os.remove", "os.mkdir", "os.fork", "os.posix_spawn", "subprocess.Popen", "socket.connect"}
)
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def killed_at(step: int, do: Callable[[], object], after: str = "") -> bool:
    """Do something in a child that is killed before the step of that number; whether it came so far.

    With `after`, steps count from the audit event of that name on (`sys.audit`).
    Steps are what others may see, as Python's audit events tell: files that change, processes, connections.
    """
    child = os.fork()
    if child == 0:
        left, has_begun = step, not after

        def count(event: str, arguments: tuple[Any, ...]) -> None:
            nonlocal left, has_begun
            has_begun = has_begun or event == after
            if has_begun and (event in _STEPS or (event == "open" and arguments[2] & _WRITES)):
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        try:
            do()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])
