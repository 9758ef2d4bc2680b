"""The nodes of a distributed run under Slurm: srun starts an agent on each, this one leads them from the first node.

Standard library only: the Python of any environment starts it.
"""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

from cellrun.core.distributed.distribution import Distribution
from cellrun.core.distributed.local_ranks import GRACE_S
from cellrun.core.distributed.node_agent import INTERRUPT, STOP, NodeOrder, read_report
from cellrun.core.distributed.rank_exit import RankExit, say
from cellrun.core.distributed.rendezvous import Rendezvous
from cellrun.core.identity import RUN_ID
from cellrun.core.layout import RunLayout

_ENTRY = (  # as the launcher's
    'import sys; "" in sys.path and sys.path.remove(""); from cellrun.core.distributed.node_agent import main; main()'
)
_ADDRESS = re.compile(r"\bNodeAddr=(\S+)")
_ASK_S = 15.0
_STOP_S = 3 * GRACE_S
"""How long the agents have to end all: who was interrupted has a grace, then SIGTERM, then SIGKILL of what is left."""
_BLOCK_BYTES = 1 << 16
# Where a step's input and output go, and how many cores a task of it has, is said here, not by who submitted the job.
_NOT_PASSED = (
    *("SLURM_STDINMODE", "SLURM_STDOUTMODE", "SLURM_STDERRMODE", "SLURM_LABELIO", "SLURM_UNBUFFEREDIO"),
    *("SRUN_INPUT", "SRUN_OUTPUT", "SRUN_ERROR", "SRUN_LABELIO", "SRUN_EXPORT_ENV", "SLURM_EXPORT_ENV"),
    *("SLURM_CPUS_PER_TASK", "SRUN_CPUS_PER_TASK", "SLURM_NTASKS_PER_NODE", "SLURM_DISTRIBUTION"),
)


class Nodes:
    """The agents of all nodes.

    Responsibilities: Slurm's step that they are; a Ctrl-C and the end for all of them; which process failed first.
    """

    def __init__(self, distribution: Distribution, program: Sequence[str], layout: RunLayout) -> None:
        self._distribution = distribution
        self._program = list(program)
        self._layout = layout
        self._step: subprocess.Popen[bytes] | None = None
        self._deadline = float("inf")
        self._signals: set[int] = set()
        self._failed: RankExit | None = None
        self._running = set(range(distribution.total))

    def run(self) -> int:
        """Run all processes on their nodes; return 0, else the first failed one's exit code, or minus its signal."""
        meeting = Rendezvous(self._distribution)
        order = NodeOrder(self._distribution, self._program, own_address(), meeting.ports)
        tasks_per_node = self._distribution.per_node // order.per_agent
        try:
            self._step = self._start(tasks_per_node)
        except OSError as error:
            say(f"cellrun: srun can't be started on {socket.gethostname()}: {error.strerror}")
            return 1
        self._send(order.to_line())
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda got, _: self._on_signal(got))
        self._follow(self._step, self._step.stdout.fileno() if self._step.stdout else -1)
        return self._code(self._step)

    def _start(self, tasks_per_node: int) -> subprocess.Popen[bytes]:
        nodes = self._distribution.nodes
        return subprocess.Popen(
            [
                *("srun", f"--nodes={nodes}", f"--ntasks={nodes * tasks_per_node}"),
                *(f"--ntasks-per-node={tasks_per_node}", "--distribution=block", "--overcommit", "--cpu-bind=none"),
                *("--export=ALL", "--kill-on-bad-exit=1", f"--mpi={self._wiring()}"),
                *("--", sys.executable, "-c", _ENTRY),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if name not in _NOT_PASSED} | self._aside(),
            start_new_session=True,
        )

    def _aside(self) -> dict[str, str]:
        """Return what lets the step stand aside of the run's family, whom its supervisor signals.

        A SIGTERM has srun kill all nodes' processes at once; the launcher has them end in their time. When it is gone,
        the step ends by itself, or with the engine's job.
        """
        return {RUN_ID: f"{self._layout.run_id}.srun"}

    def _wiring(self) -> str:
        """Return by what programs of MPI find each other: PMIx where this Slurm has it, unless the user has said it."""
        if self._distribution.kind != "mpi":
            return "none"
        known = _asked(["srun", "--mpi=list"]).split()
        return os.environ.get("SLURM_MPI_TYPE") or next((name for name in ("pmix", "pmi2") if name in known), "none")

    def _on_signal(self, number: int) -> None:
        self._signals.add(number)
        if number == signal.SIGINT:
            self._send(f"{INTERRUPT}\n".encode())
        else:
            self._stop()

    def _stop(self) -> None:
        """Have all processes ended, once."""
        if self._deadline == float("inf"):
            self._deadline = time.monotonic() + _STOP_S
            self._send(f"{STOP}\n".encode())

    def _send(self, line: bytes) -> None:
        if self._step and self._step.stdin:
            with suppress(OSError):  # they have all ended
                self._step.stdin.write(line)
                self._step.stdin.flush()

    def _follow(self, step: subprocess.Popen[bytes], output: int) -> None:
        """Take the agents' reports until the step has ended; if it doesn't when it has to, it is killed."""
        left = b""
        while True:
            rest_s = min(self._deadline - time.monotonic(), 3600.0)
            ready, _, _ = select.select([output], [], [], max(0.0, rest_s))
            if not ready and time.monotonic() >= self._deadline:
                step.kill()
                return
            block = os.read(output, _BLOCK_BYTES) if ready else b"\n"
            if not block:
                return
            *lines, left = (left + block).split(b"\n") if ready else (left,)
            for line in lines:
                self._take(line)

    def _take(self, line: bytes) -> None:
        ended = read_report(line)
        if ended is None:
            if line.strip():
                say(line.decode("utf-8", "replace"))
            return
        self._running.discard(ended.rank)
        if ended.code and not self._failed:
            self._failed = ended
            self._stop()

    def _code(self, step: subprocess.Popen[bytes]) -> int:
        code = step.wait()
        if self._failed:
            if not self._signals:
                self._failed.tell(self._layout)
            return self._failed.code
        if signal.SIGTERM in self._signals:
            return -signal.SIGTERM
        if not self._running:
            return 0
        ranks = ", ".join(map(str, sorted(self._running)[:8])) + (", …" if len(self._running) > 8 else "")
        say(f"cellrun: srun ended with {code} before the processes of rank {ranks} had; see what Slurm says above")
        return code if code > 0 else 1


def own_address() -> str:
    """Return where the other nodes reach this one: the address by which Slurm does, else the host's name."""
    name = os.environ.get("SLURMD_NODENAME", "")
    found = _ADDRESS.search(_asked(["scontrol", "--oneliner", "show", "node", name])) if name else None
    return found[1] if found else socket.gethostname()


def _asked(command: Sequence[str]) -> str:
    """Return what a program of Slurm's answers; nothing if it doesn't."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_ASK_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr
