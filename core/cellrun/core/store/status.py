"""A run's status: its states by the names that Azure ML gave them, and the numbered files, each written once.

Of two writers one wins. Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import errno
import json
import os
import re
import stat
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

from cellrun.core.disk import control_file
from cellrun.core.disk.control_file import (
    are_texts,
    is_number,
    is_number_or_none,
    is_process,
    is_scalar,
    is_text_or_none,
)
from cellrun.core.disk.whole_files import NO_LINKS, NO_ROOM, drafts_of_run, sync_folder, write_new
from cellrun.core.errors import DamagedRunError
from cellrun.core.layout import RunLayout
from cellrun.core.store.changes import note_change


class Status(str, Enum):
    """Where a run is in its life. A terminal status never changes."""

    NOT_STARTED = "NotStarted"  # its folder exists, nothing was asked to run it yet
    PREPARING = "Preparing"  # an environment or data is being made ready
    QUEUED = "Queued"  # waits for room on its target
    STARTING = "Starting"  # its supervisor was started, its process not yet
    RUNNING = "Running"  # its process runs
    FINALIZING = "Finalizing"  # its process ended, its files are being put in order
    CANCEL_REQUESTED = "CancelRequested"  # it is being stopped: somebody asked for it, or its time is over
    NOT_RESPONDING = "NotResponding"  # its target says it runs, it hasn't been heard of
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELED = "Canceled"
    DAMAGED = "Damaged"  # none that a run has: what a list shows of one whose files can't be read

    @property
    def is_terminal(self) -> bool:
        """Whether the run has ended."""
        return self in TERMINAL

    @property
    def word(self) -> str:
        """What users are shown: its value, except of a run that is being stopped, asked to or at its time limit."""
        return "Stopping" if self is Status.CANCEL_REQUESTED else self.value

    def __str__(self) -> str:
        return self.value


TERMINAL = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELED})


_WRITING_S = 2.0
"""Longer than this nobody takes to write a status."""
_LOOK_S = 0.001
"""Between two tries to be the one who writes the next."""


class StatusRecord(NamedTuple):
    """One status of a run and what is known with it."""

    n: int
    """Its number: 0 is the first, -1 stands for none written yet."""
    status: Status
    at: float
    """When it was written, epoch seconds; never before the status before it, whatever the clock does. What comes of a
    run elsewhere has its time there, which may be before what was said here while nothing came."""
    reason: str | None
    """Why, in words; every Failed has one."""
    fields: dict[str, Any]
    """What its writers said so far: owner, exit_code, signal, traceback_tail, last_line, progress, ends …"""
    started_at: float | None
    """When the run was first Running, epoch seconds."""

    @property
    def ended_at(self) -> float | None:
        """When the run ended, epoch seconds; None before."""
        return self.at if self.status.is_terminal else None

    @property
    def elapsed_s(self) -> float | None:
        """How long the run has been running, or ran; None before its start."""
        if self.started_at is None:
            return None
        return max(0.0, (time.time() if self.ended_at is None else self.ended_at) - self.started_at)


_STATUSES = frozenset(status.value for status in Status) - {Status.DAMAGED.value}


def _is_ending(value: Any) -> bool:
    """Whether a value tells what a run will end as: the final status and the reason that it will have."""
    return (
        isinstance(value, dict)
        and value.get("status") in [status.value for status in TERMINAL]
        and is_text_or_none(value.get("reason"))
    )


_SHAPE: control_file.Shape = {
    "status": lambda value: isinstance(value, str) and value in _STATUSES,
    "at": is_number,
    "reason": is_text_or_none,
    "fields": lambda value: isinstance(value, dict),
    "started_at": is_number_or_none,
}
_FIELDS: control_file.Shape = {
    "ends": _is_ending,
    "owner": is_process,
    "notes": are_texts,
    "exit_code": is_number_or_none,
    "signal": is_scalar,
    "traceback_tail": is_text_or_none,
    "last_line": is_text_or_none,
}
_NAME = re.compile(r"(0|[1-9][0-9]{0,8})\.json", re.ASCII)
_BEGINNING = b'{"status": '
_NONE_YET = StatusRecord(-1, Status.NOT_STARTED, 0.0, None, {}, None)


class StatusFile:
    """The status of one run.

    Responsibilities: the newest status, its history, and compare-and-set changes of which exactly one wins. A file is
    complete before it gets its name (write, fsync, link): whoever reads sees the old status or the new one. Where there
    are no links it gets its name first, and is looked at when it is whole. A last status that a full disk doesn't take
    is written into the run's reserve.
    """

    def __init__(self, layout: RunLayout) -> None:
        self._layout = layout

    def read(self) -> StatusRecord:
        """Return the newest status; number -1 and NotStarted if none was written yet. Raises DamagedRunError."""
        return next((found for n in self._numbers() if (found := self._record(n))), _NONE_YET)

    def read_whole(self) -> StatusRecord:
        """Return the newest status that isn't damaged: what a run's owner goes on from, who judges nothing by it."""
        return self._next()[1]

    def is_over(self) -> bool:
        """Whether the run has ended, for all that can be read of it."""
        with suppress(*control_file.UNREADABLE):
            return self.read().status.is_terminal
        return False

    def history(self) -> list[StatusRecord]:
        """Return every status that the run had, oldest first, those left out that are damaged."""
        found = []
        for n in reversed(self._numbers()):
            with suppress(DamagedRunError):
                found.append(self._record(n))
        return [record for record in found if record]

    def has_changed(self, since: int) -> bool:
        """Whether a status newer than the one of that number was written: the cheap question of a hot path."""
        return os.access(self._path(since + 1), os.F_OK)

    def begin(self, at: float | None = None) -> None:
        """Write the status of a run that is being made, NotStarted, and take the reserve for its last one.

        `at` is when that is, as for `change`.
        """
        self.change(Status.NOT_STARTED, at=at)
        Reserve(self._folder).make()

    def change(
        self,
        to: Status,
        *,
        expected: Collection[Status] | None = None,
        reason: str | None = None,
        at: float | None = None,
        not_before: float | None = None,
        **fields: Any,
    ) -> StatusRecord | None:
        """Set the status if it is one of those expected (any, if not given) and the run hasn't ended.

        Fields are added to those that are known already; `at` is when that was, epoch seconds, now if left out;
        `not_before` the earliest that it can have been, when the last status was written if left out.
        Returns the record written; None when somebody else was first or the run has another status: then `read` tells.
        Raises OSError if the disk doesn't take it; a full one takes a last status, for which the run has a `Reserve`.

        A damaged status stays where it is and is passed over, for its owner has to get on. Whoever judges a run from
        outside reads its status first, and leaves it alone if that is damaged.
        """
        while True:
            n, last = self._next()
            if last.status.is_terminal or (expected is not None and last.status not in expected):
                return None
            earliest = last.at if not_before is None else not_before
            now = max(earliest, time.time() if at is None else at)
            started_at = last.started_at if last.started_at is not None or to is not Status.RUNNING else now
            record = StatusRecord(n, to, now, reason, {**last.fields, **fields}, started_at)
            if self._publish(record):
                if to.is_terminal:
                    self._sweep()
                note_change(self._layout)
                return record
            time.sleep(_LOOK_S)

    def show(
        self, to: Status, *, expected: Collection[Status] | None = None, reason: str | None = None, **fields: Any
    ) -> bool:
        """Set a status on the way to the end, as `change` does; False if it isn't to be set.

        What the disk doesn't take, or a damaged status before it forbids, is left out: it tells how the run goes, and
        nothing else depends on it.
        """
        try:
            return self.change(to, expected=expected, reason=reason, **fields) is not None
        except (OSError, DamagedRunError):
            return True

    @property
    def _folder(self) -> Path:
        return self._layout.statuses  # a supervisor's layout follows its folder

    def _path(self, n: int) -> Path:
        return self._folder / f"{n}.json"

    def _numbers(self) -> list[int]:
        """Return the numbers of the files that are there, newest first."""
        names = control_file.names_in(self._layout.folder, self._folder)
        return sorted((int(found[1]) for name in names if (found := _NAME.fullmatch(name))), reverse=True)

    def _record(self, n: int) -> StatusRecord | None:
        """Return the status of a number; None for one that is being written. Raises DamagedRunError."""
        path = self._path(n)
        try:
            text = control_file.read_control_file(self._layout.folder, path)
            if self._is_being_written(path, text):
                return None
        except FileNotFoundError:  # a full disk took no more than a part of it
            return None
        return status_of(self._layout, n, text)

    @staticmethod
    def _is_being_written(path: Path, text: bytes) -> bool:
        """Whether a status has its name and not yet its end, where links don't exist: the one before it holds."""
        if text.rstrip().endswith(b"}") or not (text.startswith(_BEGINNING) or _BEGINNING.startswith(text)):
            return False
        return abs(time.time() - path.stat().st_mtime) < _WRITING_S

    def _next(self) -> tuple[int, StatusRecord]:
        """Return the number that is to be written next, and the newest status that is whole."""
        beyond = 0
        for n in self._numbers():
            try:
                found = self._record(n)
            except DamagedRunError:
                beyond = max(beyond, n + 1)
                continue
            if found:
                return max(beyond, n + 1), found
        return beyond, _NONE_YET

    def _publish(self, record: StatusRecord) -> bool:
        """Write a record under its number; False if that number is taken."""
        text = json.dumps(
            {
                "status": record.status.value,
                "at": record.at,
                "reason": record.reason,
                "fields": record.fields,
                "started_at": record.started_at,
            }
        ).encode()
        try:
            return self._write(record.n, text, write_new)
        except OSError as error:
            if error.errno not in NO_ROOM or not record.status.is_terminal:
                raise
            return self._write(record.n, text, Reserve(self._folder).write)

    def _write(self, n: int, text: bytes, write: Callable[[Path, bytes], None]) -> bool:
        draft = self._folder / f"{n}.{os.getpid()}.{os.urandom(4).hex()}.tmp"
        self._folder.mkdir(exist_ok=True)
        try:
            write(draft, text)
            os.link(draft, self._path(n))
        except FileExistsError:
            return False
        except FileNotFoundError:  # the draft was swept by whoever ended the run
            return False
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            draft.unlink(missing_ok=True)  # on a full disk its room is the only one
            try:
                write_new(self._path(n), text)
            except FileExistsError:
                return False
            except OSError:  # a full disk has taken a part of it
                self._path(n).unlink(missing_ok=True)
                raise
        finally:
            with suppress(FileNotFoundError):
                draft.unlink()
        sync_folder(self._folder)
        return True

    def _sweep(self) -> None:
        """Remove the reserve, and what writers left that were killed between their draft and its name."""
        with suppress(OSError):  # the run has ended for all that
            Reserve(self._folder).give_back()
            for draft in (*self._folder.glob("*.tmp"), *drafts_of_run(self._layout.folder)):
                draft.unlink(missing_ok=True)


def status_of(layout: RunLayout, n: int, text: bytes) -> StatusRecord:
    """Return what the content of a run's status file of a number says. Raises DamagedRunError."""
    root, path = layout.folder, layout.statuses / f"{n}.json"
    data = control_file.parsed(root, path, text)
    control_file.check(root, path, data, _SHAPE)
    control_file.check(root, path, data["fields"], _FIELDS, needed=())
    return StatusRecord(n, Status(data["status"]), data["at"], data["reason"], data["fields"], data["started_at"])


_RESERVE_NAMES = ("reserve-1", "reserve-2")
_FILE_BYTES = 32 * 1024


class Reserve:
    """The reserve of one run: files in its folder of statuses that have been given their place on the disk.

    A status is written into one of them, in the place that it has: what is merely freed, another program that fills the
    disk may have first. The other one makes room for the name, which takes an inode where links count as files (tmpfs).
    """

    def __init__(self, folder: Path) -> None:
        self._files = [folder / name for name in _RESERVE_NAMES]

    def make(self) -> None:
        """Take the room. Raises OSError where there isn't as much."""
        for path in self._files:
            with path.open("xb") as file:
                try:  # nothing is written for it, and btrfs writes in place only where room was given so
                    os.posix_fallocate(file.fileno(), 0, _FILE_BYTES)
                except (AttributeError, OSError):  # macOS and some file systems can't; one that is full says so again
                    file.write(bytes(_FILE_BYTES))

    def write(self, draft: Path, data: bytes) -> None:
        """Write a new file into the reserve, which is used up then. Raises OSError, ENOSPC also if there is none."""
        for path in self._files:
            with suppress(FileNotFoundError):
                if stat.S_ISREG(path.lstat().st_mode):  # a run folder of somebody else may have a link there
                    path.rename(draft)
                    break
        else:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(draft))
        self.give_back()
        with draft.open("r+b") as file:
            file.write(data)
            file.truncate()
            file.flush()
            os.fsync(file.fileno())

    def give_back(self) -> None:
        """Let others have the room. Raises OSError."""
        for path in self._files:
            path.unlink(missing_ok=True)
