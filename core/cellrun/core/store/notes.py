"""The notes of a run: what its user should know though it is no failure.

The owner of a run's status keeps its notes there; everybody else appends to the run's file of notes.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress

from cellrun.core.disk import control_file
from cellrun.core.errors import DamagedRunError
from cellrun.core.layout import RunLayout
from cellrun.core.store.changes import note_change
from cellrun.core.store.status import StatusRecord

DISK_WAS_FULL = "the disk was full when it ended: its log and metrics may lack their end"
CANCELED_TOO_LATE = "the request to cancel it came too late: it had completed by then"
_MOST_BYTES = 1_000_000
MOST_NOTES = 50
"""More than so many help nobody; who adds further ones adds nothing."""


def add_note(layout: RunLayout, note: str) -> None:
    """Note something about a run, once; nothing happens where it is noted already."""
    known = added_notes(layout)
    if note in known or len(known) >= MOST_NOTES:
        return
    line = json.dumps({"at": time.time(), "note": note}) + "\n"
    control_file.append(layout.folder, layout.notes, line.encode())
    note_change(layout)


def run_notes(layout: RunLayout, status: StatusRecord) -> list[str]:
    """Return a run's notes: its owner's, which came with this status, and those of others."""
    return [*(str(note) for note in status.fields.get("notes", ())), *added_notes(layout)]


def added_notes(layout: RunLayout) -> list[str]:
    """Return the notes of others than the owner of the run's status."""
    try:
        lines = control_file.read_control_file(layout.folder, layout.notes, _MOST_BYTES).split(b"\n")
    except FileNotFoundError:
        return []
    notes = []
    for line in lines:
        with suppress(DamagedRunError):  # empty, being written, or torn by a full disk
            note = control_file.parsed(layout.folder, layout.notes, line).get("note")
            if isinstance(note, str):
                notes.append(note)
    return notes[:MOST_NOTES]
