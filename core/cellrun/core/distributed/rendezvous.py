"""The ports at which a distributed run's processes find each other.

Standard library only: the Python of any environment starts it.
"""

from __future__ import annotations

import socket
import sys
from contextlib import ExitStack

from cellrun.core.distributed.distribution import Distribution

_DOCUMENTED_PORT = 6105


class Rendezvous:
    """Ports of this machine, which is the first of a run's, that nothing else here has; held while this object is."""

    def __init__(self, distribution: Distribution) -> None:
        self._guard: socket.socket | None = None
        is_tensorflow = distribution.kind == "tensorflow"
        self.ports = _free_ports(distribution.total) if is_tensorflow else (self._meeting_port(),)
        """The first is the meeting point; TensorFlow's processes have one each."""

    def _meeting_port(self) -> int:
        """Return the port that Azure ML documents, if nothing here has it nor another run is about to; else a free one.

        What tells runs from each other is a socket without a file: whoever has its name has the port, until it ends.
        """
        if sys.platform == "linux":
            guard = socket.socket(socket.AF_UNIX)
            try:
                guard.bind(f"\0cellrun.port.{_DOCUMENTED_PORT}")
                with socket.socket() as tried:
                    tried.bind(("", _DOCUMENTED_PORT))
            except OSError:
                guard.close()
            else:
                self._guard = guard
                return _DOCUMENTED_PORT
        return _free_ports(1)[0]


def _free_ports(count: int) -> tuple[int, ...]:
    """Return ports of this machine that nobody has; all are held until the last is found, so that they differ."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("", 0))  # others than this machine's own processes may be to reach it
        return tuple(one.getsockname()[1] for one in sockets)
