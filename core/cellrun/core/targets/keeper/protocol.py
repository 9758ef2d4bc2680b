"""The protocol between the keeper and its clients: one line of JSON each way."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from enum import Enum
from typing import Any

from cellrun.core import __version__
from cellrun.core.targets.contract import JobState, Observation

PROTOCOL = 1
"""Another number for another way to ask; a keeper answers any with its own."""
MOST_BYTES = 16_000_000


class Order(str, Enum):
    """What the keeper is asked for."""

    LOOK = "look"  # what the engine says of runs, by a pass that is young; its target is watched from now on
    WAKE = "wake"  # a pass of a target now
    SEND = "send"  # a pass of a target now, until a run is launched
    TEND = "tend"  # all runs of a workspace that live elsewhere are held from now on
    STATES = "states"  # how its targets are
    END = "end"  # the process ends once its passes have


def line_of(message: Mapping[str, Any]) -> bytes:
    """Return a message as it is sent, with who sends it."""
    return json.dumps({"protocol": PROTOCOL, "cellrun": __version__, **message}).encode() + b"\n"


def parsed(line: bytes) -> dict[str, Any]:
    """Read a message. Raises ValueError for what is none."""
    message = json.loads(line)
    if isinstance(message, dict) and isinstance(message.get("protocol"), int):
        return message
    raise ValueError(f"no message of cellrun's keeper: {line[:80]!r}")


def is_older(version: object, than: str = __version__) -> bool:
    """Whether one version of cellrun comes before another, by their numbers."""
    return _numbers(str(version)) < _numbers(than)


def observations_to_json(observed: Mapping[str, Observation]) -> dict[str, list[str]]:
    """Return what an engine says of runs as plain values."""
    return {run_id: [said.state.value, said.reason] for run_id, said in observed.items()}


def observations_of(data: Mapping[str, Any]) -> dict[str, Observation]:
    """Read what `observations_to_json` gave."""
    return {run_id: Observation(JobState(state), str(reason)) for run_id, (state, reason) in data.items()}


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]
