"""The statuses of a remote run, as its supervisor has written them, applied here: each entry once, in order."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cellrun.core.disk import control_file
from cellrun.core.errors import DamagedRunError
from cellrun.core.layout import RunLayout
from cellrun.core.store.ending import is_asked_to_cancel
from cellrun.core.store.liveness import SILENT, UNANSWERED, is_silent
from cellrun.core.store.notes import CANCELED_TOO_LATE
from cellrun.core.store.status import Status, StatusFile, StatusRecord, status_of

THERE = "there"
"""The field that holds an entry's own number."""
_THERE_AT = "there_at"
"""The field that holds its time by the clock here: before that the next one can't have been."""
_NOT_TAKEN = frozenset({THERE, _THERE_AT, SILENT, UNANSWERED, "owner"})
"""What is said by whoever judges a run here: no process there is one of ours."""


def next_number(layout: RunLayout) -> int:
    """Return the number there of the next entry that is to be applied here. Raises DamagedRunError."""
    return _applied(StatusFile(layout).read_whole()) + 1


def apply_statuses(
    layout: RunLayout, waiting: Mapping[int, Path], clock_ahead_s: float, *, is_all_here: bool, may_skip: bool
) -> None:
    """Apply entries, by their number there, as far as they follow one another.

    The last one of a run waits until all else is here (`is_all_here`). `may_skip`: don't wait for entries that are
    missing between others. `clock_ahead_s` is by how much the clock there is ahead of ours.
    Raises OSError if an entry can't be read, or the disk doesn't take one.
    """
    file = StatusFile(layout)
    following = next_number(layout)
    for n in sorted(n for n in waiting if n >= following):
        if n > following and not may_skip:
            return
        entry = _entry(layout, n, waiting[n])
        if entry is not None:
            if entry.status.is_terminal and not is_all_here:
                return
            is_too_late = entry.status is Status.COMPLETED and is_asked_to_cancel(layout)
            _change(file, _with_note(entry, CANCELED_TOO_LATE) if is_too_late else entry, clock_ahead_s)
        following = n + 1


def _entry(layout: RunLayout, n: int, path: Path) -> StatusRecord | None:
    """Return an entry; None for one that is damaged, or says nothing."""
    try:
        entry = status_of(layout, n, control_file.read_control_file(layout.folder, path))
    except DamagedRunError:
        return None
    return None if entry.status is Status.NOT_STARTED else entry


def _with_note(entry: StatusRecord, note: str) -> StatusRecord:
    return entry._replace(fields={**entry.fields, "notes": [*entry.fields.get("notes", ()), note]})


def _change(file: StatusFile, entry: StatusRecord, clock_ahead_s: float) -> None:
    fields: dict[str, Any] = {name: value for name, value in entry.fields.items() if name not in _NOT_TAKEN}
    last = file.read_whole()
    if is_silent(last):
        fields |= {SILENT: "", UNANSWERED: False}
    at = min(entry.at - clock_ahead_s, time.time())  # it was written before it came
    before = last.fields.get(_THERE_AT)
    not_before = before if isinstance(before, float) else None
    at = at if not_before is None else max(at, not_before)
    file.change(entry.status, reason=entry.reason, at=at, not_before=not_before, **fields, there=entry.n, there_at=at)


def _applied(status: StatusRecord) -> int:
    there = status.fields.get(THERE, -1)
    return there if type(there) is int else -1
