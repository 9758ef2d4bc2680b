"""What a run logged: its metrics in short, and one of them as columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cellrun.core.errors import UserErrorException
from cellrun.core.layout import RunLayout
from cellrun.core.store.events.metrics_cache import MetricsCache
from cellrun.server.errors import NotFoundError
from cellrun.server.handlers.run_handler import RunHandler
from cellrun.server.query import Parameter, number, text, whole

POINTS = 1000
MOST_POINTS = 100_000


class MetricsHandler(RunHandler):
    """A run's metrics: names, columns, how many rows."""

    async def get(self, workspace_id: str, run: str) -> None:
        """List them."""
        self.asked()
        await self.answer(await self.of_run((workspace_id, run), _heads, self.settings["cellrun_metrics"]))


class MetricHandler(RunHandler):
    """One metric's rows as parallel columns."""

    query_known: ClassVar[Mapping[str, Parameter]] = {
        "name": text(255, needed=True),
        "x": text(255),
        "from": number(),
        "to": number(),
        "points": whole(2, MOST_POINTS, POINTS),
        "start": whole(0, 2**53, 0),
        "count": whole(1, MOST_POINTS),
    }

    async def get(self, workspace_id: str, run: str) -> None:
        """Answer with the rows of a range, thinned to so many points."""
        asked = self.asked()
        await self.answer(await self.of_run((workspace_id, run), _window, self.settings["cellrun_metrics"], asked))


def _heads(layout: RunLayout, cache: MetricsCache) -> dict[str, Any]:
    with cache.open(layout) as metrics:
        heads = [metric.head.to_json() for metric in metrics.metrics.values()]
        return {"metrics": heads, "damage": metrics.reader.damage_notes()}


def _window(layout: RunLayout, cache: MetricsCache, asked: Mapping[str, Any]) -> dict[str, Any]:
    from cellrun.core.live.by_rank import by_rank  # noqa: PLC0415  # it loads numpy, which not every server needs
    from cellrun.core.live.metric_window import window  # noqa: PLC0415  # it does, too

    low, high = asked["from"], asked["to"]
    if low is not None and high is not None and low > high:
        raise UserErrorException(f"the range begins after its end: from={low} to={high}")
    with cache.open(layout) as metrics:
        metric = metrics.metrics.get(asked["name"])
        if metric is None:
            raise NotFoundError(f"run {layout.run_id} has no metric {asked['name']!r}; …/metrics lists what it has")
        rows = {"start": asked["start"], "count": asked["count"]}
        found = window(by_rank(metric), x=asked["x"], low=low, high=high, points=asked["points"], **rows)
        return {**found, "damage": metrics.reader.damage_notes()}
