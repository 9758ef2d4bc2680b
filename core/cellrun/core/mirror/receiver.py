"""The receiving end of the synchronization: takes frames into the run's folder here.

Frames may come late, twice, in any order, cut and resumed, and from a machine that isn't to be trusted with more than
this one run: what is here of a file is always a beginning of it there, byte for byte, or one whole version of it.
All that is known stands in the run's folder, so that any process can go on.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from cellrun.core.disk import control_file
from cellrun.core.disk.control_file import UNREADABLE, is_number, is_number_or_none
from cellrun.core.disk.whole_files import sync_files
from cellrun.core.errors import RunClosedError, shown
from cellrun.core.front_end import plain_line
from cellrun.core.layout import RunLayout
from cellrun.core.mirror import received_statuses
from cellrun.core.mirror.arriving import NOTES, Arriving
from cellrun.core.mirror.assembly import Added, Assembly
from cellrun.core.mirror.frame import Frame, FrameKind
from cellrun.core.mirror.frame_errors import ConflictError, FrameError, GapError
from cellrun.core.mirror.local_files import IN_THE_WAY, GrowingFile, size_of
from cellrun.core.mirror.missing_files import MissingFiles
from cellrun.core.mirror.run_key import forget_key
from cellrun.core.mirror.sender import ALL_BYTES, STATUSES
from cellrun.core.mirror.summaries import ReceivedSummaries
from cellrun.core.mirror.sync_modes import MOST_GROWING, MOST_NOTES_BYTES, SyncMode, mode_of
from cellrun.core.store.changes import note_change
from cellrun.core.store.liveness import HEARTBEAT_MONITOR
from cellrun.core.store.notes import MOST_NOTES, add_note
from cellrun.core.store.status import StatusFile

_PLAIN = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class Taken(NamedTuple):
    """How many bytes of some frames were new, and how many were here already."""

    new_bytes: int
    known_bytes: int


class Receiver:
    """Takes in what comes of one run.

    `clock_ahead_s` is by how much the clock there is ahead of this one, in seconds; None: as its beats say.
    """

    def __init__(self, layout: RunLayout, clock_ahead_s: float | None = None) -> None:
        self._layout = layout
        self._clock_ahead_s = clock_ahead_s
        self._arriving = Arriving(layout)
        self._assembly = Assembly(layout, self._arriving)
        self._gaps: dict[str, int] = {}
        self._conflicts: list[str] = []
        self._beat: dict[str, Any] | None = None
        self._writers: set[str] = set()

    def have(self) -> dict[str, tuple[int, int]]:
        """Return how much of each file is here, and of which time there: from where the sender goes on.

        Raises RunClosedError once the run has ended.
        """
        with self._held(), suppress(*UNREADABLE):
            arriving, root = self._arriving, self._layout.folder
            found = {path: (max(0, size_of(root, path)), 0) for path in arriving.growing}
            found |= {path: (version.size, version.mtime_ns) for path, version in arriving.once.items()}
            found |= {path: part for path, part in arriving.parts().items() if mode_of(path) is not SyncMode.STATUS}
            found |= {path: (size, 0) for path, size in self._assembly.values().items()}
            found |= dict.fromkeys(arriving.conflicts, (ALL_BYTES, 0))
            found["notes.jsonl"] = (max(0, size_of(root, f"{arriving.folder.name}/{NOTES}")), 0)
            for n, path in arriving.statuses().items():
                found[f"status/{n}.json"] = (path.stat().st_size, 0)
            found[STATUSES] = (received_statuses.next_number(self._layout), 0)
            return found
        return {}

    def take(self, frames: Iterable[Frame]) -> Taken:
        """Take frames in; what is here already adds nothing, and how many bytes that were is told.

        Raises FrameError for one that isn't this run's or isn't to come from there (those before it are taken); when
        all else is taken GapError, or ConflictError, which is noted with the run and told once; RunClosedError once the
        run has ended; OSError where the disk doesn't take it: the same frames may come again.
        """
        new = known = 0
        with self._held():
            self._gaps, self._conflicts, self._beat = {}, [], None
            try:
                for frame in frames:
                    added = self._take(frame)
                    new, known = new + added, known + len(frame.data) - added
            finally:
                if self._writers:
                    ReceivedSummaries.of(self._layout).touch(self._writers)
                    self._writers = set()
            self._bring_up_to_date()
        if self._conflicts:
            raise ConflictError(self._conflicts)
        if self._gaps:
            raise GapError(self._gaps)
        return Taken(new, known)

    @property
    def is_whole(self) -> bool:
        """Whether the sender has said how large each file is at last, and nothing is short; so of a run that ended."""
        with suppress(*UNREADABLE):
            if StatusFile(self._layout).read().status.is_terminal:
                return True
            if self._arriving.folder.exists():
                self._arriving.load()
                return self._shortage().is_none
        return False

    def give_up(self, why: str) -> None:
        """Wait no longer for what is missing: name it in a note, and let the run's last status hold, if it came.

        Nothing happens to a run that has ended. Raises OSError where the disk doesn't take that.
        """
        with suppress(RunClosedError), self._held():
            if words := self._shortage().words():
                add_note(self._layout, f"not all of it could be brought here ({why}): {words}")
            self._arriving.give_up()
            self._bring_up_to_date()

    def close(self) -> None:
        """Be done with a run that has ended here: what was kept only for its way home goes, its key too."""
        ReceivedSummaries.of(self._layout).close()
        self._arriving.remove()
        forget_key(self._layout)

    def _take(self, frame: Frame) -> int:
        """Take one frame; return how many bytes of it are new."""
        if frame.run != self._layout.run_id:
            raise FrameError(f"a frame of run {shown(frame.run)} came for run {self._layout.run_id}")
        if frame.kind is FrameKind.SIZES:
            self._arriving.sizes.add(frame.facts)
            self._note_left_out(frame.facts.get("left_out"))
            return 0
        if frame.kind is FrameKind.BEAT:
            self._take_beat(frame)
            return 0
        mode = mode_of(frame.file)
        if mode is SyncMode.OURS:
            raise FrameError(f"{shown(frame.file)} is no file that comes of a run: it isn't taken")
        if frame.file in self._arriving.conflicts:
            return 0
        try:
            is_growing = mode in {SyncMode.GROWING, SyncMode.NOTES}
            added = self._grow(frame, mode) if is_growing else self._assembly.take(frame, mode)
        except OSError as error:
            if error.errno not in IN_THE_WAY:
                raise
            self._conflict(frame.file)
            return 0
        if added.note:
            self._conflict(frame.file, added.note)
        if added.expected is not None:
            self._gaps[frame.file] = added.expected
        return added.new_bytes

    def _grow(self, frame: Frame, mode: SyncMode) -> Added:
        arriving, root, path = self._arriving, self._layout.folder, frame.file
        if mode is SyncMode.NOTES:
            path = f"{arriving.folder.name}/{NOTES}"
            if frame.offset + len(frame.data) > MOST_NOTES_BYTES:
                arriving.add_conflict(frame.file)  # what is left of it isn't waited for
                return Added(0)
        elif path not in arriving.growing:
            if os.path.lexists(root / path):  # a log or writer of this side
                self._conflict(path)
                return Added(0)
            if len(arriving.growing) >= MOST_GROWING:
                raise FrameError(f"{MOST_GROWING} logs of the run came already: {shown(path)} isn't taken")
            arriving.add_growing(path)
        before = max(0, size_of(root, path))
        size, agrees = GrowingFile(root, path).add(frame.offset, frame.data)
        if not agrees:
            self._conflict(frame.file)
        if size > before and path.startswith("events/"):
            self._writers.add(path[len("events/") : -len(".jsonl")])
        return Added(size - before, size if frame.offset > size else None)

    def _conflict(self, file: str, note: str = "") -> None:
        self._arriving.add_conflict(file)
        self._conflicts.append(file)
        differs = f"{shown(file)} differs from what came of it first: nothing is added to it any more"
        add_note(self._layout, note or differs)

    def _take_beat(self, frame: Frame) -> None:
        age_s, now = frame.facts.get("age_s"), frame.facts.get("now")
        if not is_number_or_none(age_s) or not is_number(now):
            raise FrameError("a beat says no times")
        self._beat = {"age_s": age_s, "now": now, "came": time.time()}

    def _note_left_out(self, left_out: Any) -> None:
        if isinstance(left_out, list) and left_out and all(isinstance(each, str) for each in left_out):
            add_note(self._layout, f"not brought here: {', '.join(plain_line(each[:200]) for each in left_out[:5])}")

    def _bring_up_to_date(self) -> None:
        """Add notes and statuses that are due; the last status only when all else is here, or given up."""
        self._add_notes()
        arriving, layout = self._arriving, self._layout
        waiting = arriving.statuses()
        is_given_up = arriving.is_given_up
        is_all_here = bool(waiting) and (is_given_up or self._shortage().is_none)
        if is_all_here:
            ReceivedSummaries.of(layout).close()
            sync_files(layout)
        ahead_s = self._ahead_s()
        received_statuses.apply_statuses(layout, waiting, ahead_s, is_all_here=is_all_here, may_skip=is_given_up)
        if StatusFile(layout).read_whole().status.is_terminal:
            note_change(layout)
            self.close()
            return
        applied = received_statuses.next_number(layout)  # one that is damaged behind them is passed over again
        for n, path in waiting.items():
            if n < applied:
                path.unlink(missing_ok=True)
        self._notice_silence()

    def _notice_silence(self) -> None:
        """Look at the heartbeat, as old as it was when this came: who can't be asked isn't silent."""
        if self._beat is None or self._beat["age_s"] is None:
            return
        beat = self._beat["came"] - max(0.0, self._beat["age_s"])
        there = round(self._beat["now"] - self._beat["age_s"], 2)
        with suppress(*UNREADABLE):
            status = StatusFile(self._layout).read()
            HEARTBEAT_MONITOR.notice(self._layout, status, beat, is_in_sight=True, mark=there)

    def _ahead_s(self) -> float:
        if self._clock_ahead_s is not None:
            return self._clock_ahead_s
        return self._beat["now"] - self._beat["came"] if self._beat else 0.0

    def _add_notes(self) -> None:
        path = self._arriving.folder / NOTES
        with suppress(FileNotFoundError):
            text = control_file.read_control_file(self._layout.folder, path, MOST_NOTES_BYTES)
            for line in text.split(b"\n")[:-1][:MOST_NOTES]:
                with suppress(*UNREADABLE):
                    note = control_file.parsed(self._layout.folder, path, line).get("note")
                    if isinstance(note, str):
                        add_note(self._layout, note)

    def _shortage(self) -> MissingFiles:
        return MissingFiles.of(self._layout, self._arriving)

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Hold the run against all others who take frames of it, as long as it hasn't ended."""
        fd = os.open(self._layout.arriving_lock, os.O_RDWR | os.O_CREAT | _PLAIN, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            status = StatusFile(self._layout).read_whole().status
            if status.is_terminal:
                self.close()
                raise RunClosedError(self._layout.run_id, status.value)
            self._arriving.load()
            yield
        finally:
            os.close(fd)
