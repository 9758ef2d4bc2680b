"""The run of a sweep: Azure ML's HyperDriveRun."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cellrun.core.errors import UserErrorException
from cellrun.core.runs.run import Run
from cellrun.core.sweep.primary_metric import PrimaryMetric

if TYPE_CHECKING:
    from cellrun.core.experiment import Experiment

SWEEP = "hyperdrive"
"""The type of a sweep's run."""
HYPERPARAMETERS = "hyperparameters"
"""The property, and the tag, of a sweep's child that has its hyperparameters, as JSON."""


class HyperDriveRun(Run):
    """The run of a sweep, whose children are the runs with their hyperparameters.

    A child's value of the primary metric is the best one that it has logged. `get_metrics` and `get_hyperparameters`
    are those of the children, by their ids.
    """

    def __init__(
        self,
        experiment: Experiment,
        run_id: str,
        hyperdrive_config: object = None,
        **options: Any,
    ) -> None:
        super().__init__(experiment, run_id, **options)
        self._config = hyperdrive_config

    @property
    def hyperdrive_config(self) -> Any:
        """What it was submitted as, without what it runs; in the process that made it, with that."""
        if self._config is None:
            from cellrun.core.driving.plan import plan_options  # noqa: PLC0415  # they need what submits
            from cellrun.core.sweep.config import HyperDriveConfig  # noqa: PLC0415
            from cellrun.core.sweep.options import SweepOptions  # noqa: PLC0415

            self._config = HyperDriveConfig.of_options(SweepOptions.from_json(plan_options(self.layout)))
        return self._config

    @property
    def primary_metric(self) -> PrimaryMetric:
        """The metric by which its runs are compared."""
        text = self.properties.get("primary_metric_config")
        if text is None:
            raise UserErrorException(f"run {self.id} is no sweep: it has no primary metric")
        return PrimaryMetric.from_json(json.loads(text))

    def children(self) -> list[Run]:
        """Return its runs in the order in which they were started."""
        return sorted(self.get_children(), key=lambda run: run.number)

    def get_hyperparameters(self) -> dict[str, str]:
        """Return the hyperparameters of each of its runs as JSON, by its id."""
        return {child.id: child.properties.get(HYPERPARAMETERS, "{}") for child in self.children()}

    def get_metrics(  # Azure ML's: those of the children
        self,
        name: str | None = None,
        *_: object,
        **__: object,
    ) -> dict[str, dict[str, Any]]:
        """Return the metrics of each of its runs, or the one of a name, by its id."""
        return {child.id: child.get_metrics(name) for child in self.children()}

    def get_children_sorted_by_primary_metric(
        self,
        top: int = 0,
        reverse: bool = False,  # noqa: FBT001, FBT002  # Azure ML's signature
        discard_no_metric: bool = False,  # noqa: FBT001, FBT002  # as above
    ) -> list[dict[str, Any]]:
        """Return its runs, the best one first: run_id, hyperparameters (JSON), best_primary_metric and status of each.

        `reverse`: the worst one first. Those that logged no primary metric stand last, or are left out with
        `discard_no_metric`. `top`: so many alone, 0 for all.
        """
        metric = self.primary_metric
        best = {child: self._best_of(child, metric) for child in self.children()}
        known = [child for child, value in best.items() if value is not None]
        known.sort(key=lambda child: metric.badness(best[child]), reverse=reverse)
        unknown = [] if discard_no_metric else [child for child, value in best.items() if value is None]
        found = [
            {
                "run_id": child.id,
                "hyperparameters": child.properties.get(HYPERPARAMETERS),
                "best_primary_metric": best[child],
                "status": child.get_status(),
            }
            for child in (*known, *unknown)
        ]
        return found[:top] if top else found

    def get_best_run_by_primary_metric(
        self,
        include_failed: bool = True,  # noqa: FBT001, FBT002  # Azure ML's signature
        include_canceled: bool = True,  # noqa: FBT001, FBT002  # as above
        include_resume_from_runs: bool = True,  # noqa: FBT001, FBT002  # as above
    ) -> Run | None:
        """Return the run with the best value of the primary metric, of several the first; None if none has logged it.

        Runs that failed or were canceled count too, unless they aren't included, and those of the sweeps that this one
        resumed.
        """
        metric = self.primary_metric
        left_out = {*(() if include_failed else ("Failed",)), *(() if include_canceled else ("Canceled",))}
        children = self.children()
        if include_resume_from_runs:
            children += [child for sweep in self._resumed() for child in sweep.children()]
        values = {
            child: self._best_of(child, metric)
            for child in children
            if not left_out or child.get_status() not in left_out
        }
        known = [child for child, value in values.items() if value is not None]
        return min(known, key=lambda child: metric.badness(values[child]), default=None)

    def get_diagnostics(self) -> dict[str, Any]:
        """Return how many of its runs are in each status, and its log."""
        statuses = [child.get_status() for child in self.children()]
        return {
            "status": self.get_status(),
            "runs": {status: statuses.count(status) for status in sorted(set(statuses))},
            "log": str(self.layout.last_log),
        }

    def fail(
        self,
        error_details: object = None,  # noqa: ARG002  # Run's
        error_code: str | None = None,  # noqa: ARG002
        _set_status: bool = True,  # noqa: FBT001, FBT002
    ) -> None:
        """Raise UserErrorException: a sweep ends by its runs; `cancel()` stops it."""
        raise UserErrorException("a sweep ends by its runs and can't be made to fail; run.cancel() stops it")

    def _best_of(self, child: Run, metric: PrimaryMetric) -> float | None:
        return metric.best(metric.numbers(child.get_metrics(metric.name).get(metric.name)))

    def _resumed(self) -> list[HyperDriveRun]:
        ids = json.loads(self.properties.get("resume_from", "null")) or []
        found = (self.experiment.workspace.get_run(run_id) for run_id in ids)
        return [HyperDriveRun(run.experiment, run.id) for run in found]
