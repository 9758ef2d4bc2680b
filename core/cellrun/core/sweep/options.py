"""The options of a sweep, as plain values in the plan of its run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cellrun.core.sweep.policy import EarlyTerminationPolicy, policy_from_json
from cellrun.core.sweep.primary_metric import PrimaryMetric
from cellrun.core.sweep.sampler import HyperParameterSampling, Parameters, Trial, sampling_from_json

RUN = "run"
"""The key of the request that each run of a sweep is made from, in its plan."""
METRICS = ""
"""Stands for the metrics of all runs, where else the name of a file does."""


@dataclass(frozen=True)
class SweepOptions:
    """A sweep without what it runs."""

    sampling: HyperParameterSampling
    policy: EarlyTerminationPolicy
    metric: PrimaryMetric
    most_runs: int
    most_at_once: int | None
    minutes: float | None
    seed: int
    first: Sequence[Parameters]
    """Hyperparameters that are tried before any that are sampled."""
    older: Sequence[Trial]
    """What earlier sweeps found out."""
    resumed_runs: Sequence[str]
    """The ids of these."""
    outputs: Mapping[str, str] = field(default_factory=dict)
    """What it gives to later steps of a pipeline, by the output's name: the file of the best run, or METRICS."""

    def to_json(self) -> dict[str, Any]:
        """Return them as plain values."""
        plain = {name: getattr(self, name) for name in _PLAIN}
        parts = {name: getattr(self, name).to_json() for name in ("sampling", "policy", "metric")}
        return {**plain, **parts, "older": [list(trial) for trial in self.older]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SweepOptions:
        """Return what `to_json` gave."""
        return cls(
            sampling=sampling_from_json(data["sampling"]),
            policy=policy_from_json(data["policy"]),
            metric=PrimaryMetric.from_json(data["metric"]),
            older=[Trial(*trial) for trial in data["older"]],
            **{name: data[name] for name in _PLAIN},
        )


_PLAIN = ("most_runs", "most_at_once", "minutes", "seed", "first", "resumed_runs", "outputs")
