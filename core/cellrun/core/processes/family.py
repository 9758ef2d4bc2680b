"""All processes that a run has started, found and stopped: nobody stays.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import os
import signal
import stat
import time
from collections.abc import Callable
from contextlib import suppress

from cellrun.core.disk.control_file import folder_beneath
from cellrun.core.identity import RUN_FOLDER, RUN_ID, ProcessIdentity
from cellrun.core.layout import RunLayout
from cellrun.core.processes import orphans, process_table
from cellrun.core.processes.process_table import Inode, ProcessEntry

_LOOKS = 3  # at orphans: the first may see one end and not yet what it has forked
_MOST_LOOKS = 20  # if each shows one that none has shown before; then they are given up
_FIRST_LOOK_S = 0.02
_NEXT_LOOK = 1.5  # each look reads the environment of every process: it comes later than the one before, by so much
_MOST_LOOK_S = 0.5
_SHELLS = frozenset({"sh", "ash", "bash", "busybox", "dash", "fish", "ksh", "ksh93", "mksh", "zsh"})
_SUPERVISOR = "/cellrun/core/supervision/supervisor.py"
_LAST_S = 5.0  # after SIGKILL only a process stuck in the kernel (a dead network disk) is still there


class ProcessFamily:
    """A job and what descends from it.

    Its members are those in the job's session, those that carry the run's id and folder in their environment (a daemon
    that left the session has them still) or write into the run's log, and children of any. A process that carries
    another run's id, or that of a copy of this one, is that run's: a job may submit runs.

    `job` is one that the caller started, or that `is_of_run` says is the run's: what a run folder says of processes
    proves nothing, whoever copied or made the folder.
    """

    def __init__(self, layout: RunLayout, job: ProcessIdentity | None) -> None:
        self._layout = layout
        self._job = job  # None if it isn't known: then its session isn't either
        self._interrupted: set[ProcessIdentity] = set()
        self._waited_for: set[ProcessIdentity] | None = None  # at the last look, if there was one

    def members(self) -> list[ProcessEntry]:
        """Return the living members, the calling process aside."""
        since = orphans.since if orphans.are_adopted_of(self._layout.folder) else 0
        everyone = {entry.pid: entry for entry in process_table.processes(since) if entry.pid != os.getpid()}
        return self._among(everyone) or self._orphans()

    def _orphans(self) -> list[ProcessEntry]:
        """Return those that this process has taken, by looks that are too quick to hide from by forking and ending.

        A process that has ended by the time it is read about may have forked one that the next look shows.
        """
        seen: set[int] = set()
        for number in range(_MOST_LOOKS if orphans.are_adopted_of(self._layout.folder) else 0):
            listed = orphans.children()
            born = [process_table.process(pid) for pid in listed]
            if found := self._among({entry.pid: entry for entry in born if entry and not entry.has_ended}):
                return found
            if number + 1 >= _LOOKS and listed <= seen:
                break
            seen |= listed
        return []

    def _among(self, everyone: dict[int, ProcessEntry]) -> list[ProcessEntry]:
        session, log = self._session(everyone), _log_inode(self._layout)
        taker = os.getpid() if orphans.are_adopted_of(self._layout.folder) else -1
        found: dict[int, ProcessEntry] = {}
        strangers: set[int] = set()
        for pid, entry in everyone.items():
            sign = _sign(pid, self._layout, log)
            is_orphan = sign is None and entry.parent == taker
            if is_orphan:  # of this run, or of none, which can't be told while its program is loaded or ends
                is_orphan = process_table.is_at_work(pid)
                sign = _sign(pid, self._layout, log)
            if sign or (sign is None and (entry.session == session or is_orphan)):
                found[pid] = entry
            elif sign is False:
                strangers.add(pid)
        return list(_with_children(found, everyone, strangers).values())

    def orphaned_job(self) -> ProcessIdentity | None:
        """Return the job if its supervisor was killed before it could write who that is; None while one lives.

        A job leads a session of its own, which its supervisor doesn't; of several the oldest is it.
        """
        everyone = {entry.pid: entry for entry in self.members()}
        supervisors = {pid for pid in everyone if process_table.is_running(pid, _SUPERVISOR)}
        leaders = [
            entry
            for entry in everyone.values()
            if entry.session == entry.pid and not {entry.pid, entry.parent} & supervisors
        ]
        return min(leaders, key=lambda entry: entry.started).identity if leaders else None

    def interrupt(self) -> None:
        """Send SIGINT once to the job's main process, as Ctrl-C does; of a shell, to whatever it waits for by now.

        Call it several times, a moment between two: what comes after the first look has to be there for two, since the
        rest of a pipeline, or a program that has just begun, often needs that moment to end or to be ready for it.
        """
        if self._job is None:
            return
        before, self._waited_for = self._waited_for, _waited_for(self._job)
        for who in self._waited_for - self._interrupted:
            if before is None or who in before:
                self._interrupted.add(who)
                send(who, signal.SIGINT)
                send(who, signal.SIGCONT)  # a stopped process takes notice only then

    def end(self, leave_s: float, grace_s: float) -> int:
        """Wait until every member has ended by itself, or so long, then stop the others. Returns how many were left."""
        if self.wait(leave_s) and orphans.are_adopted_of(self._layout.folder):
            return 0  # nobody hides from that look by forking and ending: no other one is needed
        return self.stop(grace_s)

    def stop(
        self,
        grace_s: float,
        is_urged: Callable[[], object] = lambda: False,
        tell: Callable[[signal.Signals], object] = lambda _: None,
    ) -> int:
        """End every member: SIGTERM, after a grace SIGKILL, until nobody is left. Returns how many that were.

        `is_urged` is asked between two looks and ends the grace; `tell` is told of each signal that somebody got.
        """
        stopped = {entry.identity for entry in self._send(signal.SIGTERM)}
        if stopped:
            self._send(signal.SIGCONT)  # a stopped process takes notice of SIGTERM only then
            tell(signal.SIGTERM)
        self.wait(grace_s, is_urged)
        deadline = time.monotonic() + _LAST_S
        killed: set[ProcessIdentity] = set()
        while (left := self._send(signal.SIGKILL)) and time.monotonic() < deadline:
            if not killed:
                tell(signal.SIGKILL)
            killed |= {entry.identity for entry in left}
            self.wait(_MOST_LOOK_S)
        return len(stopped | killed)

    def wait(self, most_s: float, is_urged: Callable[[], object] = lambda: False) -> bool:
        """Wait until no member is left, so long, or until it is urged. Returns whether nobody is."""
        deadline, pause_s = time.monotonic() + most_s, _FIRST_LOOK_S
        while self.members():
            if time.monotonic() >= deadline or is_urged():
                return False
            time.sleep(min(pause_s, max(0.0, deadline - time.monotonic())))
            pause_s = min(pause_s * _NEXT_LOOK, _MOST_LOOK_S)
        return True

    def _session(self, everyone: dict[int, ProcessEntry]) -> int | None:
        """Return the number of the job's session; None if another process has it by now."""
        if self._job is None:
            return None
        leader = everyone.get(self._job.pid)
        return self._job.pid if leader is None or leader.started == self._job.started else None

    def _send(self, number: signal.Signals) -> list[ProcessEntry]:
        """Send each member a signal once: the job's group together (who forks right now is in it), others singly."""
        members = self.members()
        group = self._job.pid if self._job else 0
        if any(entry.group == group for entry in members):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(group, number)
        for entry in members:
            if entry.group != group:
                send(entry.identity, number)
        for entry in self._orphans():  # who was born since
            if entry not in members:
                members.append(entry)
                send(entry.identity, number)
        return members


def is_of_run(who: ProcessIdentity, layout: RunLayout) -> bool:
    """Whether a living process of this user shows that it is a run's; False where there is no table of processes."""
    is_there = process_table.is_there() and who.is_alive() and process_table.is_own(who.pid)
    return is_there and bool(_sign(who.pid, layout, _log_inode(layout)))


def _sign(pid: int, layout: RunLayout, log: Inode | None) -> bool | None:
    """Return whether a process is this run's by the variables it was started with or its output, or another's.

    None if it shows neither: its parents and its session tell, then. Folders are compared as files: a workspace is
    reached by several paths, and a copy is another folder. What the variables don't tell the log may: a folder that was
    moved since, and a program that gives itself a title (setproctitle), which it does in the place of its variables.
    """
    run_id = process_table.variable(pid, RUN_ID)
    if run_id is not None and run_id != layout.run_id:
        return False
    folder = process_table.variable(pid, RUN_FOLDER) if run_id else None
    if folder:
        with suppress(OSError):  # it was moved
            return folder == str(layout.folder) or layout.folder.samefile(folder)
    if log and process_table.is_own(pid) and log in process_table.outputs(pid):
        return True
    return None


def _log_inode(layout: RunLayout) -> Inode | None:
    """Return what a run's log is known by; None unless it is this user's and nothing else: no link to a busy file."""
    with suppress(OSError), folder_beneath(layout.folder, [layout.log.parent.name]) as folder:
        about = os.stat(layout.log.name, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISREG(about.st_mode) and about.st_uid == os.geteuid() and about.st_nlink == 1:
            return about.st_dev, about.st_ino
    return None


def runs_with_members() -> set[str]:
    """Return the ids of the runs that processes carry in their environment: of many runs, which to look closer at."""
    found = {process_table.variable(entry.pid, RUN_ID) for entry in process_table.processes()}
    return {run_id for run_id in found if run_id}


def _with_children(
    found: dict[int, ProcessEntry], everyone: dict[int, ProcessEntry], strangers: set[int]
) -> dict[int, ProcessEntry]:
    """Return the processes found and all their descendants, without strangers and theirs."""
    grown = dict(found)
    while True:
        more = {
            pid: entry
            for pid, entry in everyone.items()
            if entry.parent in grown and pid not in grown and pid not in strangers
        }
        if not more:
            return grown
        grown |= more


def _waited_for(job: ProcessIdentity) -> set[ProcessIdentity]:
    """Return a job's main process; of a shell that waits, what it waits for, which may be a shell in turn.

    Of a pipeline the first: `tee` ends by itself then, and would take the output from whom it reads if it ended before.
    """
    everyone = list(process_table.processes())
    waiting, found = [job], set()
    while waiting:
        who = waiting.pop()
        children = [entry.identity for entry in everyone if entry.parent == who.pid]
        if children and os.path.basename(process_table.link(who.pid, "exe")) in _SHELLS:  # noqa: PTH119  # a name alone
            outputs = {process_table.link(child.pid, f"fd/{fd}") for child in children for fd in (1, 2)}
            pipes = {output for output in outputs if output.startswith("pipe:")}
            waiting += [child for child in children if process_table.link(child.pid, "fd/0") not in pipes]
        else:
            found.add(who)
    return found


def send(who: ProcessIdentity, number: signal.Signals) -> None:
    """Signal exactly this process: a pidfd can't mean another one that got its number meanwhile."""
    with suppress(ProcessLookupError, PermissionError):
        pidfd = process_table.open_process(who.pid)
        try:
            if not who.is_alive():
                return
            if pidfd < 0:
                os.kill(who.pid, number)
            else:
                signal.pidfd_send_signal(pidfd, number)
        finally:
            if pidfd >= 0:
                os.close(pidfd)
