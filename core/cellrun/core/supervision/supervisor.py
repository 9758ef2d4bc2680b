"""The process that stands by a submitted run: it starts the job, watches it, ends it and says how it ended.

Started as `python -I -S supervisor.py <run folder>`, with the job's environment. It takes one order from stdin: to run
a program, maybe to make things ready for it first, or to adopt the job of a supervisor that died; its launcher may have
started it ahead, while the run folder was still being built. It belongs to nobody: neither a kernel's restart nor a
server's end reaches it. Under an engine its second argument is the order's file, its third one what people call the
engine, and it stays in the foreground.

What stands here decides how soon the first line of a user's code runs. So until the job is started it uses what the
interpreter loads anyway (importing json costs more than all of this) and what it takes orphans with, 0.4 ms; everything
else comes afterwards, while the job's own interpreter starts. Nothing here is to be imported: the folder's other
modules are.
"""

import gc
import os
import sys
import time

# `signal` itself loads enum, which takes longer than the rest
from _signal import (  # type: ignore[import-not-found]
    SIG_DFL,
    SIGHUP,
    SIGINT,
    SIGPIPE,
    SIGQUIT,
    SIGTERM,
    SIGUSR1,
    SIGUSR2,
    SIGXFSZ,
    signal,
)

try:  # what ctypes is made of: to import that itself takes ten times as long
    import _ctypes
except ImportError:  # an interpreter that was built without it
    _ctypes = None  # type: ignore[assignment]

TYPE_CHECKING = False  # typing's own takes too long to load
if TYPE_CHECKING:
    from collections.abc import Callable

FOREGROUND, ENGINE = 2, 3  # the arguments that name the order's file, if there is one, and the engine
LAUNCH = b"launch="
UNTOLD = 255  # no errno: what the launcher hears of a supervisor that was killed before it could tell it anything
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
HEAD_START_S = 0.015  # an interpreter's start: on a busy core our imports would take it from the job
MOST_WAIT_S = 5.0  # nobody is held up for ever by a half that was stopped
ROOT = os.path.abspath(f"{__file__}/../../../..")  # noqa: PTH100  # pathlib costs 10 ms
heard_from_engine: "list[tuple[int, float]]" = []  # each signal by which an engine ends its job, and when


def main() -> None:
    """Take the order, detach, start the job or find it, tell the launcher, and watch to the end."""
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))  # whatever the launching process let its children inherit
    if len(sys.argv) > FOREGROUND:
        _in_foreground(sys.argv[FOREGROUND])
        return
    os.setsid()
    os.chdir("/")
    parts = _read_order(0).split(b"\0")
    if parts.pop() != b"end":  # the launcher thought better of it, or was killed
        return
    kind, log, claim, work, launch, argv = _parted(parts)
    try:
        _attach(log)
        told, tell, waiting = *os.pipe(), os.getpid()
        if os.fork():  # the launcher waits for this half, which ends at once: the other half becomes an orphan
            os.close(tell)
            answer = os.read(told, 1)
            os._exit(answer[0] if answer else UNTOLD)
    except OSError as error:
        os._exit(error.errno or 1)
    os.close(told)
    _supervise(kind, claim, launch, lambda: _start(claim, work, argv), lambda errno: _tell(tell, errno, waiting))


def _supervise(
    kind: bytes, claim: bytes, launch: str, start: "Callable[[], tuple[int, int]]", tell: "Callable[[int], object]"
) -> None:
    """Start the job or find it, `tell` the launcher an errno or 0, and watch to the end."""
    takes_orphans = _take_orphans()
    if kind != b"adopt":
        try:
            _claim(claim)
            if kind == b"run":
                pid, exec_told = start()
        except OSError as error:
            tell(error.errno or 1)
            os._exit(1)
    if kind == b"run":
        tell(0)
        time.sleep(HEAD_START_S)
    gc.disable()  # what is imported stays: to look for garbage among it takes a tenth of the time
    sys.path.append(ROOT)
    from cellrun.core.identity import start_ticks  # noqa: PLC0415  # see above
    from cellrun.core.processes import orphans  # noqa: PLC0415  # see above
    from cellrun.core.supervision import engine_signals, watch  # noqa: PLC0415  # see above

    gc.freeze()
    gc.enable()
    engine_signals.heard = heard_from_engine
    engine_signals.engine = sys.argv[ENGINE] if len(sys.argv) > ENGINE else ""

    orphans.of_run = sys.argv[1] if takes_orphans else ""
    if kind != b"adopt" and not engine_signals.engine:  # which may have begun an earlier attempt
        orphans.since = start_ticks(os.getpid())
    if kind == b"run":
        watch.started(sys.argv[1], launch, pid, exec_told)
    elif kind == b"prepare":
        watch.prepared(sys.argv[1], launch, start, tell)
    else:
        watch.adopted(sys.argv[1], launch, tell)


def _tell(tell: int, errno: int, waiting: int) -> None:
    """Tell the half that waits, and wait until it is gone: it looks like a process of the run, which may be stopped.

    If somebody has killed it, the run goes on all the same.
    """
    try:
        os.write(tell, bytes([errno]))
    except OSError:
        return
    deadline = time.monotonic() + MOST_WAIT_S
    while os.getppid() == waiting and time.monotonic() < deadline:
        time.sleep(0.001)


def _in_foreground(order: str) -> None:
    """Take the order from a file and stay, under an engine that knows this process as its job."""
    fd = os.open(order, os.O_RDONLY)
    kind, log, claim, work, launch, argv = _parted(_read_order(fd).split(b"\0")[:-1])
    os.close(fd)
    for number in (SIGTERM, SIGUSR1, SIGUSR2):  # before there is a job that it would leave alone
        signal(number, _hear)
    os.chdir("/")
    _attach(log)
    _supervise(kind, claim, launch, lambda: _start(claim, work, argv), lambda _: None)


def _hear(number: int, _: object) -> None:
    heard_from_engine.append((number, time.monotonic()))


def _read_order(fd: int) -> bytes:
    """Read the launcher's order to its end."""
    order = b""
    while block := os.read(fd, 1 << 16):
        order += block
    return order


def _parted(order: list[bytes]) -> tuple[bytes, bytes, bytes, bytes, str, list[bytes]]:
    """Return kind, log, claim, work, the launch spec's hash and argv; an earlier cellrun's order has no hash."""
    kind, log, claim, work, *argv = order
    launch = argv.pop(0)[len(LAUNCH) :].decode() if argv and argv[0].startswith(LAUNCH) else ""
    return kind, log, claim, work, launch, argv


def _attach(log: bytes) -> None:
    """Take stdin from nowhere, and let both outputs go to the end of the run's log, which is no link and no pipe."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    end = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    for fd, standard in ((nothing, 0), (end, 1), (end, 2)):
        os.dup2(fd, standard)


def _claim(claim: bytes) -> None:
    """Make this supervisor the run's. Raises FileExistsError if another one is."""
    os.close(os.open(claim, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _take_orphans() -> bool:
    """Be the parent of whatever the job leaves behind, before it can leave anything; whether the system does that."""
    try:
        prctl = _ctypes.dlsym(_ctypes.dlopen(None, 0), "prctl")  # type: ignore[arg-type]  # None: this very program
        return bool(_ctypes.call_function(prctl, (PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)) == 0)
    except (AttributeError, OSError):  # no _ctypes; macOS, which has no prctl
        return False


def _start(claim: bytes, work: bytes, argv: list[bytes]) -> tuple[int, int]:
    """Start the job. Returns its pid, and where its errno comes if its program can't be started; else nothing comes."""
    try:
        told, tell = os.pipe()  # a successful exec closes it
        pid = os.fork()
    except OSError:
        os.unlink(claim)  # noqa: PTH108  # it wasn't started: it may be later
        raise
    if pid:
        os.close(tell)
        return pid, told
    try:
        os.setsid()
        for number in (SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGXFSZ):  # an interpreter ignores some of them
            signal(number, SIG_DFL)
        os.chdir(work)
        os.execv(argv[0], argv)  # noqa: S606  # the very point: no shell between
    except OSError as error:
        os.write(tell, str(error.errno).encode())
    finally:
        os._exit(127)


if __name__ == "__main__":
    main()
    os._exit(0)  # nothing is left to be put in order, and the interpreter would take its time to do it
