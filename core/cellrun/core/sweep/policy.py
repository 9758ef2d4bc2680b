"""Early termination: when a run of a sweep is stopped, by Azure ML's policies.

An interval is one value of the primary metric that a run logs. A policy is asked at every multiple of its
`evaluation_interval` that isn't below `delay_evaluation`, of each run by itself.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from statistics import fmean, median
from typing import Any

from cellrun.core.errors import shown
from cellrun.core.sweep.primary_metric import PrimaryMetric, Series


class EarlyTerminationPolicy:
    """What all policies have; a subclass says which runs are stopped."""

    def __init__(self, name: str, properties: Mapping[str, Any] | None = None) -> None:
        self._name = name
        self._properties = dict(properties or {})

    @property
    def evaluation_interval(self) -> int:
        """After how many values of the primary metric it is asked again."""
        return self._properties.get("evaluation_interval", 1)  # type: ignore[no-any-return]  # checked in `problems`

    @property
    def delay_evaluation(self) -> int:
        """How many values a run is given before it is asked first."""
        return self._properties.get("delay_evaluation", 0)  # type: ignore[no-any-return]  # as above

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values: its name and its properties."""
        return {"name": self._name, **({"properties": dict(self._properties)} if self._properties else {})}

    def problems(self) -> list[str]:
        """Return every mistake in its properties."""
        return [
            f"{type(self).__name__}: {name}={shown(value)}; give a whole number from {least} on"
            for name, value, least in (
                ("evaluation_interval", self.evaluation_interval, 1),
                ("delay_evaluation", self.delay_evaluation, 0),
            )
            if not _is_number(value, int) or value < least
        ]

    def is_asked_at(self, interval: int) -> bool:
        """Whether it is asked of a run that has logged so many values."""
        return interval >= max(self.delay_evaluation, 1) and interval % self.evaluation_interval == 0

    @abstractmethod
    def verdict(self, run: str, interval: int, logged: Mapping[str, Series], metric: PrimaryMetric) -> str:
        """Return why a run is stopped after so many values, in words; empty if it goes on.

        `logged` has what each run of the sweep has logged so far, by its id.
        """


class NoTerminationPolicy(EarlyTerminationPolicy):
    """No run is stopped early."""

    def __init__(self) -> None:
        super().__init__("DEFAULT")

    def is_asked_at(self, interval: int) -> bool:  # noqa: ARG002  # never
        """Return False."""
        return False

    def verdict(self, run: str, interval: int, logged: Mapping[str, Series], metric: PrimaryMetric) -> str:  # noqa: ARG002
        """Return that it goes on."""
        return ""


class BanditPolicy(EarlyTerminationPolicy):
    """A run is stopped whose best value is further than some slack from the best that any run has after as many.

    With `slack_factor=0.2` and a best of 0.8 that is below 0.8 / 1.2 to maximize, and above 0.8 * 1.2 to minimize (of a
    metric below 0 as far on the worse side, where Azure ML's formula would stop the best run itself); with
    `slack_amount=0.2` below 0.6, or above 1.0. Exactly one of them is given.
    """

    def __init__(
        self,
        evaluation_interval: int = 1,
        slack_factor: float | None = None,
        slack_amount: float | None = None,
        delay_evaluation: int = 0,
    ) -> None:
        given = {"slack_factor": slack_factor, "slack_amount": slack_amount}
        super().__init__(
            "BANDIT",
            {
                "evaluation_interval": evaluation_interval,
                "delay_evaluation": delay_evaluation,
                **{name: value for name, value in given.items() if value is not None},
            },
        )

    @property
    def slack_factor(self) -> float | None:
        """The slack as a part of the best value."""
        return self._properties.get("slack_factor")

    @property
    def slack_amount(self) -> float | None:
        """The slack as it is."""
        return self._properties.get("slack_amount")

    def problems(self) -> list[str]:
        """Return every mistake in its properties."""
        problems = super().problems()
        given = {name: getattr(self, name) for name in ("slack_factor", "slack_amount")}
        if sum(value is not None for value in given.values()) != 1:
            problems.append(f"BanditPolicy: give slack_factor or slack_amount, one of them; got {shown(given)}")
        return problems + [
            f"BanditPolicy: {name}={shown(value)}; give a number from 0 on"
            for name, value in given.items()
            if value is not None and (not _is_number(value, (int, float)) or value < 0)
        ]

    def verdict(self, run: str, interval: int, logged: Mapping[str, Series], metric: PrimaryMetric) -> str:
        """Return why a run is stopped after so many values; empty if it goes on."""
        best = metric.best(value for values in logged.values() for value in values[:interval])
        own = metric.best(logged[run][:interval])
        if best is None:
            return ""
        if self.slack_factor is not None:
            factor = self.slack_factor
            slack = abs(best) * (factor / (1 + factor) if metric.is_more_better == (best > 0) else factor)
        else:
            slack = self.slack_amount or 0.0
        bound = best - slack if metric.is_more_better else best + slack
        if own is not None and (not metric.is_better(bound, own) or math.isclose(bound, own)):  # 0.8 - 0.2 > 0.6
            return ""
        return f"its best {metric.name} {_told(own)} is worse than {bound:g}: that is the slack from the best, {best:g}"


class MedianStoppingPolicy(EarlyTerminationPolicy):
    """A run is stopped whose best value is worse than the median of all runs' averages over as many values."""

    def __init__(self, evaluation_interval: int = 1, delay_evaluation: int = 0) -> None:
        super().__init__(
            "MEDIANSTOPPING", {"evaluation_interval": evaluation_interval, "delay_evaluation": delay_evaluation}
        )

    def verdict(self, run: str, interval: int, logged: Mapping[str, Series], metric: PrimaryMetric) -> str:
        """Return why a run is stopped after so many values; empty if it goes on."""
        averages = [fmean(values[:interval]) for values in logged.values() if len(values) >= interval]
        middle, own = median(averages), metric.best(logged[run][:interval])
        if own is None or not metric.is_better(middle, own):
            return ""
        return f"its best {metric.name} {_told(own)} is worse than {middle:g}, the median of the runs' averages"


class TruncationSelectionPolicy(EarlyTerminationPolicy):
    """A run is stopped that is among the worst so many percent, each by its best value after as many."""

    def __init__(self, truncation_percentage: int, evaluation_interval: int = 1, delay_evaluation: int = 0) -> None:
        super().__init__(
            "TRUNCATIONSELECTION",
            {
                "truncation_percentage": truncation_percentage,
                "evaluation_interval": evaluation_interval,
                "delay_evaluation": delay_evaluation,
            },
        )

    @property
    def truncation_percentage(self) -> int:
        """How many percent of the runs are stopped."""
        return self._properties["truncation_percentage"]  # type: ignore[no-any-return]  # checked in `problems`

    def problems(self) -> list[str]:
        """Return every mistake in its properties."""
        percentage = self.truncation_percentage
        if _is_number(percentage, int) and 1 <= percentage <= 99:
            return super().problems()
        told = f"truncation_percentage={shown(percentage)}; give a whole number from 1 to 99"
        return [*super().problems(), f"TruncationSelectionPolicy: {told}"]

    def verdict(self, run: str, interval: int, logged: Mapping[str, Series], metric: PrimaryMetric) -> str:
        """Return why a run is stopped after so many values; empty if it goes on."""
        best = {one: metric.best(values[:interval]) for one, values in logged.items() if len(values) >= interval}
        ranked = sorted(best, key=lambda one: metric.badness(best[one]), reverse=True)
        worst = ranked[: len(ranked) * self.truncation_percentage // 100]
        if run not in worst or best[run] == best[ranked[-1]]:
            return ""
        return (
            f"its best {metric.name} {_told(best[run])} is among the worst {self.truncation_percentage} percent of "
            f"{len(ranked)} runs"
        )


_POLICIES = {
    "DEFAULT": NoTerminationPolicy,
    "BANDIT": BanditPolicy,
    "MEDIANSTOPPING": MedianStoppingPolicy,
    "TRUNCATIONSELECTION": TruncationSelectionPolicy,
}


def policy_from_json(data: Mapping[str, Any]) -> EarlyTerminationPolicy:
    """Return the policy that `to_json` gave."""
    policy: EarlyTerminationPolicy = _POLICIES[data["name"]](**data.get("properties", {}))
    return policy


def _is_number(value: object, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def _told(value: float | None) -> str:
    return "NaN" if value is None else f"{value:g}"
