"""The metric by which the runs of a sweep are compared."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any


class PrimaryMetricGoal(Enum):
    """Whether more of the primary metric is better, or less (Azure ML's)."""

    MAXIMIZE = "maximize"
    MINIMIZE = "minimize"

    @staticmethod
    def from_str(goal: str) -> PrimaryMetricGoal:
        """Return the goal of a text, in upper or lower case. Raises ValueError for another."""
        return PrimaryMetricGoal(goal.lower())


@dataclass(frozen=True)
class PrimaryMetric:
    """Its name, and which of its values are better. What was logged and is no number counts, as the worst value."""

    name: str
    goal: PrimaryMetricGoal

    @property
    def is_more_better(self) -> bool:
        """Whether more is better."""
        return self.goal is PrimaryMetricGoal.MAXIMIZE

    @property
    def worst(self) -> float:
        """What every number is better than."""
        return -math.inf if self.is_more_better else math.inf

    def numbers(self, values: object) -> list[float]:
        """Return what was logged under its name as numbers, one for each time."""
        several = values if isinstance(values, list) else [] if values is None else [values]
        return [self._number(value) for value in several]

    def best(self, values: Iterable[float]) -> float | None:
        """Return the best of several; None if there is no number among them."""
        found = (max if self.is_more_better else min)(values, default=self.worst)
        return found if math.isfinite(found) else None

    def is_better(self, value: float, than: float) -> bool:
        """Whether a value is better than another one."""
        return value > than if self.is_more_better else value < than

    def badness(self, value: float | None) -> float:
        """Return a number that is lower for a better value, to sort by; none is worst."""
        return math.inf if value is None else -value if self.is_more_better else value

    def to_json(self) -> dict[str, str]:
        """Return it as Azure ML keeps it in a run's properties."""
        return {"name": self.name, "goal": self.goal.value}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> PrimaryMetric:
        """Return what `to_json` gave."""
        return cls(data["name"], PrimaryMetricGoal(data["goal"]))

    def _number(self, value: object) -> float:
        is_number = isinstance(value, (int, float)) and not math.isnan(value)
        return float(value) if is_number else self.worst  # type: ignore[arg-type]  # as was looked


Series = Sequence[float]
"""The values of a run's primary metric, one an interval."""
