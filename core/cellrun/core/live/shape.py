"""What there is to know of a metric's values before it is decided what they are shown as."""

from __future__ import annotations

from cellrun.core.live.series import ColumnShape, ColumnType, MetricShape, index_name
from cellrun.core.store.events.column import Column
from cellrun.core.store.events.metric import Metric


def shape(metric: Metric) -> MetricShape:
    """Return what `series` asks of a metric; an index goes before the logged columns of one without an x of its own."""
    logged = logged_columns(metric)
    index = index_name(metric.kind, logged)
    columns = logged if index is None else [ColumnShape(index, "number"), *logged]
    return MetricShape(metric.name, metric.kind, metric.rows, columns)


def logged_columns(metric: Metric) -> list[ColumnShape]:
    """Return the columns that were logged. Only of rows is their order looked at: all else is over an index."""
    is_counted = metric.kind in ("log", "list")
    return [
        ColumnShape(name, _type(column), is_counted or column.is_ordered) for name, column in metric.columns.items()
    ]


def _type(column: Column) -> ColumnType:
    if column.has_number:
        return "number"
    return "text" if column.has_text else "other"
