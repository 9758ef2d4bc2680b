"""Starts a distributed run's processes on one of several nodes, as the launcher on the first node tells it.

Slurm's srun starts it there; orders come by its stdin, a line each, and how a process has ended goes home by its
stdout: Slurm knows both ends. It owns its family: when it ends nobody stays, also when the launcher is gone. Standard
library only: the Python of any environment starts it.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from cellrun.core.distributed.distribution import Distribution
from cellrun.core.distributed.local_ranks import GRACE_S, LocalRanks
from cellrun.core.distributed.rank_exit import RankExit
from cellrun.core.identity import own_run, run_variables
from cellrun.core.layout import RunLayout
from cellrun.core.processes import orphans
from cellrun.core.processes.descendants import end_descendants

INTERRUPT, STOP = "interrupt", "stop"
_BLOCK_BYTES = 1 << 16


class NodeOrder(NamedTuple):
    """The launcher's first line: which processes there are, and where they meet."""

    distribution: Distribution
    program: list[str]
    host: str
    ports: tuple[int, ...]

    def to_line(self) -> bytes:
        """Return it as a line of JSON."""
        plain = {**self._asdict(), "distribution": self.distribution.to_json()}
        return json.dumps(plain).encode() + b"\n"

    @classmethod
    def from_line(cls, line: str) -> NodeOrder:
        """Read what `to_line` gave."""
        plain = json.loads(line)
        return cls(
            Distribution.from_json(plain["distribution"]), plain["program"], plain["host"], tuple(plain["ports"])
        )

    @property
    def per_agent(self) -> int:
        """How many ranks one agent starts: a node's; of MPI one, as Slurm's own wiring is by what srun has started."""
        return 1 if self.distribution.kind == "mpi" else self.distribution.per_node

    def variables(self, agent: int) -> dict[int, dict[str, str]]:
        """Return what each rank of an agent is told, agents counted from 0; Slurm's own numbers are those of a rank."""
        first, total = agent * self.per_agent, self.distribution.total
        told: dict[int, dict[str, str]] = {}
        for rank in range(first, first + self.per_agent):
            slurm = {
                "SLURM_PROCID": rank,
                "SLURM_LOCALID": rank % self.distribution.per_node,
                "SLURM_NTASKS": total,
                "SLURM_NPROCS": total,
                "SLURM_NTASKS_PER_NODE": self.distribution.per_node,
            }
            ours = self.distribution.variables(rank, self.ports, self.host)
            told[rank] = {name: str(value) for name, value in slurm.items()} | ours
        return told


class NodeAgent:
    """The agent of one node.

    Responsibilities: the ranks of its node; the launcher's orders, its going as the last; how each rank has ended.
    """

    def __init__(self, layout: RunLayout, environ: Mapping[str, str]) -> None:
        self._layout = layout
        self._number = int(environ["SLURM_PROCID"])
        self._node = environ.get("SLURMD_NODENAME") or socket.gethostname()
        self._orders, self._reports = os.dup(0), os.dup(1)  # those that it starts have neither
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(2, 1)
        self._lines = self._read_lines()

    def run(self) -> None:
        """Start the ranks and stay until all have ended, or the launcher says so, or is gone."""
        orphans.become_subreaper()
        wakes = self._wake_up()
        order = NodeOrder.from_line(next(self._lines))
        ranks = LocalRanks(order.distribution, order.program, self._layout)
        ended = ranks.start(order.variables(self._number), self._layout.log)
        if ended:
            self._report(ended)
        watched: list[int] = [wakes, self._orders]
        while ranks.has_workers or ended:
            while ended := ranks.next_end(waits=False):
                self._report(ended)
            if not ranks.has_workers:
                break
            ready, _, _ = select.select(watched, [], [])
            if wakes in ready and signal.SIGTERM in os.read(wakes, _BLOCK_BYTES):
                break
            if self._orders in ready:
                line = next(self._lines, STOP)
                if line == STOP:
                    break
                ranks.interrupt()
        ranks.stop()
        end_descendants(GRACE_S)

    def _wake_up(self) -> int:
        """Return where the numbers of signals come from now on: a child has ended, Slurm ends the job."""
        wakes, woken = os.pipe()
        os.set_blocking(woken, False)
        signal.set_wakeup_fd(woken)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):  # of a Ctrl-C the launcher tells
            signal.signal(number, lambda *_: None)
        return wakes

    def _read_lines(self) -> Iterator[str]:
        left = b""
        while block := os.read(self._orders, _BLOCK_BYTES):
            *lines, left = (left + block).split(b"\n")
            yield from (line.decode() for line in lines)

    def _report(self, ended: RankExit) -> None:
        os.write(self._reports, report_line(ended._replace(node=self._node)))


def report_line(ended: RankExit) -> bytes:
    """Return how a rank has ended as a line; it is short: Slurm cuts a line of more than 1 kB."""
    return json.dumps(ended._asdict()).encode() + b"\n"


def read_report(line: bytes) -> RankExit | None:
    """Read what `report_line` gave; None for anything else, such as a banner of a site's own."""
    try:
        plain: dict[str, Any] = json.loads(line)
        return RankExit(int(plain["rank"]), int(plain["code"]), str(plain["node"]))
    except (ValueError, TypeError, KeyError):
        return None


def main() -> None:
    """Run the agent of a node, of a run that the environment tells."""
    layout = own_run()
    if layout is None:
        raise SystemExit("this is started by cellrun, on each node of a distributed run")
    os.environ.update(run_variables(layout))  # of the ranks: what is between the launcher and them stands aside
    NodeAgent(layout, os.environ).run()
