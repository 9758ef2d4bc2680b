"""Tables of Arrow as frames of pandas, with the types that Azure ML's have, and back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cellrun.core.errors import DatasetError, shown

_EARLIEST, _LATEST = datetime(1677, 9, 22), datetime(2262, 4, 11)  # noqa: DTZ001  # columns have no zone


def frame_of(table: Any, *, is_range_checked: bool) -> Any:
    """Return a table as a frame: times in nanoseconds, texts as objects, a column without any value as missing numbers.

    So they are with every pandas: since pandas 3 a column of texts is `str` by itself, which old code doesn't ask for.
    """
    for n, field in enumerate(table.schema):
        if pa.types.is_null(field.type):
            table = table.set_column(n, field.name, pc.cast(table.column(n), pa.float64()))
        elif pa.types.is_timestamp(field.type) and field.type.unit != "ns":
            table = table.set_column(
                n, field.name, _in_range(table.column(n), field, is_range_checked=is_range_checked)
            )
    frame = table.to_pandas(date_as_object=False, coerce_temporal_nanoseconds=True)
    for n, name in enumerate(frame.columns):
        if isinstance(frame.dtypes.iloc[n], pd.StringDtype) and (place := table.schema.get_field_index(name)) >= 0:
            frame.isetitem(n, pd.Series(table.column(place).to_numpy(), index=frame.index, dtype=object))
    return frame


def table_of(frame: Any, what: str) -> Any:
    """Return a frame as a table, without its index. Raises DatasetError for columns that Parquet can't hold."""
    if not hasattr(frame, "columns"):
        raise DatasetError(f"{what} is one of pandas; got {shown(frame)}")
    try:
        return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata()
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        told = " ".join(map(str, error.args))
        raise DatasetError(f"{what} can't be kept as Parquet: {told}") from error


def _in_range(values: Any, field: Any, *, is_range_checked: bool) -> Any:
    kind = field.type
    early, late = (pa.scalar(bound, pa.timestamp("us")).cast(kind) for bound in (_EARLIEST, _LATEST))
    fits = pc.and_(pc.greater_equal(values, early), pc.less_equal(values, late))
    if pc.all(fits).as_py() is not False:
        return values
    if is_range_checked:
        first = next(value for value, fit in zip(values.to_pylist(), fits.to_pylist(), strict=True) if fit is False)
        raise DatasetError(f"the column {field.name!r} has {first}, which pandas has no nanoseconds for")
    return pc.if_else(fits, values, pa.scalar(None, kind))
