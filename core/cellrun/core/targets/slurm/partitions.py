"""The partitions of a Slurm cluster and what a run could get there: sinfo's output, parsed strictly."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from cellrun.core.errors import ComputeTargetException
from cellrun.core.resources import Resources, duration_text, size_text
from cellrun.core.run_request import RunRequest
from cellrun.core.targets.slurm.programs import SlurmPrograms

_FORMAT, _HEADER = "%P|%a|%D|%c|%m|%G|%C|%l|%t", "PARTITION|AVAIL|NODES|CPUS|MEMORY|GRES|CPUS(A/I/O/T)|TIMELIMIT|STATE"
_N = r"(\d{1,18})"
_ROW = re.compile(rf"([^|]+)\|(\w+)\|{_N}\|{_N}\+?\|{_N}\+?\|([^|]*)\|{_N}/{_N}/{_N}/{_N}\|([^|]*)\|([^|]*)", re.ASCII)
_GPUS = re.compile(rf"\bgpu(?::[\w.-]+)??:{_N}", re.ASCII)
_LIMIT = re.compile(rf"(?:{_N}-)?(?:{_N}:)?{_N}:{_N}", re.ASCII)
_OUT = ("down", "drain", "drng", "fail", "maint", "unk")


class NodeGroup(NamedTuple):
    """Nodes of a partition that are alike."""

    partition: str
    is_up: bool
    nodes: int
    each: Resources
    cpus_in_use: int
    limit_s: float | None
    """The partition's own time limit."""
    is_default: bool
    is_working: bool
    """Whether they run jobs now: they aren't down, nor drained."""


class Partitions:
    """The partitions of a cluster, as it told at one time."""

    def __init__(self, groups: Iterable[NodeGroup]) -> None:
        self.groups = tuple(groups)

    @classmethod
    def asked(cls, slurm: SlurmPrograms, timeout_s: float) -> Partitions:
        """Ask sinfo once. Raises ComputeTargetException if it says nothing that can be relied upon."""
        said = slurm.ask("sinfo", "--exact", "--noconvert", f"--format={_FORMAT}", timeout_s=timeout_s)
        lines = said.splitlines()
        if _HEADER not in lines:
            raise ComputeTargetException(f"sinfo printed no partitions; it said: {said.strip()[-300:] or 'nothing'}")
        groups = []
        for line in lines[lines.index(_HEADER) + 1 :]:
            if row := _ROW.fullmatch(line):
                groups.append(_group(row.groups()))
            elif line.count("|") == _FORMAT.count("|"):  # left out, its partition would seem not to be there
                raise ComputeTargetException(f"sinfo tells of nodes in a way that isn't known here: {line:.300}")
        return cls(groups)

    @property
    def names(self) -> list[str]:
        """The partitions' names, as sinfo orders them."""
        return list(dict.fromkeys(group.partition for group in self.groups))

    def of(self, wanted: str) -> list[NodeGroup]:
        """Return the nodes of partitions, named with commas between; of the default one for "", if there is one."""
        names = wanted.split(",") if wanted else []
        return [group for group in self.groups if (group.partition in names if names else group.is_default)]

    def problems(self, request: RunRequest, wanted: str, name: str) -> list[str]:
        """Return why a run could never start on a target of a name, in the partition that it would come to."""
        if missing := [each for each in wanted.split(",") if wanted and each not in self.names]:
            return [f"partition {missing[0]!r}: {name!r} has {', '.join(self.names)}"]
        groups = self.of(wanted)
        if not groups:
            return [] if wanted else [f"{name!r} has no default partition; give one: {', '.join(self.names)}"]
        partition = wanted or groups[0].partition
        of, where = f"{name!r} ({partition})", f"a node of {name!r} ({partition})"
        return [*_size_problems(request, groups, of, where), *_limit_problems(request, groups, where)]


def _size_problems(request: RunRequest, groups: Sequence[NodeGroup], of: str, where: str) -> list[str]:
    asked, problems = request.resources, list[str]()
    most = Resources(*(max(getattr(group.each, one) for group in groups) for one in ("cpus", "gpus", "memory_bytes")))
    if asked.cpus > most.cpus:
        problems.append(f"cpus={asked.cpus}: {where} has {most.cpus} at most")
    if asked.gpus > most.gpus:
        problems.append(f"gpus={asked.gpus}: {where} has {most.gpus} at most")
    if asked.memory_bytes > most.memory_bytes:
        problems.append(f"memory={size_text(asked.memory_bytes)}: {where} has {size_text(most.memory_bytes)} at most")
    nodes = request.distribution.nodes if request.distribution else 1
    alike = Counter[str]()
    for group in groups:
        alike[group.partition] += group.nodes if _is_enough(group.each, asked) else 0
    together = max(alike.values())  # a job is in one of them, whose nodes may be the others' as well
    if not problems and nodes > together:
        problems.append(
            f"node_count={nodes}: {together} nodes of {of} have all that is asked of each; give no more"
            if together
            else f"node_count={nodes}: no node of {of} has all that is asked of each; ask for less"
        )
    return problems


def _limit_problems(request: RunRequest, groups: Sequence[NodeGroup], where: str) -> list[str]:
    limit_s = request.max_run_duration_seconds
    limits = [group.limit_s for group in groups]
    if limit_s is None or None in limits:
        return []
    most_s = max(each for each in limits if each is not None)
    if limit_s <= most_s:
        return []
    return [f"max_run_duration_seconds={limit_s:g}: {where} is given for {duration_text(most_s)} at most"]


def totals(groups: Sequence[NodeGroup]) -> tuple[Resources, int]:
    """Return what nodes that work have together, and how many cores of it are in use."""
    working = [group for group in groups if group.is_working]
    sums = (
        sum(group.nodes * getattr(group.each, one) for group in working) for one in ("cpus", "gpus", "memory_bytes")
    )
    return Resources(*sums), sum(group.cpus_in_use for group in working)


def gpus_in_use(slurm: SlurmPrograms, wanted: str) -> int:
    """Return how many GPUs of a partition's nodes jobs have. Raises ComputeTargetException."""
    only = [f"--partition={wanted}"] if wanted else []
    said = slurm.ask("sinfo", "--noheader", "--Node", "--Format=NodeHost:200,GresUsed:1000", *only)
    by_node: Mapping[str, str] = {
        line.split()[0]: line.split(maxsplit=1)[1] for line in said.splitlines() if len(line.split()) > 1
    }
    return sum(map(_gpus, by_node.values()))


def seconds(limit: str) -> float | None:
    """Read a time limit as Slurm prints it, "1-00:00:00"; None for one without an end."""
    found = _LIMIT.fullmatch(limit)
    if not found:
        return None
    days, hours, minutes, rest = (int(each or 0) for each in found.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + rest)


def _group(row: Sequence[str]) -> NodeGroup:
    name, avail, nodes, cpus, memory, gres, used, *_, limit, state = row
    return NodeGroup(
        partition=name.removesuffix("*"),
        is_up=avail == "up",
        nodes=int(nodes),
        each=Resources(int(cpus), _gpus(gres), int(memory) * 2**20),
        cpus_in_use=int(used),
        limit_s=seconds(limit),
        is_default=name.endswith("*"),
        is_working=avail == "up" and not state.startswith(_OUT) and not state.endswith("*"),
    )


def _gpus(gres: str) -> int:
    return sum(map(int, _GPUS.findall(gres)))


def _is_enough(has: Resources, asked: Resources) -> bool:
    return has.cpus >= asked.cpus and has.gpus >= asked.gpus and has.memory_bytes >= asked.memory_bytes
