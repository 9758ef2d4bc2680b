"""The process in front of a run's several: it starts them, waits for all, and ends as the first that fails.

Standard library only: the Python of any environment starts it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from cellrun.core.distributed.distribution import Distribution
from cellrun.core.distributed.local_ranks import LocalRanks
from cellrun.core.distributed.nodes import Nodes
from cellrun.core.distributed.rank_exit import RankExit
from cellrun.core.distributed.rendezvous import Rendezvous
from cellrun.core.identity import ProcessIdentity, own_run
from cellrun.core.layout import RunLayout
from cellrun.core.store.completion import Completion

_SAME = "python"
"""Stands for the interpreter that runs this as well."""
ON_NODES = "CELLRUN_RUN_ON_NODES"
"""Set for a job that is on the first of the nodes that Slurm has given it; else all processes are where the job is."""
_ENTRY = (  # Python looks into the working folder first: not before it is known where cellrun is
    'import sys; "" in sys.path and sys.path.remove(""); '
    "from cellrun.core.distributed.launcher import main; main(sys.argv[1], sys.argv[2:])"
)


def launched(interpreter: str, distribution: Distribution, program: Sequence[str]) -> list[str]:
    """Return the command that starts so many processes of a program.

    The interpreter stands in it once, so that a run again by another one is wholly by that.
    """
    first = _SAME if program[0] == interpreter else program[0]
    return [interpreter, "-c", _ENTRY, json.dumps(distribution.to_json()), first, *program[1:]]


def main(distribution: str, program: Sequence[str]) -> NoReturn:
    """Start the processes and end as they do: with the exit code or by the signal of the first that failed."""
    layout = own_run()
    if layout is None:
        raise SystemExit("this is started by cellrun, as the process in front of those of a distributed run")
    several = Distribution.from_json(json.loads(distribution))
    program = [sys.executable if program[0] == _SAME else program[0], *program[1:]]
    if os.environ.get(ON_NODES) and (several.nodes > 1 or several.kind == "mpi"):  # MPI's world is srun's to make
        _end(Nodes(several, program, layout).run(), layout)
    _end(_run_here(several, program, layout), layout)


def _run_here(distribution: Distribution, program: Sequence[str], layout: RunLayout) -> int:
    """Run all processes on this machine; return 0, else the exit code of the first that failed, or minus its signal."""
    ranks = LocalRanks(distribution, program, layout)
    signal.signal(signal.SIGINT, lambda *_: ranks.interrupt())
    meeting = Rendezvous(distribution)
    if ranks.start({rank: distribution.variables(rank, meeting.ports) for rank in range(distribution.total)}):
        return 1
    failed: RankExit | None = None
    while ranks.has_workers and not failed:
        ended = ranks.next_end()
        failed = ended if ended and ended.code else None
    ranks.stop()
    if failed and not ranks.was_interrupted:
        failed.tell(layout)
    return failed.code if failed else 0


def _end(code: int, layout: RunLayout) -> NoReturn:
    if code >= 0:
        with suppress(OSError):  # it is for want of a supervisor that asks for the code
            Completion(ProcessIdentity.current(), code).write(layout)
    else:
        with suppress(OSError):  # SIGKILL is nobody's to handle
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code if code >= 0 else 128 - code)  # the second, should that signal not end a process
