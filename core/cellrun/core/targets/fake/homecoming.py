"""How what a run writes over there comes home: by plain copying, which changes nothing when it is done twice."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cellrun.core.context.used_values import values_of_run
from cellrun.core.context.value_store import ValueStore
from cellrun.core.layout import RunLayout
from cellrun.core.status import Status
from cellrun.core.store.cancellation import cancel_requests
from cellrun.core.store.notes import add_note, added_notes
from cellrun.core.store.status_file import StatusFile, StatusRecord
from cellrun.core.targets.fake.far_side import CLAIM, ENGINE, ENGINE_LOG, ORDER

_OURS = frozenset({"run.json", "snapshot", "context", "launch.json", "target.json", "requests", "status"})
_THEIRS = frozenset({"process.json", "started", CLAIM, ENGINE, ENGINE_LOG, ORDER})
"""What means nothing anywhere but there."""
_GROWING = frozenset({"events", "user_logs"})
_SHARED = frozenset({"notes.jsonl"})
"""What is written on both sides."""
_AT_THE_END = frozenset({"work"})
_BLOCK = 1 << 20


def bring_home(there: RunLayout, here: RunLayout, *, is_final: bool) -> None:
    """Bring what is new of a run home, and a request there. Somebody else who is at it does the same.

    At the end it is waited for: whoever was at it may have begun before the last was written.
    """
    with _alone(here, wait=is_final) as is_alone:
        if not is_alone or not there.record.exists():
            return
        deliver(here, there)
        history = StatusFile(there).history()  # first: what was written before a status is there when it comes
        ended = is_final or any(entry.status.is_terminal for entry in history)
        for name in sorted(os.listdir(there.folder)):  # noqa: PTH208  # names alone
            if not _is_draft(name) and name not in _OURS | _THEIRS | _SHARED and (ended or name not in _AT_THE_END):
                _bring(there.folder / name, here.folder / name, is_growing=name in _GROWING)
        if ended:
            far, home = ValueStore(there.workspace.values), ValueStore(here.workspace.values)
            for blob in values_of_run(there):
                _bring(far.path(blob), home.path(blob), is_growing=False)
        for note in added_notes(there):
            add_note(here, note)
        _tell(here, history)


def deliver(here: RunLayout, there: RunLayout) -> None:
    """Take requests there that are new."""
    if there.folder.exists() and cancel_requests(here) > cancel_requests(there):
        there.cancel_request.parent.mkdir(exist_ok=True)
        _replace(here.cancel_request, there.cancel_request)


def _tell(here: RunLayout, history: list[StatusRecord]) -> None:
    """Write down each status that was written there, once and in order, with its number there."""
    status = StatusFile(here)
    for entry in history:
        if entry.n > status.read().fields.get("there", -1) and entry.status is not Status.NOT_STARTED:
            status.change(entry.status, reason=entry.reason, at=entry.at, **{**entry.fields, "there": entry.n})


def _bring(source: Path, target: Path, *, is_growing: bool) -> None:
    if source.is_symlink() or target.is_symlink():
        return
    if source.is_dir():
        target.mkdir(exist_ok=True, parents=True)
        for name in (name for name in os.listdir(source) if not _is_draft(name)):  # noqa: PTH208  # names alone
            _bring(source / name, target / name, is_growing=is_growing)
    elif source.is_file():
        with suppress(FileNotFoundError):  # replaced or removed just now: the next time
            (_append if is_growing else _replace)(source, target)


def _is_draft(name: str) -> bool:
    """Whether a file is being written: it gets its name when it is whole."""
    return re.fullmatch(r"\..+\.[0-9a-f]{8}", name) is not None


def _append(source: Path, target: Path) -> None:
    with source.open("rb") as reader, target.open("ab") as writer:
        reader.seek(writer.tell())
        while block := reader.read(_BLOCK):
            writer.write(block)


def _replace(source: Path, target: Path) -> None:
    found = source.stat()
    if target.exists() and (target.stat().st_size, target.stat().st_mtime_ns) == (found.st_size, found.st_mtime_ns):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.urandom(4).hex()}")
    try:
        shutil.copy2(source, draft)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _alone(here: RunLayout, *, wait: bool) -> Iterator[bool]:
    fd = os.open(here.arriving_lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(fd)
