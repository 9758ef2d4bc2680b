"""Which file of a run is brought home, and how it grows: the one table of what either side may write."""

from __future__ import annotations

import os
import re
from enum import Enum

MOST_PATH_BYTES = 1200
"""A file with a longer path isn't sent: a printed line must hold it. It is named among what is short."""
MOST_DEPTH = 64

MOST_FILES = 200_000
"""A run with more files brings no further one home."""
MOST_GROWING = 4096
"""Logs and event logs: a run's processes and their forks; more are no training but an attack on the folder."""
MOST_STATUS_BYTES = 1_000_000
MOST_STATUSES_WAITING = 64
"""A status so far ahead of the next one comes again when those before it were applied."""
MOST_PARTS = 4096
"""So many files may be coming in parts at a time."""
MOST_NOTES_BYTES = 1_000_000
NAMED_BYTES = 5_000_000
"""A file that an image or file event names comes with the event up to so many bytes, a larger one at the end."""


class SyncMode(str, Enum):
    """Whose a file is, and how it grows."""

    GROWING = "growing"  # append-only
    ONCE = "once"  # written once, or replaced whole
    STATUS = "status"  # written once; applied here in order
    NOTES = "notes"  # append-only there; each line is added here
    AT_END = "at_end"  # as ONCE; comes when the run has ended, or with the event that names it
    VALUE = "value"  # named by its hash
    OURS = "ours"  # ours alone, or of no use here: never sent, never accepted

    def __str__(self) -> str:
        return self.value


_ONCE = frozenset({"environment.json", "input_files.json", "used_data.json", "delivered.json"})
_TREES = {"results": SyncMode.ONCE, "displayed": SyncMode.ONCE, "work": SyncMode.AT_END, "files": SyncMode.AT_END}
_EVENTS = re.compile(r"[0-9a-f]{8}\.jsonl", re.ASCII)
_STATUS = re.compile(r"(0|[1-9][0-9]{0,4})\.json", re.ASCII)  # each is a file here: no run has 100,000
_VALUE = re.compile(r"(sha256-)?[0-9a-f]{64}", re.ASCII)
_LOG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}", re.ASCII)
_DRAFT = re.compile(r"\.(new-.*|cellrun-draft-.*|.+\.[0-9a-f]{8}|.+-[0-9]+)", re.DOTALL)


def trees_of(mode: SyncMode) -> list[str]:
    """Return the folders whose files all have one mode."""
    return [tree for tree, of in _TREES.items() if of is mode]


def mode_of(path: str) -> SyncMode:
    """Return the mode of a file by its path below the run's folder, with slashes."""
    parts = path.split("/")
    if not is_plain_path(path):
        return SyncMode.OURS
    if len(parts) == 1:
        return SyncMode.ONCE if path in _ONCE else SyncMode.NOTES if path == "notes.jsonl" else SyncMode.OURS
    if parts[0] in _TREES:
        is_signature = parts[0] == "results" and parts[-1].endswith(".sig")  # signed anew by whoever receives
        return SyncMode.OURS if is_signature else _TREES[parts[0]]
    if len(parts) != 2:
        return SyncMode.OURS
    known = {
        "events": (_EVENTS, SyncMode.GROWING),
        "user_logs": (_LOG, SyncMode.GROWING),
        "status": (_STATUS, SyncMode.STATUS),
        "values": (_VALUE, SyncMode.VALUE),
    }
    shape, mode = known.get(parts[0], (_DRAFT, SyncMode.OURS))
    return mode if shape.fullmatch(parts[1]) else SyncMode.OURS


def is_plain_path(path: str) -> bool:
    """Whether a path can be a file's below a folder on any system: relative, no way out, no draft, not too long."""
    try:
        size = len(os.fsencode(path))
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    parts = path.split("/")
    return (
        0 < size <= MOST_PATH_BYTES
        and len(parts) <= MOST_DEPTH
        and "\0" not in path
        and all(part not in {"", ".", ".."} and len(os.fsencode(part)) <= 255 for part in parts)
        and not is_draft(parts[0])
    )


def is_draft(name: str) -> bool:
    """Whether a file of cellrun's own is being written: it gets its name when it is whole."""
    return _DRAFT.fullmatch(name) is not None


def status_number(path: str) -> int:
    """Return the number of a status file by its path."""
    return int(path.split("/")[1].removesuffix(".json"))
