"""Fetches what runs on another machine have written, and takes requests there: some seconds at a time."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cellrun.core.disk.control_file import UNREADABLE, read_control_file
from cellrun.core.errors import ComputeTargetException, RunClosedError, problem_of
from cellrun.core.layout import RunLayout
from cellrun.core.mirror.frame import Frame, FrameReader
from cellrun.core.mirror.frame_errors import ConflictError, FrameError, GapError
from cellrun.core.mirror.receiver import Receiver
from cellrun.core.mirror.run_key import key_of
from cellrun.core.places import WorkspaceRecord
from cellrun.core.remote.link import Answer, Link, OrderError
from cellrun.core.store.ending import cancel_requests
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.targets.progress import Progress
from cellrun.core.targets.ssh.connection import Connection

_CALL_S = 3.0
"""About so long a call works: what else is to be asked of the machine waits for it."""
_CLOCK_S = 1.0
"""Clocks that differ by so much more or less than before are another time."""


class Fetching:
    """Brings runs home by one order for all. It may be made anew at any time: what is here tells how far it is."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._link: Link | None = None
        self._ahead_s = 0.0
        self._receivers: dict[Path, Receiver] = {}
        self._told: set[Path] = set()
        """Runs of which the other end of the link knows what is here."""
        self._delivered: dict[Path, int] = {}
        """How many requests of a run are there."""
        self._progress = Progress(Status.FINALIZING, "bringing {} home", {Status.FINALIZING})

    def fetch(self, runs: Sequence[RunLayout], *, is_final: bool) -> set[str]:
        """Bring home what there is, and requests there; return the ids of runs of which more is left.

        `is_final` for runs that have ended there: what can't come of one is given up. Raises ComputeTargetException.
        """
        until, left = time.monotonic() + _CALL_S, set[str]()
        with self._connection.link() as link:
            self._begin(link)
            for workspace_id, group in by_workspace(runs).items():
                self._deliver(link, workspace_id, group)
                living = group
                while living:
                    rest = self._round(link, workspace_id, living, is_final=is_final)
                    living = [run for run in living if run.run_id in rest]
                    if time.monotonic() >= until:
                        left |= rest
                        break
        return left

    def _begin(self, link: Link) -> None:
        ahead_s = self._connection.clock_ahead_s()
        if link is not self._link or abs(ahead_s - self._ahead_s) > _CLOCK_S:
            self._link, self._ahead_s = link, ahead_s
            for of_link in (self._receivers, self._told, self._delivered):
                of_link.clear()

    def _deliver(self, link: Link, workspace_id: str, runs: Iterable[RunLayout]) -> None:
        for run in runs:
            requests = cancel_requests(run)
            if requests > self._delivered.get(run.folder, 0):
                with suppress(OrderError, *UNREADABLE):  # it isn't there (any more); or somebody writes it just now
                    request = read_control_file(run.folder, run.cancel_request)
                    link.ask("deliver", data=request, workspace=workspace_id, run=run.run_id)
                    self._delivered[run.folder] = requests

    def _round(self, link: Link, workspace_id: str, runs: Sequence[RunLayout], *, is_final: bool) -> set[str]:
        """Ask once and take what comes; return the ids of those runs that should be asked for again at once."""
        have, ended = self._have(runs)
        final = list(have) if is_final else []
        answer = link.ask("sync", workspace=workspace_id, runs=have, final=final)
        by_run, again = self._frames(answer, runs), set(answer.facts["anew"])
        for run in runs:
            if run.run_id not in have:
                self._progress.forget(run)
                continue
            is_sent = self._take(run, by_run[run.run_id])
            if not is_sent or run.run_id in answer.facts["anew"]:
                self._told.discard(run.folder)
                again.add(run.run_id)
            elif run.run_id in answer.facts["whole"]:
                if is_final:
                    self._end(run, "it was changed after it had been sent")
            elif run.run_id in answer.facts["unknown"] and is_final:
                self._end(run, f"{link.name} has its folder no more")
            elif answer.facts["more"]:
                again.add(run.run_id)
            if run.run_id in answer.facts["progress"]:
                self._progress.tell(run, *map(int, answer.facts["progress"][run.run_id]))
        lost = set(have) - again if is_final else set()  # it is Failed here next: nobody asks for it once more
        ended += [
            run.run_id for run in runs if run.run_id in have and (run.run_id in lost or StatusFile(run).is_over())
        ]
        if ended:
            with suppress(OrderError):
                link.ask("home", workspace=workspace_id, runs=ended)
        return again - set(ended)

    def _have(self, runs: Sequence[RunLayout]) -> tuple[dict[str, Mapping[str, tuple[int, int]] | None], list[str]]:
        """Return what is here of each run, None of those of which the other end knows; and the ids of ended runs."""
        have: dict[str, Mapping[str, tuple[int, int]] | None] = {}
        ended = []
        for run in runs:
            try:
                is_known = run.folder in self._told
                have[run.run_id] = None if is_known else self._receiver(run).have()
                self._told.add(run.folder)
            except RunClosedError:
                ended.append(run.run_id)
            except OSError as error:
                raise _cannot_keep(run, error) from error
        return have, ended

    def _frames(self, answer: Answer, runs: Sequence[RunLayout]) -> dict[str, list[Frame]]:
        layouts, found = {run.run_id: run for run in runs}, defaultdict[str, list[Frame]](list)
        reader = FrameReader(lambda run_id: key_of(layouts[run_id]) if run_id in layouts else None)
        try:
            for frame in reader.feed(answer.data):
                found[frame.run].append(frame)
        except FrameError as error:
            self._told.clear()
            raise ComputeTargetException(f"{self._connection.name} sent what can't be taken: {error}") from error
        return found

    def _take(self, run: RunLayout, frames: list[Frame]) -> bool:
        """Take frames of a run; False if some that belong before them are missing."""
        try:
            self._receiver(run).take(frames)
        except GapError:
            return False
        except (ConflictError, RunClosedError):  # the run has a note of it; somebody else was as quick
            return True
        except FrameError as error:
            raise ComputeTargetException(f"of run {run.run_id} came what can't be taken: {error}") from error
        except OSError as error:
            self._told.discard(run.folder)
            raise _cannot_keep(run, error) from error
        return True

    def _end(self, run: RunLayout, why: str) -> None:
        receiver = self._receivers.pop(run.folder, None)
        if receiver and not receiver.is_whole:
            receiver.give_up(why)

    def _receiver(self, run: RunLayout) -> Receiver:
        if run.folder not in self._receivers:
            self._receivers[run.folder] = Receiver(run, self._ahead_s)
        return self._receivers[run.folder]


def by_workspace(runs: Iterable[RunLayout]) -> dict[str, list[RunLayout]]:
    """Return runs by the ids of their workspaces."""
    ids: dict[Path, str] = {}
    found = defaultdict[str, list[RunLayout]](list)
    for run in runs:
        folder = run.workspace.folder
        if folder not in ids:
            ids[folder] = WorkspaceRecord.read(run.workspace).id
        found[ids[folder]].append(run)
    return found


def _cannot_keep(run: RunLayout, error: OSError) -> ComputeTargetException:
    return ComputeTargetException(f"what run {run.run_id} wrote can't be kept here: {problem_of(error)}")
