"""The order of a pipeline's steps: which waits for which."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

from cellrun.core.pipelines.step import PipelineStep


class StepGraph:
    """The steps of a pipeline in an order in which they can run, and why there is none.

    `resolve_closure`: the steps that given ones read from or run after belong to it, too.
    """

    def __init__(self, steps: Iterable[PipelineStep], *, resolve_closure: bool) -> None:
        self.steps = list(dict.fromkeys(steps))
        self.problems: list[str] = []
        if resolve_closure:
            for step in self.steps:  # it grows meanwhile
                self.steps += [one for one in (*step.sources(), *step.after) if one not in self.steps]
        self.after = {step: self._before(step) for step in self.steps}
        self._check_makers()
        try:
            self.steps = list(TopologicalSorter(self.after).static_order())
        except CycleError as error:
            circle = " → ".join(repr(step.name) for step in reversed(error.args[1]))
            self.problems.append(f"its steps wait for one another: {circle}; none of them could ever begin")

    def _before(self, step: PipelineStep) -> list[PipelineStep]:
        before = list(dict.fromkeys((*step.sources(), *step.after)))
        self.problems += [
            f"step {step.name!r} waits for step {one.name!r}, which isn't in the pipeline; add it to its steps"
            for one in before
            if one not in self.steps
        ]
        self.problems += [
            f"step {step.name!r} reads {name!r}, which no step makes; add it to the outputs of the one that does"
            for name in dict.fromkeys(step.unmade())
        ]
        return [one for one in before if one in self.steps]

    def _check_makers(self) -> None:
        makers: dict[int, PipelineStep] = {}
        for step in self.steps:
            for identity in dict.fromkeys(step.made):
                other = makers.setdefault(id(identity), step)
                if other is not step:
                    self.problems.append(
                        f"steps {other.name!r} and {step.name!r} both make one output; give each its own"
                    )
