"""How a target of a workspace is, as far as it is known: what lists and pages of targets show."""

from __future__ import annotations

from typing import NamedTuple

from cellrun.core.errors import OthersTargetError
from cellrun.core.targets.contract import Capability, TargetDescription
from cellrun.core.targets.keeper.kept_state import KeptState


class TargetState(NamedTuple):
    """One target. Times are epoch seconds."""

    name: str
    kind: str = ""
    where: str = ""
    capabilities: frozenset[Capability] = frozenset()
    why_unusable: str = ""
    """Why it can't be used here: its file is damaged, its kind isn't installed; empty if it can."""
    others: OthersTargetError | None = None
    """Where another user attached it: what there is to trust."""
    described: TargetDescription | None = None
    """How full it was when it last answered."""
    heard_at: float | None = None
    why_not: str = ""
    """Why nothing has been heard of it since; empty while it answers."""
    since: float | None = None
    """Since when nothing has."""
    is_asked: bool = False
    """Whether an answer of its is waited for."""
    kept: KeptState | None = None
    """What the keeper says of it, if it holds runs of it."""
