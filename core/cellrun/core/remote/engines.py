"""The engines that an agent serves: this user's queue there, or one that the machine leads to, such as Slurm."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cellrun.core.layout import RunLayout
from cellrun.core.remote.refusal import BadOrderError
from cellrun.core.store.record import RunTarget
from cellrun.core.targets.contract import ComputeTarget
from cellrun.core.targets.kinds import kind_named
from cellrun.core.targets.local.target import LocalTarget


class Engines:
    """The targets of this machine that orders name, each made once: it may keep for a while what its engine said.

    An order's `engine` is `kind`, `name` and `settings` of one that shares its files with this machine; an order
    without one is for the queue of this machine and user.
    """

    def __init__(self) -> None:
        self._queue = LocalTarget(LocalTarget.kind)
        self._made: dict[str, ComputeTarget] = {}

    def of(self, facts: Mapping[str, Any]) -> ComputeTarget:
        """Return the target that an order is for.

        Raises BadOrderError for one whose runs aren't here, UserErrorException for settings that can't be,
        ComputeTargetException for a kind that isn't known here.
        """
        engine = facts.get("engine")
        if engine is None:
            return self._queue
        known = json.dumps(engine, sort_keys=True)
        if known not in self._made:
            self._made[known] = _made(str(engine["kind"]), str(engine["name"]), engine["settings"])
        return self._made[known]

    def of_run(self, layout: RunLayout) -> ComputeTarget:
        """Return a target that can tell whether the engine of a run that is here holds it. Raises what `of` raises."""
        target = RunTarget.read(layout)
        if target is None or target.kind == LocalTarget.kind:
            return self._queue
        return self.of({"engine": {"kind": target.kind, "name": target.name, "settings": {}}})


def _made(kind: str, name: str, settings: Mapping[str, Any]) -> ComputeTarget:
    wanted = kind_named(kind)
    target = wanted.for_settings(name, wanted.checked_settings(settings))
    if not target.shares_files:
        raise BadOrderError(f"a target of kind {kind!r} with these settings has no runs on this machine")
    return target
