"""`python -m cellrun.core.targets.keeper LOCK SOCKET SECONDS`: the keeper's process, started by `start`.

It has its lock and its listening socket from whoever started it, and ends so many seconds after the last live run.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from contextlib import suppress
from types import FrameType

from cellrun.core import __version__
from cellrun.core.targets.keeper.keeper import Keeper
from cellrun.core.targets.keeper.log import KeeperLog
from cellrun.core.targets.keeper.place import KeeperPlace
from cellrun.core.targets.keeper.service import Service

_LAST_TURNS = 3


def main(listening: socket.socket, idle_s: float) -> None:
    """Keep targets until no live run has been held for so long, or somebody ends this process."""
    place = KeeperPlace.here()
    log = KeeperLog(place.log)
    service = Service(listening)
    keeper = Keeper(service.wake, log.say)

    def end(_number: int, _frame: FrameType | None) -> None:
        keeper.is_over = True
        service.wake()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a terminal's end is none of its business
    log.say(f"begins: cellrun {__version__}, {sys.executable}")
    address = _inode(place)
    while not keeper.is_over and (service.is_busy or keeper.idle_s() < idle_s):
        service.serve(keeper, keeper.tick())
        if _inode(place) != address:  # the runtime folder was removed, as at the last logout: nobody finds it here
            log.say("ends: its socket is gone")
            break
    if _inode(place) == address:
        place.address.unlink(missing_ok=True)
    for _ in range(_LAST_TURNS):  # who has come by then
        service.serve(keeper, 0)
    keeper.end()
    service.close()
    log.say("has ended")


def _inode(place: KeeperPlace) -> int:
    with suppress(OSError):
        return place.address.stat().st_ino
    return 0


if __name__ == "__main__":
    _lock, _listening, _idle_s = sys.argv[1:]
    for _fd in (_lock, _listening):  # what a target starts must not hold them
        os.set_inheritable(int(_fd), False)  # noqa: FBT003  # it takes no names
    main(socket.socket(fileno=int(_listening)), float(_idle_s))
    sys.stdout.flush()
    os._exit(0)  # a pass that doesn't end isn't waited for
