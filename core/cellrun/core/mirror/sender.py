"""The sending end of the synchronization: what is new in a run's folder since the last look, as frames.

It runs beside the run, on its machine; the run's folder is all that is kept. Standard library only.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain, islice
from typing import Any

from cellrun.core.disk import control_file
from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.layout import RunLayout
from cellrun.core.mirror.frame import Frame, FrameKind
from cellrun.core.mirror.named_files import NamedFiles
from cellrun.core.mirror.remote_files import RemoteFiles
from cellrun.core.mirror.remote_statuses import RemoteStatus, RemoteStatuses
from cellrun.core.mirror.sync_modes import NAMED_BYTES, SyncMode, mode_of

BLOCK_BYTES = 1 << 20
ALL_BYTES = 2**62
"""In what the other end has, of a file: none of it is wanted any more."""
STATUSES = "status"
"""In what the other end has: so many statuses, from the first one on, need not be sent."""

_SIZES_BYTES = 2400  # of one frame's list: it fits into a line, whatever the names are
_COMPARED_BYTES = 4096
_FRAME_BYTES = 200  # what a frame has beside its data, about
_MOST_LEFT_OUT = 5
_MOST_BLOCKS = 64  # of events that are there already, in one pass: these may be many, and on a slow disk
_LOOK_S = 0.05


class Sender:
    """Sends one run. What it has sent it counts as there; `resume` says otherwise.

    `have` is, by path, how many bytes the other end has, and of what is written once its time there (`Receiver.have`).
    A frame has no more than `block_bytes` of data. Of files that are written once those that are larger than
    `largest_bytes` aren't sent: the sizes name them, and the other end what is missing.
    """

    def __init__(
        self,
        layout: RunLayout,
        have: Mapping[str, tuple[int, int]] | None = None,
        *,
        block_bytes: int = BLOCK_BYTES,
        largest_bytes: int | None = None,
    ) -> None:
        self._layout = layout
        self._files = RemoteFiles(layout)
        self._named_files = NamedFiles(self._files)
        self._block_bytes = block_bytes
        self._largest_bytes = largest_bytes
        self._sent: dict[str, tuple[int, int]] = {}
        self._sizes: dict[str, int] = {}
        self._later: dict[tuple[str, int], int] = {}
        """By file and time of its last change, the time that is told: what the other end has may seem to be later."""
        self._unsent: dict[str, int] = {}
        """Files that events name of which not all was sent with these, with the time of what was begun; 0: nothing."""
        self._named_before: Iterator[list[str]] = iter(())
        """What events name that the other end has: these files may have been lost on their way."""
        self._statuses = RemoteStatuses(layout)
        self._next_status = 0
        self._outputs: list[str] | None = None
        """What comes at the end, listed once for all passes that it takes."""
        self._next_output = 0
        self._left = 0
        self._told_sizes: Mapping[str, int] | None = None
        self.has_more = False
        """Whether the last pass left something that there was no room for."""
        self.has_ended = False
        """Whether the last pass has sent all of a run that has ended: nothing more will come."""
        self.resume(have or {})

    def resume(self, have: Mapping[str, tuple[int, int]]) -> None:
        """Go on from what the other end has; of files that it doesn't name, from where this one is."""
        for path, (size, mtime_ns) in have.items():
            if path == STATUSES:
                self._next_status = int(size)
            else:
                self._sent[path] = (int(size), int(mtime_ns))
        events = [(path, size) for path, (size, _) in self._sent.items() if path.startswith("events/")]
        self._named_before = chain.from_iterable(self._named_files.in_log(path, size) for path, size in events)
        self._begin_again()

    def rewind(self, expected: Mapping[str, int]) -> None:
        """Go on from the offsets that a GapError named."""
        for path, offset in expected.items():
            if mode_of(path) is SyncMode.AT_END:
                self._unsent.setdefault(path, 0)
            if offset and mode_of(path) is not SyncMode.STATUS:
                self._sent[path] = (offset, self._sent.get(path, (0, 0))[1])
            else:
                self._sent.pop(path, None)
        self._begin_again()

    def _begin_again(self) -> None:
        """Say sizes again, and look at all outputs again: the other end hasn't what was thought."""
        self._told_sizes = self._outputs = None
        self._next_output = 0

    def sent_bytes(self) -> int:
        """Return how many bytes of all files the other end has by now."""
        return sum(
            size for path, (size, _) in self._sent.items() if size < ALL_BYTES and mode_of(path) is not SyncMode.STATUS
        )

    def size_bytes(self) -> int:
        """Return how many bytes all files have that come home by now."""
        paths = [*self._files.growing(), *self._files.once(), *self._files.at_end()]
        return sum(size for path in paths if (size := self._files.size(path)))

    def frames(self, *, is_final: bool, most_bytes: int) -> Iterator[Frame]:
        """Iterate over what is new, up to about so many bytes of it.

        Statuses are read first and sent last, the last one only when all else was sent: so all that was written before
        it comes before it. When the run has ended (`is_final`: its engine says so) outputs and sizes come too.
        """
        self._left, self.has_more, self.has_ended = most_bytes, False, False
        if self._outputs is None:
            self._files.left_out.clear()
        statuses = [each for each in self._statuses.since(self._next_status) if each.path not in self._sent]
        is_over = is_final or self._statuses.is_over
        awaits_record = is_over and self._statuses.awaits_record
        if awaits_record:
            time.sleep(_LOOK_S)  # whoever asks at once again for what is left isn't to fill a core
        yield self._beat()
        growing = self._files.growing()
        yield from self._growing(growing, is_over=is_over)
        once = self._files.once()
        for path in once:
            yield from self._grown(path, self._left) if mode_of(path) is SyncMode.NOTES else self._once(path)
            if self._left <= 0:
                break
        if not is_over and self._left > 0:  # at the end all outputs come
            yield from self._named(list(self._unsent))
            yield from self._named(chain.from_iterable(islice(self._named_before, _MOST_BLOCKS)))
        outputs: list[str] = []
        if is_over:
            outputs = self._outputs = self._files.at_end(len(once)) if self._outputs is None else self._outputs
            yield from self._at_end(outputs)
        self.has_more = self._left <= 0 or awaits_record
        if is_over and not self.has_more:
            yield from self._told([*growing, *once, *outputs])
            self._outputs, self._next_output = None, 0
        for status in statuses:
            if not (status.is_terminal and self.has_more):
                yield from self._status(status)
        self.has_ended = is_over and not self.has_more

    def _at_end(self, paths: list[str]) -> Iterator[Frame]:
        while self._left > 0 and self._next_output < len(paths):
            yield from self._once(paths[self._next_output])
            self._next_output += self._left > 0  # else it may not be whole

    def _status(self, status: RemoteStatus) -> Iterator[Frame]:
        path, data = status.path, status.data
        facts = {"size": len(data), "mtime_ns": 0}
        for offset in range(0, max(len(data), 1), self._block_bytes):
            yield self._frame(path, offset, data[offset : offset + self._block_bytes], facts)
        self._sent[path] = (len(data), 0)

    def _beat(self) -> Frame:
        now, age_s = time.time(), None
        with suppress(OSError):
            age_s = now - self._layout.processes.lstat().st_mtime
        return Frame(self._layout.run_id, FrameKind.BEAT, facts={"age_s": age_s, "now": now})

    def _growing(self, paths: list[str], *, is_over: bool) -> Iterator[Frame]:
        """Send what grew, each file some of it in turn: none keeps the others from coming."""
        turn_bytes = max(self._block_bytes, self._left // (len(paths) + 1))
        waiting = list(paths)
        while waiting and self._left > 0:
            for path in list(waiting):
                before = self._left
                yield from self._grown(path, turn_bytes, has_torn_line=is_over)
                if self._left == before:
                    waiting.remove(path)
                if self._left <= 0:
                    return

    def _grown(self, path: str, most_bytes: int, *, has_torn_line: bool = True) -> Iterator[Frame]:
        fd = self._files.open(path)
        if fd is None:
            return
        try:
            offset = self._sent.get(path, (0, 0))[0]
            size = os.fstat(fd).st_size
            if size < offset < ALL_BYTES and not has_torn_line:  # cut there: is what is left what came of it?
                start = max(size - _COMPARED_BYTES, 0)
                yield self._frame(path, start, os.pread(fd, size - start, start), {})
            end = min(size, offset + min(most_bytes, max(self._left, 1)))
            is_by_line = path.startswith("events/") and not has_torn_line
            while offset < end:
                room = end - offset
                data = os.pread(fd, min(self._block_bytes, size - offset if is_by_line else room), offset)
                if is_by_line:  # a parted one would name no file
                    parted = room if len(data) == self._block_bytes else 0  # of a shorter one the end isn't written yet
                    data = data[: data.rfind(b"\n", 0, room) + 1 or data.find(b"\n") + 1 or parted]
                if not data:
                    break
                if path.startswith("events/"):
                    yield from self._named(self._named_files.in_lines(data))
                yield self._piece(path, offset, data, {})
                offset += len(data)
                self._sent[path] = (offset, 0)
            self._sizes[path] = offset
        finally:
            os.close(fd)

    def _named(self, paths: Iterable[str]) -> Iterator[Frame]:
        """Send files that events name, unless they are large: those come at the end."""
        for path in paths:
            if self._left > 0:
                yield from self._once(path, most_bytes=NAMED_BYTES)
            else:
                self._unsent.setdefault(path, 0)

    def _once(self, path: str, most_bytes: int | None = None) -> Iterator[Frame]:
        begun = self._unsent.pop(path, 0)
        fd = self._files.open(path)
        if fd is None:
            return
        try:
            found = os.fstat(fd)
            self._sizes[path] = found.st_size
            version = max(found.st_mtime_ns, found.st_ctime_ns)
            had, of_version = self._sent.get(path, (-1, 0))
            if version < of_version and mode_of(path) is not SyncMode.VALUE:  # the clock here was put back
                is_same = had == found.st_size
                version = of_version if is_same else self._later.setdefault((path, version), of_version + 1)
            facts = {"size": found.st_size, "mtime_ns": version}
            offset = max(had, 0) if version == of_version and had <= found.st_size else -1
            if mode_of(path) is SyncMode.VALUE:
                offset = had
            if most_bytes is None and self._largest_bytes is not None and found.st_size > self._largest_bytes:
                return
            if had == ALL_BYTES or (most_bytes is not None and found.st_size > most_bytes) or offset == found.st_size:
                return
            offset = max(offset, 0)
            while self._left > 0:
                data = os.pread(fd, min(self._block_bytes, found.st_size - offset), offset)
                yield self._piece(path, offset, data, facts)
                offset += len(data)
                self._sent[path] = (offset, version)
                if not data or offset == found.st_size:  # one that was cut meanwhile comes anew with the next pass
                    break
            if most_bytes is not None and offset < found.st_size and begun in {0, version}:
                self._unsent[path] = version  # one that changes before it is sent would be begun for ever
        finally:
            os.close(fd)

    def _told(self, paths: list[str]) -> Iterator[Frame]:
        """Say how large each file is by now, as far as it was sent; nothing if that was said."""
        sizes = {path: self._sizes[path] for path in paths if path in self._sizes}
        if sizes == self._told_sizes:
            return
        left_out = [f"{path[:100]}: {why}" for path, why in self._files.left_out.items()]
        common = {"count": len(sizes), "made_ns": time.time_ns(), "left_out": left_out[:_MOST_LEFT_OUT]}
        part: dict[str, int] = {}
        part_bytes = 0
        for path, size in sizes.items():
            if part and part_bytes + len(path.encode("utf-8", "surrogateescape")) + 24 > _SIZES_BYTES:
                yield Frame(self._layout.run_id, FrameKind.SIZES, facts={**common, "sizes": part})
                part, part_bytes = {}, 0
            part[path] = size
            part_bytes += len(path.encode("utf-8", "surrogateescape")) + 24
        yield Frame(self._layout.run_id, FrameKind.SIZES, facts={**common, "sizes": part})
        self._told_sizes = sizes

    def _piece(self, path: str, offset: int, data: bytes, facts: Mapping[str, Any]) -> Frame:
        self._left -= len(data) + _FRAME_BYTES
        return self._frame(path, offset, data, facts)

    def _frame(self, path: str, offset: int, data: bytes, facts: Mapping[str, Any]) -> Frame:
        return Frame(self._layout.run_id, FrameKind.BYTES, path, offset, data, facts)


def deliver(there: RunLayout, content: bytes) -> None:
    """Put a request to cancel into a run's folder there, in place of one with fewer lines: each line asks once.

    Raises OSError where the disk takes no file.
    """
    path = there.cancel_request
    path.parent.mkdir(exist_ok=True)
    known = b""
    with suppress(*UNREADABLE):
        known = control_file.read_control_file(there.folder, path)
    if path.exists() and content.count(b"\n") <= known.count(b"\n"):
        return
    draft = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
