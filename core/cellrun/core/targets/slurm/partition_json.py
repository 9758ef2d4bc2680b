"""A cluster's partitions as plain values: how its login node tells them to another machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cellrun.core.disk.control_file import is_number, is_system_text
from cellrun.core.remote.messages import quoted
from cellrun.core.resources import Resources
from cellrun.core.targets.slurm.partitions import NodeGroup, Partitions

_PARTITIONS = "partitions"
_MOST = 1000


def to_json(partitions: Partitions) -> dict[str, Any]:
    """Return what `from_json` reads."""
    return {_PARTITIONS: [{**group._asdict(), "each": group.each.to_json()} for group in partitions.groups]}


def from_json(facts: Mapping[str, Any]) -> Partitions:
    """Return the partitions that a login node told; none if it told nothing of them.

    Raises ValueError for what they can't be: who told may be anybody by now.
    """
    try:
        return Partitions([_group(each) for each in facts.get(_PARTITIONS, ())[:_MOST]])
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"a login node tells of partitions that can't be: {type(error).__name__}: {error}") from error


def _group(facts: Mapping[str, Any]) -> NodeGroup:
    group = NodeGroup(**{**facts, "each": Resources.from_json(facts["each"])})
    numbers = (group.nodes, group.cpus_in_use, 0 if group.limit_s is None else group.limit_s, *group.each)
    name = group.partition
    if not (is_system_text(name) and quoted(name) == name and all(map(is_number, numbers))):
        raise ValueError(f"a login node tells of a partition that can't be: {facts!r:.200}")
    return group
