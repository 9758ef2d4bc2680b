"""How long a queue's lock is waited for, and the words for whoever waits long: the holder may be stopped.

Standard library only: an ending supervisor shares it.
"""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from cellrun.core.errors import ComputeTargetException
from cellrun.core.front_end import plain
from cellrun.core.identity import ProcessIdentity
from cellrun.core.processes import process_table

_SHORT_S = 0.001
_LONGEST_S = 0.02
_WORD_S = 3.0
_MOST_S = 60.0


def pauses(path: Path, _: str) -> Iterator[float]:
    """Iterate over the pauses, in seconds, between the attempts to take a queue's lock, which stands in a file.

    Whoever waits is warned after three seconds. Raises ComputeTargetException after a minute.
    """
    began, pause_s, is_told = time.monotonic(), _SHORT_S, False
    while (waited_s := time.monotonic() - began) <= _MOST_S:
        if waited_s > _WORD_S and not is_told:
            is_told = True
            warnings.warn(plain(f"waiting: {_holder(path)}"), RuntimeWarning, stacklevel=4)
        yield pause_s
        pause_s = min(2 * pause_s, _LONGEST_S)
    raise ComputeTargetException(f"gave up after {waited_s:.0f} s: {_holder(path)}")


def _holder(path: Path) -> str:
    """Say who holds a lock, as far as that is known."""
    words = f"another process holds the local queue ({path})"
    with suppress(OSError, ValueError, KeyError, TypeError):
        who = ProcessIdentity.from_json(json.loads(path.read_bytes()))
        if not who.is_local:
            return f"process {who.pid} on {who.host}, in another container, holds the local queue ({path})"
        entry = process_table.process(who.pid)
        if entry and entry.started == who.started:
            words = f"process {who.pid} holds the local queue ({path})"
            if entry.is_stopped:
                words += f" and is stopped; `kill -CONT {who.pid}` lets it go on, `kill -9 {who.pid}` ends it"
    return words
