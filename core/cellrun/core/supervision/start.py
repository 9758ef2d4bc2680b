"""The start of a supervisor, from a kernel, a server or an ending supervisor.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import errno
import os
import resource
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cellrun.core.errors import ExperimentExecutionException
from cellrun.core.identity import run_variables
from cellrun.core.layout import RunLayout
from cellrun.core.processes.family import ProcessFamily
from cellrun.core.supervision.launch_spec import LaunchSpec

_LOG_TAIL_BYTES = 2000
_UNTOLD = 255  # as supervisor.py has it


class ProcessLimitError(ExperimentExecutionException):
    """No process or open file is left for a supervisor. Only the queue tells it from its base: who waits, waits on."""


class SupervisorStart:
    """A supervisor on its way: its interpreter starts at once, then it takes one order, `run` or `adopt`.

    It may be made before the run folder is there. Without an order it must be closed.
    Raises ExperimentExecutionException where no process is to be had.
    """

    def __init__(self, layout: RunLayout, supervisor: Sequence[str], environment: Mapping[str, str]) -> None:
        self.layout = layout
        opened: list[int] = []
        try:
            opened += os.pipe()
            opened.append(os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC))
            order, self._tell, nothing = opened
            files = [(os.POSIX_SPAWN_DUP2, fd, to) for fd, to in ((order, 0), (nothing, 1), (nothing, 2))]
            # subprocess would do, but to import it takes an ending supervisor longer than all of this.
            self._pid = os.posix_spawn(
                supervisor[0], [*supervisor, str(layout.folder)], environment, file_actions=files
            )
            opened.remove(self._tell)
        except OSError as error:
            raise _error(error.errno or 0) from error
        finally:
            for fd in opened:
                os.close(fd)

    @classmethod
    def adopting(cls, layout: RunLayout, launch: str) -> SupervisorStart:
        """Start a supervisor for a job whose own one died. `launch` is the hash of its launch spec, if it is known."""
        environment = {**os.environ, **run_variables(layout)}  # not to be taken for a process of the run that we may be
        start = cls(layout, supervisor_command(), environment)
        start._give("adopt", (), launch)
        return start

    def run(self, spec: LaunchSpec, launch: str) -> None:
        """Order it to run the run's job, after what is to be done before. The run folder is in its place by now.

        `launch` is the hash of the launch spec, which the supervisor reads again; empty where nobody knows it.
        """
        self._give(_kind(spec), spec.argv, launch if _knows_launch(spec) else "")

    def wait(self) -> None:
        """Wait until it is certain that the job was started, a few milliseconds.

        Raises ExperimentExecutionException if it couldn't be.
        """
        code = self._exit_code()
        if code in {0, errno.EEXIST}:  # EEXIST: another supervisor was first, the run is in good hands
            return
        if (code < 0 or code == _UNTOLD) and ProcessFamily(self.layout, job=None).members():
            return  # it was killed when it had started the job: the next look has that adopted
        if said := self._said():
            raise ExperimentExecutionException(f"could not start the run: its supervisor ended: {said}")
        raise _error(code)

    def close(self) -> None:
        """Let it go, if it has no order."""
        if self._tell >= 0:
            os.close(self._tell)
            self._tell = -1
            self._exit_code()

    def _give(self, kind: str, argv: Sequence[str], launch: str) -> None:
        layout = self.layout
        self._log_size = layout.log.stat().st_size if layout.log.exists() else 0
        with suppress(BrokenPipeError), os.fdopen(self._tell, "wb") as tell:  # it has ended: `wait` says why
            tell.write(_order(layout, kind, argv, launch))
        self._tell = -1

    def _exit_code(self) -> int:
        try:
            return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        except ChildProcessError:  # this program reaps all its children by itself; the claim tells as well
            return 0 if self.layout.claim.exists() else 1

    def _said(self) -> str:
        """Return what it left in the run's log."""
        try:
            with self.layout.log.open("rb") as log:
                log.seek(max(self._log_size, log.seek(0, os.SEEK_END) - _LOG_TAIL_BYTES))
                return log.read().decode("utf-8", "replace").strip()
        except OSError:
            return ""


def order(layout: RunLayout, spec: LaunchSpec, attempt: int = 1) -> bytes:
    """Return what a supervisor is told that takes its order from a file: to run a run's job, in which attempt."""
    return _order(layout, _kind(spec), spec.argv, spec.digest(), attempt)


def _order(layout: RunLayout, kind: str, argv: Sequence[str], launch: str, attempt: int = 1) -> bytes:
    told = (f"launch={launch}",) if launch else ()
    parts = (kind, str(layout.log), str(layout.claim_of(attempt)), str(layout.work), *told, *argv, "end")
    return b"\0".join(os.fsencode(part) for part in parts)


def _kind(spec: LaunchSpec) -> str:
    return "prepare" if spec.before else "run"


def _knows_launch(spec: LaunchSpec) -> bool:
    """Whether a run's supervisor understands that its order has a hash: cellrun 0.1 had it in another room."""
    return Path(spec.supervisor[-1]).parent.name == Path(__file__).parent.name


def supervisor_command() -> list[str]:
    """Return the command that starts a supervisor of this cellrun with this interpreter, without its arguments."""
    return [sys.executable, "-I", "-S", str(Path(__file__).with_name("supervisor.py"))]


def _error(number: int) -> ExperimentExecutionException:
    """Return the error for an errno, or for minus a signal's number."""
    if number in {errno.EAGAIN, errno.ENOMEM}:
        return ProcessLimitError(
            f"could not start the run: process limit reached (RLIMIT_NPROC={_limit(resource.RLIMIT_NPROC)})"
        )
    if number in {errno.EMFILE, errno.ENFILE}:
        return ProcessLimitError(
            f"could not start the run: open file limit reached (RLIMIT_NOFILE={_limit(resource.RLIMIT_NOFILE)})"
        )
    words = os.strerror(number) if number > 0 else f"its supervisor was killed by signal {-number}"
    if number == _UNTOLD:
        words = "its supervisor was killed"
    if number == errno.E2BIG:
        words = "its environment variables are too long together"
    return ExperimentExecutionException(f"could not start the run: {words}")


def _limit(kind: int) -> str:
    soft, _ = resource.getrlimit(kind)
    return "unlimited" if soft == resource.RLIM_INFINITY else str(soft)
