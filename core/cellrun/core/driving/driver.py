"""The interface of a driver: it decides which children a run starts, and when all is done."""

from __future__ import annotations

from abc import ABC, abstractmethod

from cellrun.core.driving.children import Children
from cellrun.core.driving.plan import Plan


class Driver(ABC):
    """Drives a plan's children from their first to their last, in the job of its run.

    Responsibilities: which child is started when, what a child's end means for the others, how the run ends. It is
    asked again and again, and never waits: `drive` does that, and has the children canceled when the run is.
    """

    def __init__(self, plan: Plan, children: Children) -> None:
        self.plan = plan
        self.children = children

    @abstractmethod
    def advance(self) -> bool:
        """Look at the children, start those that can be started; return whether there is nothing left to do.

        What it raises fails the run; the children that run then are canceled.
        """

    def failure(self) -> str:
        """Return why the run is Failed, as one line, once all is done; empty for one that is Completed."""
        return ""
