"""How a run is asked to stop, and the one place where it becomes Canceled, or Failed if it was declared so.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from contextlib import suppress
from typing import Any

from cellrun.core.disk import control_file
from cellrun.core.disk.control_file import folder_beneath
from cellrun.core.errors import DamagedRunError
from cellrun.core.identity import ProcessIdentity
from cellrun.core.layout import RunLayout
from cellrun.core.status import Status
from cellrun.core.store.status_file import StatusFile, StatusRecord

_FAILS = "fails"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


def ask_to_cancel(layout: RunLayout, fails: str | None = None) -> None:
    """Leave a request for whoever owns the run; a run that has ended needs none.

    `fails`: why it is Failed then; without that it is Canceled. The first who asks says which.

    Until the run is being stopped one is enough, however many ask; from then on each one more asks for the next step.
    Raises OSError where the disk takes no file more.
    """
    status = StatusFile(layout).read().status
    if status.is_terminal:
        return
    layout.cancel_request.parent.mkdir(exist_ok=True)
    told = {"by": ProcessIdentity.current().to_json(), **({} if fails is None else {_FAILS: fails})}
    request = (json.dumps(told) + "\n").encode()
    if status is Status.CANCEL_REQUESTED:
        control_file.append(layout.folder, layout.cancel_request, request)
        return
    with suppress(FileExistsError), folder_beneath(layout.folder, [layout.cancel_request.parent.name]) as folder:
        fd = os.open(layout.cancel_request.name, _NEW, 0o666, dir_fd=folder)
        with os.fdopen(fd, "wb", buffering=0) as file, suppress(OSError):
            file.write(request)  # on a full disk it stays empty, and asks as well


def is_asked_to_cancel(layout: RunLayout) -> bool:
    """Whether somebody has left a request."""
    return cancel_requests(layout) > 0


def cancel_requests(layout: RunLayout) -> int:
    """Return how many requests were left; one that is being written counts if it is the first."""
    try:
        return max(1, control_file.read_control_file(layout.folder, layout.cancel_request).count(b"\n"))
    except OSError:  # there is none, or nobody can see it
        return 0
    except DamagedRunError:  # whatever it is, it stands where a request does
        return 1


def set_canceled(
    layout: RunLayout, reason: str | None, *, expected: Collection[Status] | None = None, **fields: Any
) -> StatusRecord | None:
    """End a run as Canceled, which its owner does, or who has proven that it has none. Returns what was written.

    One that somebody has declared failed while it went on is Failed.
    """
    if (why := _declared_failed(layout)) is not None:
        return StatusFile(layout).change(Status.FAILED, expected=expected, reason=why, **fields)
    return StatusFile(layout).change(Status.CANCELED, expected=expected, reason=reason, **fields)


def _declared_failed(layout: RunLayout) -> str | None:
    """Return why whoever asked for a run's end said that it has failed; None if nobody did."""
    try:
        first, _, _ = control_file.read_control_file(layout.folder, layout.cancel_request).partition(b"\n")
        told = control_file.parsed(layout.folder, layout.cancel_request, first)
    except (OSError, DamagedRunError):  # nobody asked, or a full disk took the question alone
        return None
    why = told.get(_FAILS)
    return why if isinstance(why, str) else None
