"""How a run is asked to stop, and the one place where it becomes Canceled.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import suppress
from typing import Any

from cellrun.core.identity import ProcessIdentity
from cellrun.core.layout import RunLayout
from cellrun.core.status import Status
from cellrun.core.store.status_file import StatusFile, StatusRecord


def ask_to_cancel(layout: RunLayout) -> None:
    """Leave the request for whoever owns the run; once is enough, and a run that has ended needs none."""
    if StatusFile(layout).read().status.is_terminal:
        return
    layout.cancel_request.parent.mkdir(exist_ok=True)
    with suppress(FileExistsError), layout.cancel_request.open("x") as request:
        json.dump({"by": ProcessIdentity.current().to_json()}, request)


def is_asked_to_cancel(layout: RunLayout) -> bool:
    """Whether somebody has left the request."""
    return layout.cancel_request.exists()


def set_canceled(
    layout: RunLayout, reason: str, *, expected: Collection[Status] | None = None, **fields: Any
) -> StatusRecord | None:
    """End a run as Canceled, which its owner does, or who has proven that it has none. Returns what was written."""
    return StatusFile(layout).change(Status.CANCELED, expected=expected, reason=reason, **fields)
