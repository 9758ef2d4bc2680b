"""Several runs side by side: what they were started with, what came of it, and where they differ."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from cellrun.core.comparison.code import code_of
from cellrun.core.comparison.code_files import CodeFile, code_files
from cellrun.core.comparison.curves import Curves, DrawnRun, compared_curves
from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.errors import RunNotFoundError, UserErrorException, problem_of, shown
from cellrun.core.front_end import plain_line
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.live.metric_window import STEP
from cellrun.core.store.environment import read_environment
from cellrun.core.store.events.event_line import Value, typed
from cellrun.core.store.events.metric_shape import MetricHead
from cellrun.core.store.events.metric_summary import MetricSummary, y_column
from cellrun.core.store.events.metrics_cache import MetricsCache
from cellrun.core.store.lists.run_row import RunRow
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore
from cellrun.core.store.status import StatusFile

if TYPE_CHECKING:
    from plotly.graph_objects import Figure  # type: ignore[import-untyped]

    from cellrun.core.runs.run import Run

LEAST_RUNS = 2
MOST_RUNS = 20
GIT_CHARACTERS = 7


@dataclass(frozen=True)
class Compared:
    """One line: a value for each run, None where a run has none."""

    name: str
    values: list[Value]
    differs: bool


@dataclass(frozen=True, repr=False)
class Comparison:
    """Runs side by side; all lists of values are in the order of `rows`."""

    rows: list[RunRow]
    parameters: list[Compared]
    tags: list[Compared]
    """A tag without a value is an empty text."""
    metrics: list[Compared]
    """Last values; of rows, the column that is drawn."""
    facts: list[Compared]
    """target, python, git, script or command, duration (seconds) and each input, as far as any run has them."""
    cells: list[str | None]
    """What each run starts with (`code_of`): its cell with definitions, or its script; None without either."""
    files: list[CodeFile]
    """The other code files of the runs' snapshots, as far as they aren't the same in all of them."""
    curves: list[Curves]
    heads: list[Mapping[str, MetricHead]]
    """Of each run, its metrics' heads by name as they are; `metrics` may be a second old."""

    def plot(self, name: str | Sequence[str] | None = None, *, log: bool = False) -> Figure:
        """Return a plotly figure: a chart of each metric, the runs' curves on one another.

        Of `name`, or of several names, or of every metric that has numbers; over the x of `compare`. A metric that has
        one value in each run is drawn as bars. Everything else is as with `Run.plot`.
        """
        from cellrun.core.comparison.figure import figure  # noqa: PLC0415  # it loads plotly

        return figure(self, name, log=log)

    def __repr__(self) -> str:
        return plain_line(f"Comparison of {', '.join(row.display_name for row in self.rows)}")

    def to_json(self, row: Callable[[RunRow], Mapping[str, Any]]) -> dict[str, Any]:
        """Return it as plain values; `row` says what there is to be told of a run."""
        lines = {name: _lines(getattr(self, name)) for name in ("parameters", "tags", "metrics", "facts")}
        curves = [asdict(curves) for curves in self.curves]
        code = {"cells": self.cells, "files": [asdict(file) for file in self.files]}
        return {"runs": [row(one) for one in self.rows], **lines, **code, "curves": curves}


def find_runs(workspace: WorkspaceLayout, ids_or_names: Sequence[str]) -> list[RunLayout]:
    """Return the layouts of the runs to compare.

    Raises UserErrorException unless they are 2 to 20 different ones, RunNotFoundError naming all that aren't there.
    """
    _check_count(len(ids_or_names))
    store = RunStore(workspace)
    found, missing = [], []
    for given in ids_or_names:
        try:
            found.append(store.find(given))
        except (RunNotFoundError, OSError, ValueError):  # or no name of a file
            missing.append(given)
    if missing:
        raise RunNotFoundError(", ".join(missing), str(workspace.folder))
    _check_once(found)
    return found


def compare(runs: Iterable[Run], x: str = STEP) -> Comparison:
    """Compare 2 to 20 runs: what they were started with, what came of it, and where they differ.

    Curves are over `x`: "step" (each metric's own x), "time" (seconds since the run's start) or a logged column.
    `compare(runs).plot("loss")` draws them.

    Raises UserErrorException unless they are 2 to 20 different runs, RunNotFoundError for one that was deleted.
    """
    try:
        layouts = [run.layout for run in runs]
    except (AttributeError, TypeError):
        raise UserErrorException(
            f"compare takes runs in a list, compare([one, other]) or compare(experiment.get_runs()); got {shown(runs)}"
        ) from None
    _check_count(len(layouts))
    _check_once(layouts)
    return compare_layouts(layouts, x)


def _check_count(count: int) -> None:
    if not LEAST_RUNS <= count <= MOST_RUNS:
        raise UserErrorException(f"{LEAST_RUNS} to {MOST_RUNS} runs can be compared; got {count}")


def _check_once(layouts: Sequence[RunLayout]) -> None:
    ids = [layout.run_id for layout in layouts]
    twice = sorted({run_id for run_id in ids if ids.count(run_id) > 1})
    if twice:
        raise UserErrorException(f"a run is compared with others, not with itself; given twice: {', '.join(twice)}")


def compare_layouts(
    layouts: Sequence[RunLayout],
    x: str = STEP,
    cache: MetricsCache | None = None,
    names: Collection[str] | None = None,
) -> Comparison:
    """Compare runs; curves are over `x` (see `compared_curves`), of the metrics of these names or of all.

    `cache`: where the process keeps metrics at hand.

    Raises RunNotFoundError naming those that were deleted meanwhile, UserErrorException naming those whose folders
    are damaged.
    """
    kept = cache or MetricsCache()
    runs = _read_all(layouts, kept)
    rows = [run.row for run in runs]
    return Comparison(
        rows=rows,
        parameters=_compared([row.parameters for row in rows]),
        tags=_compared([{name: value or "" for name, value in row.tags.items()} for row in rows]),
        metrics=_compared([{name: _last(metric) for name, metric in row.metrics.items()} for row in rows]),
        facts=_compared([run.facts for run in runs]),
        cells=[run.cell for run in runs],
        files=code_files(layouts, [run.record for run in runs]),
        curves=compared_curves([run.drawn.only(names) for run in runs], x, kept),
        heads=[run.drawn.heads for run in runs],
    )


class _Read(NamedTuple):
    """One run as it is read for a comparison."""

    record: RunRecord
    row: RunRow
    cell: str | None
    facts: Mapping[str, Value]
    drawn: DrawnRun


def _read_all(layouts: Sequence[RunLayout], cache: MetricsCache) -> list[_Read]:
    runs, gone, damaged = [], [], []
    for layout in layouts:
        try:
            runs.append(_read(layout, cache))
        except FileNotFoundError:
            gone.append(layout.run_id)
        except UNREADABLE as error:
            damaged.append(f"{layout.run_id} ({problem_of(error)})")
    if gone:
        raise RunNotFoundError(", ".join(gone), str(layouts[0].workspace.folder))
    if damaged:
        raise UserErrorException(
            f"what is kept of {', '.join(damaged)} is damaged and can't be read; leave it out of the comparison"
        )
    return runs


def _read(layout: RunLayout, cache: MetricsCache) -> _Read:
    record, row = RunRecord.read(layout), RunRow.read(layout)
    with cache.open(layout) as metrics:
        drawn = DrawnRun(
            layout, row.started_at or row.created_at, {name: metric.head for name, metric in metrics.metrics.items()}
        )
    return _Read(record, row, code_of(layout, record), _facts(layout, record), drawn)


def _facts(layout: RunLayout, record: RunRecord) -> dict[str, Value]:
    """Return what is known of how a run ran, in the order in which it is shown."""
    duration = StatusFile(layout).read().elapsed_s
    facts: dict[str, Value] = {
        "target": record.target if record.kind != "interactive" else None,
        "python": record.python or None,
        "git": _git(layout, record),
        "script": record.script,
        "command": record.command,
        "duration": None if duration is None else int(duration),  # a second that isn't over isn't counted: anywhere
    }
    if record.inputs:
        from cellrun.core.data.in_run.run_datasets import content_words  # noqa: PLC0415  # few runs have data

        facts |= {f"data {name}": words for name, words in content_words(layout, record).items()}
    return {name: value for name, value in facts.items() if value is not None}


def _git(layout: RunLayout, record: RunRecord) -> str | None:
    """Return the commit as git shows it, and ` +n` where n files had been changed since."""
    head = record.git.get("head")
    if not head:
        return None
    recorded = (read_environment(layout) or {}).get("git") or {}
    changed = recorded.get("files_changed")
    return f"{head[:GIT_CHARACTERS]} +{changed}" if changed else f"{head[:GIT_CHARACTERS]}"


def _last(metric: MetricSummary) -> Value:
    column = y_column(metric.last)
    if column is None:  # nothing to draw: what is read of it
        return next(iter(metric.last.values()), None)
    return metric.last[column]


def _compared(runs: Sequence[Mapping[str, Value]]) -> list[Compared]:
    """Return a line for each name that any run has, in the order in which they come."""
    names = dict.fromkeys(name for run in runs for name in run)
    return [_line(name, [(name in run, run.get(name)) for run in runs]) for name in names]


def _line(name: str, values: Sequence[tuple[bool, Value]]) -> Compared:
    differs = len({(there, *_comparable(value)) for there, value in values}) > 1
    return Compared(name, [value for _, value in values], differs)


def _comparable(value: Value) -> tuple[bool, Value]:
    """Return a value as what is equal when it reads the same: True is no 1, and NaN is NaN."""
    is_nan = isinstance(value, float) and math.isnan(value)
    return isinstance(value, bool), "NaN" if is_nan else value


def _lines(lines: Iterable[Compared]) -> list[dict[str, Any]]:
    return [{**asdict(line), "values": [typed(value) for value in line.values]} for line in lines]
