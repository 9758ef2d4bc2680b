"""Takes in what a run's process sends that doesn't share our disk: its event lines, each once, and its log.

The sender keeps its own event file, in the very format of an event log, and sends slices of it, again if it isn't sure
that they came. Numbers within a writer may have gaps (a call that failed), so a slice that doesn't begin with the next
number is refused, unless its sender says which line stands before it in its own file. So lines can come late, twice and
in any order: what is here is always a beginning of the sender's file, byte for byte.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from cellrun.core.disk import sync_files
from cellrun.core.errors import BadLinesError, ConflictError, LogOffsetError, OutOfOrderError, RunClosedError
from cellrun.core.layout import RunLayout
from cellrun.core.store.intake.incoming_lines import IncomingLine, incoming_lines
from cellrun.core.store.intake.intake_file import PLAIN, Addition, IntakeFile, append
from cellrun.core.store.intake.intake_summary import IntakeSummary
from cellrun.core.store.notes import add_note
from cellrun.core.store.status_file import StatusFile

MOST_WRITERS = 4096
"""A run's processes and their forks; more are no training but an attack on the folder."""


class Taken(NamedTuple):
    """How many lines of a batch were added, and how many were here already."""

    kept: int
    known: int


class Intake:
    """The front door's side of one run. It keeps no state but on the disk: any process can go on, also at once.

    Every method raises RunClosedError once the run has ended, and OSError where not everything can be written: what was
    written is known when it is sent again. Of what is refused nothing is kept.
    """

    def __init__(self, layout: RunLayout) -> None:
        self._layout = layout

    def events(self, data: bytes | Iterable[bytes], after: Mapping[str, int] | None = None) -> Taken:
        """Add whole lines of one or several writers, each writer's in order; those that are here add nothing.

        `data` may come in blocks: what follows a line that can't be one isn't asked for.

        `after` is needed for a writer whose file has a gap right before these lines: the number of the line that stands
        before them there. Raises BadLinesError, OutOfOrderError, or ConflictError, which is noted with the run.
        """
        lines = incoming_lines([data] if isinstance(data, bytes) else data)
        with self._held():
            additions = self._plan(lines, after or {})
            for file, addition in additions:
                file.add(addition)
        kept = sum(len(addition.lines) for _, addition in additions)
        if kept:
            IntakeSummary.of(self._layout).touch(file.path.stem for file, addition in additions if addition.lines)
        return Taken(kept, sum(map(len, lines.values())) - kept)

    def log(self, offset: int, data: bytes) -> int:
        """Add bytes of the job's output that stand at an offset of it; return the size of the log now.

        What is here already adds nothing. Raises LogOffsetError for a gap, or bytes that differ.
        """
        path = self._layout.log
        with self._held():
            fd = os.open(path, os.O_RDONLY | os.O_CREAT | PLAIN, 0o600)
            try:
                size = os.fstat(fd).st_size
                known = data[: max(0, size - offset)]
                if not 0 <= offset <= size or os.pread(fd, len(known), offset) != known:
                    raise LogOffsetError(offset, size)
            finally:
                os.close(fd)
            new = data[len(known) :]
            if new:
                append(path, new, size)
            return size + len(new)

    def close(self) -> None:
        """Bring all that came to the disk, and the summaries up to it: before the run's last status is written."""
        IntakeSummary.of(self._layout).close()
        sync_files(self._layout)

    def _plan(
        self, lines: Mapping[str, list[IncomingLine]], after: Mapping[str, int]
    ) -> list[tuple[IntakeFile, Addition]]:
        files = {writer: IntakeFile(self._layout.events, writer) for writer in sorted(lines)}
        self._refuse_too_many(files, lines)
        planned: list[tuple[IntakeFile, Addition]] = []
        expected: dict[str, int] = {}
        for writer, file in files.items():
            try:
                planned.append((file, file.plan(lines[writer], after.get(writer))))
            except OutOfOrderError as error:
                expected |= error.expected
            except ConflictError as error:
                add_note(self._layout, str(error))
                raise
        if expected:
            raise OutOfOrderError(expected)
        return [(file, addition) for file, addition in planned if addition.lines]

    def _refuse_too_many(self, files: Mapping[str, IntakeFile], lines: Mapping[str, list[IncomingLine]]) -> None:
        new = [writer for writer, file in files.items() if not file.path.exists()]
        if new and len(os.listdir(self._layout.events)) + len(new) > MOST_WRITERS:  # noqa: PTH208  # names alone
            raise BadLinesError(lines[new[0]][0].place, f"the run has {MOST_WRITERS} writers already")

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Hold the run against all others who add to it, as long as it hasn't ended."""
        fd = os.open(self._layout.intake_lock, os.O_RDWR | os.O_CREAT | PLAIN, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            status = StatusFile(self._layout).read().status
            if status.is_terminal:
                raise RunClosedError(self._layout.run_id, status.value)
            yield
        finally:
            os.close(fd)
