"""What a list shows of one run."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from cellrun.core.status import Status
from cellrun.core.store.layout import RunLayout
from cellrun.core.store.metric_summary import MetricSummary
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_summary import listed_summary
from cellrun.core.store.settle import settle


@dataclass(frozen=True)
class RunRow:
    """One run in a list. Times are epoch seconds."""

    id: str
    name: str
    number: int
    experiment: str
    display_name: str
    kind: str
    type: str | None
    target: str
    status: Status
    reason: str | None
    created_at: float
    started_at: float | None
    ended_at: float | None
    tags: dict[str, str | None]
    parameters: dict[str, str]
    metrics: dict[str, MetricSummary]

    @classmethod
    def read(cls, layout: RunLayout) -> RunRow:
        """Read a run's folder, but none of its events; a run whose owner is gone becomes Failed by this look."""
        status = settle(layout)
        record = RunRecord.read(layout)
        summary = listed_summary(layout, has_ended=status.status.is_terminal)
        return cls(
            id=record.id,
            name=record.name,
            number=record.number,
            experiment=record.experiment,
            display_name=summary.display_name[1] if summary.display_name else record.display_name or record.name,
            kind=record.kind,
            type=record.type,
            target=record.target,
            status=status.status,
            reason=status.reason,
            created_at=record.created_at,
            started_at=status.started_at,
            ended_at=status.ended_at,
            tags=summary.apply_tags(record.tags),
            parameters=dict(record.parameters),
            metrics=summary.metrics,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the row as plain values."""
        plain = {item.name: getattr(self, item.name) for item in fields(self)}
        metrics = {name: metric.to_json() for name, metric in self.metrics.items()}
        return {**plain, "status": self.status.value, "metrics": metrics}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> RunRow:
        """Read what `to_json` gave."""
        metrics = {name: MetricSummary.from_json(metric) for name, metric in data["metrics"].items()}
        return cls(**{**data, "status": Status(data["status"]), "metrics": metrics})
