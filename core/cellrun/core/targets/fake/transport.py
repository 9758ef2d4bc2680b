"""The interface of the fake target's transports: three ways for a run's files, over the same link."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from cellrun.core.layout import RunLayout
from cellrun.core.targets.fake.engine import Engine
from cellrun.core.targets.fake.faulty_link import FaultyLink


class Transport(ABC):
    """One way home, of one far side."""

    reaches_server: ClassVar[bool] = False
    """Whether a job there connects to a server of ours."""

    def __init__(self, link: FaultyLink, engine: Engine, server: str) -> None:
        self._link = link
        self._engine = engine
        self._server = server

    def carrier(self, here: RunLayout, there: RunLayout, key: bytes) -> dict[str, Any]:  # noqa: ARG002  # for those that have one
        """Return what `mirror/upload_script.py` is told, to run beside the supervisor; or nothing.

        `key` is the run's.
        """
        return {}

    @abstractmethod
    def bring(self, here: RunLayout, there: RunLayout, *, is_final: bool) -> bool:
        """Bring home what is new of a run; return whether more is left that can be brought at once.

        At the end nothing is left, or what can't come was given up. Raises ComputeTargetException while too little gets
        through.
        """

    def bring_requests(self, here: RunLayout, there: RunLayout) -> None:  # noqa: B027  # for those that can
        """Take there what a run is asked. Raises ComputeTargetException while nothing gets through."""
