"""A run in a few lines of text: what a terminal shows, and any front end that can't show the view."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Context
from math import isfinite

from cellrun.core.front_end import plain_line, without_codes
from cellrun.core.layout import RunLayout
from cellrun.core.live.failure import Failure
from cellrun.core.resources import elapsed_text, resources_text
from cellrun.core.store.events.event_line import Value
from cellrun.core.store.events.summary import Summary, run_summary
from cellrun.core.store.files.log_tail import LogReader
from cellrun.core.store.liveness import checked_status
from cellrun.core.store.record import RunRecord, place_text
from cellrun.core.store.status import Status, StatusFile, StatusRecord

METRICS = 12
LOG_LINES = 5
LOG_BYTES = 4096
LINE_CHARACTERS = 120
BAR_END_CHARACTERS = 60

_FOUR_DIGITS = Context(prec=4, rounding=ROUND_HALF_UP)
_SIGNS: Mapping[str, str] = {Status.COMPLETED: "✓", Status.FAILED: "✕", Status.CANCELED: "–", Status.RUNNING: "●"}  # noqa: RUF001


def run_text(layout: RunLayout) -> str:
    """Return a run's status, name, time, why it failed, the last values of its metrics, and the end of its log."""
    record = RunRecord.read(layout)
    status = checked_status(layout)
    summary = run_summary(layout)
    name = summary.display_name[1] if summary.display_name else record.display_name or record.name
    lines = [_first_line(layout, record, status, name)]
    if status.status is Status.FAILED:
        failure = Failure.of(status, record)
        lines += [failure.message, " · ".join(filter(None, [failure.where, failure.exit]))]
    lines.append(_metrics(summary))
    lines = [*map(plain_line, lines), *(f"  {line}" for line in log_lines(layout))]
    return "\n".join(filter(None, lines))


def started_text(layout: RunLayout) -> str:
    """Return the text of a run that was just started: it has no metrics and no log yet, and neither is looked for."""
    record, status = RunRecord.read(layout), StatusFile(layout).read()
    if status.status.is_terminal:  # as quick as that: why it failed is worth saying
        return run_text(layout)
    return plain_line(_first_line(layout, record, status, record.display_name or record.name))


def sign(status: str) -> str:
    """Return the mark that stands before a status."""
    return _SIGNS.get(status, "○")


def value_text(value: Value) -> str:
    """Return a value as it is read, not as it is computed with: four significant digits, a half rounded up.

    That is the half of what is written, as in the front end: 0.98125 becomes 0.9813, though the float is less than it.
    """
    if not isinstance(value, float):
        return str(value)
    rounded = float(_FOUR_DIGITS.create_decimal(float.__repr__(value)))
    return f"{rounded if isfinite(rounded) else value:.4g}"  # the largest of all would be rounded to infinity


def log_lines(layout: RunLayout, count: int = LOG_LINES) -> list[str]:
    """Return the last lines of a run's log as a terminal would show them: bars collapsed, no escapes.

    An ellipsis stands for what is left out of a long line: its end, of a bar its middle, since its end says how far.
    """
    text = LogReader.of_run(layout).tail(LOG_BYTES).data.decode("utf-8", "replace")
    written = [without_codes(line).rstrip("\r").rpartition("\r") for line in text.split("\n")]
    lines = [_shortened(line.rstrip(), BAR_END_CHARACTERS if is_bar else 0) for _, is_bar, line in written]
    return [line for line in lines if line][-count:]


def _first_line(layout: RunLayout, record: RunRecord, status: StatusRecord, name: str) -> str:
    where = " · ".join(
        filter(None, [place_text(layout, record.target), resources_text(record.resources, record.nodes)])
    )
    facts = [status.status.value, name, record.experiment, "" if record.kind == "interactive" else where]
    return f"{sign(status.status)} {'  '.join(filter(None, [*facts, elapsed_text(status.elapsed_s)]))}"


def _shortened(line: str, tail: int) -> str:
    if len(line) <= LINE_CHARACTERS:
        return line
    return f"{line[: LINE_CHARACTERS - 1 - tail]}…{line[len(line) - tail :]}"


def _metrics(summary: Summary) -> str:
    shown = [f"{name} {_row(name, metric.last)}" for name, metric in list(summary.metrics.items())[:METRICS]]
    if len(summary.metrics) > METRICS:
        shown.append(f"… {len(summary.metrics) - METRICS} more")
    return " · ".join(shown)


def _row(name: str, row: Mapping[str, Value]) -> str:
    if list(row) == [name]:
        return value_text(row[name])
    return " ".join(f"{column}={value_text(value)}" for column, value in row.items())
