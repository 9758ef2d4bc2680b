"""Chooses the transport of a run's files by its uploader's orders. Standard library only."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, BinaryIO

from cellrun.core.mirror.printed_lines import PrintedLines
from cellrun.core.mirror.push import Push
from cellrun.core.mirror.uploader import NothingTakenError, NotTakenError, Transport

FIRST_S = 10.0
"""So long a server is waited for that is asked whether it can be reached at all."""


def transport_of(told: Mapping[str, Any], out: BinaryIO, first_s: float = FIRST_S) -> Transport:
    """Return the transport that an order of `upload_script.py` names; printed lines go to `out`.

    With `or_lines` a server is asked once before: where it can't be reached, or isn't the right one, one line says so,
    and all is printed. A server that is known to be there is tried again for as long as the run goes on.
    """
    key = bytes.fromhex(told["key"])
    if told["way"] != "push":
        return PrintedLines(out, key)
    if told.get("or_lines"):
        first = Push(told["url"], told["token"], key, first_s)
        try:
            first.have()
        except (NotTakenError, NothingTakenError) as error:
            words = f"cellrun: {error}. What this run writes goes home by this log."
            print(words, file=sys.stderr, flush=True)  # noqa: T201  # the engine's log has it
            return PrintedLines(out, key)
        finally:
            first.close()
    return Push(told["url"], told["token"], key)
