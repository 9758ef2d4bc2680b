"""Reads the logs of Ray jobs, which bring runs home: by a tail where somebody watches, else once a minute."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import NamedTuple

from cellrun.core.errors import RunClosedError, UserErrorException
from cellrun.core.layout import RunLayout
from cellrun.core.mirror.frame_errors import FrameError
from cellrun.core.mirror.log_lines import LogLines
from cellrun.core.store.notes import add_note
from cellrun.core.targets.ray.client import RayClient, RefusedJobError
from cellrun.core.targets.ray.connection import Connection, unexpected_answer
from cellrun.core.targets.ray.tail import Tail
from cellrun.core.targets.ray.whole_log import text_of

MOST_TAILS = 32
"""So many logs are tailed at a time: each is a connection here, and a file that is looked at each second there."""
LOOK_S = 60.0
_SHARE = 20
"""A log whose reading took long is read so many times more seldom than that: Ray gives it whole each time."""
_AGAIN_S = 5.0
"""So long after a tail broke off it is opened anew."""
_CALL_S = 3.0


class Due(NamedTuple):
    """A run whose job has a log, and what is known of the job."""

    run: RunLayout
    job: str
    is_watched: bool = False


class Logs:
    """The logs of one cluster's jobs. It may be made anew: a log read again changes nothing."""

    def __init__(self, connection: Connection, client: RayClient) -> None:
        self._connection = connection
        self._client = client
        self._readings: dict[str, _Reading] = {}

    def bring(self, due: Sequence[Due], *, is_final: bool) -> Collection[str]:
        """Bring home what was printed since; at the end all of it. Returns the ids of those of which more is left.

        Raises ComputeTargetException while the cluster can't be asked.
        """
        unfinished, until = [], time.monotonic() + _CALL_S
        for each in due:
            if time.monotonic() > until:
                unfinished.append(each.run.run_id)
                continue
            try:
                is_done = self._bring(each, is_final=is_final)
            except RunClosedError:  # it has come home
                is_done = True
            if not is_done:
                unfinished.append(each.run.run_id)
            elif is_final:
                self._forget(each.job)
        return unfinished

    def bring_frames(self, job: str) -> bool:
        """Whether what a job's run writes was seen to come by its log."""
        return job in self._readings and self._readings[job].lines.have_frames

    def keep(self, jobs: Collection[str]) -> None:
        """Close the tails of all jobs but these."""
        for job in self._readings.keys() - set(jobs):
            self._forget(job)

    def close(self) -> None:
        """Close all tails."""
        self.keep(())

    def _bring(self, due: Due, *, is_final: bool) -> bool:
        """Bring one run's; whether that is all for now."""
        reading = self._readings.setdefault(due.job, _Reading(due.run))
        now = time.monotonic()
        if due.is_watched and not is_final and reading.tail is None and now >= reading.tail_at:
            self._open_tail(reading, due.job)
        if reading.tail:
            reading.add(reading.tail.read())
            if not reading.tail.is_over:
                return not is_final
            reading.close_tail()
        if is_final or now >= reading.look_at:
            self._read_whole(reading, due.job)
        if is_final:
            reading.lines.end(reading.why_broken or "its job has ended; a log takes no file over 5 MB")
        return True

    def _open_tail(self, reading: _Reading, job: str) -> None:
        if sum(each.tail is not None for each in self._readings.values()) < MOST_TAILS:
            with suppress(UserErrorException):  # its package isn't installed: doctor says so
                reading.begin_again()
                reading.tail = Tail(self._connection.address, job, self._connection.headers())

    def _read_whole(self, reading: _Reading, job: str) -> None:
        began = time.monotonic()
        reading.begin_again()
        try:
            with self._connection.translate_errors(), self._client.log(job) as blocks:
                for piece in text_of(blocks):
                    reading.add(piece)
        except RefusedJobError as error:
            reading.give_up(str(error))
        except ValueError:
            raise unexpected_answer(self._client.address) from None
        took_s = time.monotonic() - began
        reading.look_at = began + max(LOOK_S, _SHARE * took_s)

    def _forget(self, job: str) -> None:
        if reading := self._readings.pop(job, None):
            reading.close_tail()


class _Reading:
    """How far one job's log was read. Each way to it begins with its first byte."""

    def __init__(self, run: RunLayout) -> None:
        self._run = run
        self.lines = LogLines(run)
        self.tail: Tail | None = None
        self.tail_at = self.look_at = 0.0
        """When it may be tailed, and is to be read whole, next (monotonic)."""
        self.why_broken = ""
        self._fed_bytes = self._skip_bytes = 0

    def begin_again(self) -> None:
        """Expect the log's first byte next."""
        self._skip_bytes = self._fed_bytes

    def add(self, piece: bytes) -> None:
        """Take what follows of the log. Raises RunClosedError, OSError."""
        new = piece[self._skip_bytes :]
        self._skip_bytes = max(0, self._skip_bytes - len(piece))
        if new:
            self._fed_bytes += len(new)
            try:
                self.lines.feed(new)
            except FrameError as error:
                add_note(self._run, str(error))
            except OSError:  # the disk here is full: nothing of the log counts as taken
                self._fed_bytes = self._skip_bytes = 0
                self.lines.begin_again()
                self.close_tail()
                raise

    def close_tail(self) -> None:
        """Tail it no more, for now: where the connection broke, it is read whole soon, and tailed again."""
        if self.tail:
            self.tail.close()
            self.tail, self.look_at = None, 0.0
            self.tail_at = time.monotonic() + _AGAIN_S

    def give_up(self, why: str) -> None:
        """Note once that the cluster can't read it any more."""
        if not self.why_broken:
            self.why_broken = why
            add_note(self._run, f"{why}; what the run writes from now on can't come home by it")
        self.tail_at = float("inf")
