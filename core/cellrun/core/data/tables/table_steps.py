"""The steps of a tabular dataset, done one after the other while its rows stream by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cellrun.core.data.files.column_expression import columns_of, mask
from cellrun.core.data.files.sampling import Draws
from cellrun.core.data.tables.column_types import TypesChangedError, cast
from cellrun.core.data.tables.table_source import Rows, TableSource
from cellrun.core.errors import DatasetError, did_you_mean

Step = Sequence[Any]


def table(source: TableSource, steps: Sequence[Step]) -> pa.Table:
    """Return the rows of a source after its steps. Raises DatasetError for columns that aren't there."""
    wanted = wanted_columns(source, steps)
    try:
        found = list(rows(source, steps, wanted))
    except TypesChangedError:  # a text among numbers, far below: read again, with what is known then
        source.settle(wanted)
        source.types.unfit.clear()
        found = list(rows(source, steps, wanted))
    return _joined(found, after(source.columns(), steps))


def rows(source: TableSource, steps: Sequence[Step], wanted: set[str] | None) -> Iterator[Rows]:
    """Return the rows of a source after its steps, in blocks, read no further than they are asked for."""
    found: Iterable[Rows] = source.batches(wanted)
    for place, step in enumerate(steps):
        if step[0] not in _STEPS:
            raise DatasetError(f"a tabular dataset has no step {step[0]!r}; a newer cellrun may have made it")
        if not source.is_fixed and step[0] != "drop_columns":
            found = _seen(found, _named(step), source.columns())
        found = _STEPS[step[0]](found, step[1:], place)
    return iter(found)


def after(columns: list[str], steps: Sequence[Step]) -> list[str]:
    """Return the names of the columns that are left of some after steps."""
    for step in steps:
        if step[0] == "keep_columns":
            columns = list(step[1])
        elif step[0] == "drop_columns":
            columns = [name for name in columns if name not in step[1]]
    return columns


def wanted_columns(source: TableSource, steps: Sequence[Step]) -> set[str] | None:
    """Return the columns that have to be read for what is left after steps; None for all.

    Raises DatasetError for one that a step names and that isn't there.
    """
    here: set[str] | None = set(source.columns()) if source.is_fixed else None
    wanted: set[str] = set()
    is_all = True
    known = source.columns()
    for step in steps:
        named = _named(step)
        if here is not None and (missing := named - here):
            raise no_column(min(missing), known)
        if step[0] == "keep_columns":
            here, is_all = set(step[1]), False
        elif step[0] == "drop_columns":
            here = None if here is None else here - set(step[1])
            known = [name for name in known if name not in step[1]]
            named = set()
        wanted |= named
    if is_all and here is None:
        return None
    return wanted | (here or set())


def no_column(name: str, known: Sequence[str]) -> DatasetError:
    """Return the error for a column that isn't there."""
    rest = f" and {len(known) - 20} more" if len(known) > 20 else ""
    hint = did_you_mean(name, known, "; ")
    return DatasetError(f"no column {name!r}; there are: {', '.join(known[:20])}{rest}{hint}")


def _named(step: Step) -> set[str]:
    kind = step[0]
    if kind in {"keep_columns", "drop_columns"}:
        return set(step[1])
    if kind == "filter":
        return columns_of(step[1])
    if kind == "time":
        return {step[1]}
    if kind == "timestamp_columns":
        return {name for name in step[1:] if name}
    return set()


def _seen(found: Iterable[Rows], needed: set[str], known: list[str]) -> Iterator[Rows]:
    """Pass rows on; once all were seen, refuse columns that none of them had."""
    seen = dict.fromkeys(known)
    for each in found:
        seen.update(dict.fromkeys(each.columns))
        yield each
    if missing := needed - set(seen):
        raise no_column(min(missing), list(seen))


def _keep(found: Iterable[Rows], given: Step, _: int) -> Iterator[Rows]:
    for each in found:
        yield Rows(each.count, {name: each.columns[name] for name in given[0] if name in each.columns})


def _drop(found: Iterable[Rows], given: Step, _: int) -> Iterator[Rows]:
    gone = set(given[0])
    for each in found:
        yield Rows(each.count, {name: values for name, values in each.columns.items() if name not in gone})


def _skip(found: Iterable[Rows], given: Step, _: int) -> Iterator[Rows]:
    left = given[0]
    for each in found:
        if left < each.count:
            yield each.sliced(left, each.count - left)
        left = max(0, left - each.count)


def _take(found: Iterable[Rows], given: Step, _: int) -> Iterator[Rows]:
    left = given[0]
    if not left:  # its types are asked for all the same
        for each in found:
            yield each.sliced(0, 0)
            return
    for each in found:
        yield each.sliced(0, min(left, each.count))
        left -= each.count
        if left <= 0:
            return


def _sample(found: Iterable[Rows], given: Step, place: int) -> Iterator[Rows]:
    draws = Draws(given[1], place)
    for each in found:
        yield each.where(pa.array(draws.below(given[0], each.count)))


def _split(found: Iterable[Rows], given: Step, place: int) -> Iterator[Rows]:
    draws = Draws(given[1], place)
    for each in found:
        below = draws.below(given[0], each.count)
        yield each.where(pa.array(below if given[2] == 0 else ~below))


def _filter(found: Iterable[Rows], given: Step, _: int) -> Iterator[Rows]:
    for each in found:
        yield each.where(_truth(mask(given[0], _column(each)), each.count))


def _time(found: Iterable[Rows], given: Step, _: int) -> Iterator[Rows]:
    name, start, end, has_bounds = given
    for each in found:
        values = _column(each)(name)
        if not pa.types.is_timestamp(values.type) and not pa.types.is_null(values.type):
            raise DatasetError(
                f"the column {name!r} holds {values.type}, not times: set_column_types gives it DataType.to_datetime()"
            )
        holds = pc.is_valid(values)
        for bound, name_of in ((start, "greater"), (end, "less")):
            if bound is not None:
                asked = getattr(pc, f"{name_of}_equal" if has_bounds else name_of)
                zone = getattr(values.type, "tz", None)
                limit = pa.scalar(datetime.fromisoformat(bound), pa.timestamp("us"))
                limit = limit if zone is None else pc.assume_timezone(limit, "UTC").cast(pa.timestamp("us", zone))
                holds = pc.and_kleene(holds, asked(values, limit))
        yield each.where(_truth(holds, each.count))


def _nothing(found: Iterable[Rows], given: Step, _: int) -> Iterator[Rows]:  # noqa: ARG001  # as those beside it
    return iter(found)


def _column(rows: Rows) -> Callable[[str], Any]:
    def named(name: str) -> Any:
        return rows.columns[name] if name in rows.columns else pa.nulls(rows.count)

    return named


def _truth(found: Any, count: int) -> Any:
    if isinstance(found, pa.Scalar):  # a condition without a column
        found = pa.array([found.as_py()] * count, pa.bool_())
    if pa.types.is_null(found.type):
        return pa.array([False] * count)
    return pc.fill_null(found, False)  # noqa: FBT003  # pyarrow's signature


_STEPS: dict[str, Callable[[Iterable[Rows], Step, int], Iterator[Rows]]] = {
    "keep_columns": _keep,
    "drop_columns": _drop,
    "skip": _skip,
    "take": _take,
    "take_sample": _sample,
    "random_split": _split,
    "filter": _filter,
    "time": _time,
    "timestamp_columns": _nothing,
}


def _joined(found: list[Rows], columns: list[str]) -> pa.Table:
    """Return rows as one table: columns in their order, each in the widest type that it had."""
    names = list(dict.fromkeys([*columns, *(name for each in found for name in each.columns)]))
    types = {}
    for name in names:
        kinds = [each.columns[name].type for each in found if name in each.columns]
        types[name] = next((kind for kind in reversed(kinds) if not pa.types.is_null(kind)), pa.null())
    arrays = [
        pa.chunked_array(
            [
                cast(each.columns[name], types[name]) if name in each.columns else pa.nulls(each.count, types[name])
                for each in found
            ],
            types[name],
        )
        for name in names
    ]
    return pa.table(arrays, names=names)
