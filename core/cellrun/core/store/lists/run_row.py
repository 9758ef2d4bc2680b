"""The row of a run in a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from cellrun.core.digest import digest
from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.errors import problem_of
from cellrun.core.layout import RunLayout
from cellrun.core.store.events.metric_summary import MetricSummary
from cellrun.core.store.events.summary import listed_summary
from cellrun.core.store.liveness import checked_status
from cellrun.core.store.record import RunKind, RunRecord
from cellrun.core.store.status import Status, StatusRecord

_HASH_DIGITS = 32


class RowCell(NamedTuple):
    """The notebook cell that a run was submitted from."""

    notebook: str | None
    """The path of the notebook, where it was known."""
    id: str | None
    source_hash: str
    """blake3 of the cell's text in UTF-8, 32 hex digits."""

    @classmethod
    def of(cls, cell: Mapping[str, Any] | None) -> RowCell | None:
        """Return what a list needs of a record's cell."""
        source = cls.source_of(cell)
        if cell is None or source is None:
            return None
        name = digest(source.encode("utf-8", "surrogatepass"), _HASH_DIGITS)
        return cls(_text(cell.get("notebook")), _text(cell.get("id")), name)

    @staticmethod
    def source_of(cell: Mapping[str, Any] | None) -> str | None:
        """Return the text of a record's cell; None without one."""
        source = cell.get("source") if cell else None
        return source if isinstance(source, str) else None


@dataclass(frozen=True)
class RunRow:
    """One run in a list. Times are epoch seconds."""

    id: str
    name: str
    number: int
    experiment: str
    display_name: str
    kind: RunKind
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
    cell: RowCell | None = None
    parent: str | None = None
    """The id of the run that it is a child of."""
    properties: dict[str, str] = field(default_factory=dict)
    children: int = 0
    """How many child runs it has, as a list tells it."""

    @classmethod
    def read(cls, layout: RunLayout) -> RunRow:
        """Read a run's folder, but none of its events; a run whose owner is gone becomes Failed by this look."""
        return cls.of(layout, checked_status(layout), RunRecord.read(layout))

    @classmethod
    def of(cls, layout: RunLayout, status: StatusRecord, record: RunRecord) -> RunRow:
        """Return the row of a run of which status and record were read."""
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
            cell=RowCell.of(record.cell),
            parent=record.parent,
            properties=summary.apply_properties(record.initial_properties),
        )

    @classmethod
    def damaged(cls, layout: RunLayout, error: Exception) -> RunRow:
        """Return the row of a run whose folder can't be read, and why: with what its record tells, if that is whole."""
        try:
            record = RunRecord.read(layout)
        except UNREADABLE:
            record = RunRecord(_slug(layout), "script", id=layout.run_id, name=layout.run_id, target="")
        return cls(
            id=layout.run_id,
            name=record.name,
            number=record.number,
            experiment=record.experiment,
            display_name=record.display_name or record.name,
            kind=record.kind,
            type=record.type,
            target=record.target,
            status=Status.DAMAGED,
            reason=problem_of(error),
            created_at=record.created_at or _changed_at(layout),
            started_at=None,
            ended_at=None,
            tags=dict(record.tags),
            parameters=dict(record.parameters),
            metrics={},
            cell=RowCell.of(record.cell),
            parent=record.parent,
            properties=record.initial_properties,
        )

    def plain(self) -> dict[str, Any]:
        """Return the row as plain values but for its metrics."""
        values = {name: getattr(self, name) for name in _FIELDS}
        return {**values, "status": self.status.value, "cell": self.cell and self.cell._asdict()}

    def to_json(self) -> dict[str, Any]:
        """Return the row as plain values."""
        return {**self.plain(), "metrics": {name: metric.to_json() for name, metric in self.metrics.items()}}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> RunRow:
        """Read what `to_json` gave."""
        metrics = {name: MetricSummary.from_json(metric) for name, metric in data["metrics"].items()}
        cell = RowCell(**data["cell"]) if data["cell"] else None
        return cls(**{**data, "status": Status(data["status"]), "metrics": metrics, "cell": cell})


_FIELDS = tuple(each.name for each in fields(RunRow))


def _slug(layout: RunLayout) -> str:
    """Return what an id says of its run's experiment: the run is listed there, for want of better knowledge."""
    return layout.run_id.rsplit("_", 2)[0]


def _changed_at(layout: RunLayout) -> float:
    try:
        return layout.folder.lstat().st_mtime
    except OSError:
        return 0.0


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
