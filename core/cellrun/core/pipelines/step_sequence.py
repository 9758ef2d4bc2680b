"""Steps one after another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cellrun.core.errors import UserErrorException, shown
from cellrun.core.pipelines.step import PipelineStep


class StepSequence:
    """Steps, each of which begins when the one before has completed; those of a list within begin at once."""

    def __init__(self, steps: Iterable[Any] | None = None) -> None:
        self.steps = list(steps or ())
        before: list[PipelineStep] = []
        for each in self.steps:
            now = list(flat([each]))
            for step in now:
                step.after += before
            before = now or before

    def __iter__(self) -> Iterator[PipelineStep]:
        return flat(self.steps)


def flat(steps: Any) -> Iterator[PipelineStep]:
    """Iterate over steps that may stand in lists of lists. Raises UserErrorException for what is no step."""
    if isinstance(steps, PipelineStep):
        yield steps
    elif isinstance(steps, (list, tuple, StepSequence)):
        for each in steps:
            yield from flat(each)
    else:
        raise UserErrorException(f"{shown(steps)} is no step of a pipeline; give steps, or lists of steps")
