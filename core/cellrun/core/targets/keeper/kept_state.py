"""The state of a target that the keeper holds, and its one-line text."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from cellrun.core.resources import duration_text


class KeptState(NamedTuple):
    """What the keeper knows of one target of a workspace. Times are epoch seconds."""

    heard_at: float | None = None
    """When a pass last went well; None if none has yet."""
    why_not: str = ""
    """Why none has since, in the target's words; empty while all is well."""
    since: float | None = None
    """Since when none has gone well."""
    is_paused: bool = False
    """Whether it isn't asked any more by itself: it doesn't let this user in."""
    next_try: float | None = None
    """When it is asked next; None if nobody watches one that is paused, or nothing is to be asked."""
    runs: int = 0
    """How many live runs of it are held."""
    problems: Mapping[str, str] = {}
    """Why single runs can't be brought home, or read, by id."""
    waiting: Mapping[str, str] = {}
    """Why runs wait that the engine has, by id, as it says."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> KeptState:
        """Read what `_asdict` gave, once it was JSON; a newer cellrun's may have more."""
        return cls(**{name: data[name] for name in cls._fields if name in data})


def state_text(state: KeptState, now: float | None = None) -> str:
    """Return how a target is, in one line: `heard of 3 s ago; 2 runs`, or why it isn't and when it is tried again."""
    now = time.time() if now is None else now
    parts = []
    if state.why_not:
        ago = f"not heard of for {duration_text(now - state.since)}" if state.since else "not heard of"
        parts.append(f"{ago}: {state.why_not}")
        if state.is_paused and state.next_try is None:
            parts.append(
                "it isn't asked again until %targets NAME, a new run or a notebook with other credentials does"
            )
        elif state.next_try is not None:
            parts.append(f"asked again in {duration_text(max(state.next_try - now, 0))}")
    elif state.heard_at is not None:
        parts.append(f"heard of {duration_text(max(now - state.heard_at, 0))} ago")
    else:
        parts.append("asked for the first time")
    parts.append(f"{state.runs} run{'' if state.runs == 1 else 's'}")
    parts += [f"{run_id}: {why}" for run_id, why in sorted(state.problems.items())]
    return "; ".join(parts)
