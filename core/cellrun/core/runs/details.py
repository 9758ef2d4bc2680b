"""A run in detail, under Azure ML's keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cellrun.core.store.attempt import StatusAttempt
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status import Status, StatusRecord

_WAITS = frozenset({Status.QUEUED, Status.PREPARING})
_BRIEF = ("runId", "status", "startTimeUtc", "endTimeUtc")


class BriefDetails(dict[str, Any]):
    """What `Run.get_details` shows, which IPython shows in one line: it stands as the last value of many cells."""

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: FBT001, ARG002  # as IPython calls it
        shown = ", ".join(f"{name!r}: {self[name]!r}" for name in _BRIEF if name in self)
        printer.text(f"{{{shown}, …}}")


def run_details(  # noqa: PLR0913  # a run has so many sides
    record: RunRecord,
    status: StatusRecord,
    log: Path | None,
    *,
    properties: Mapping[str, str] | None = None,
    logs: Mapping[str, Path] | None = None,
    submitted_by: str = "",
    warnings: Sequence[str] = (),
    files_written: Mapping[str, str] | None = None,
    environment: Mapping[str, Any] | None = None,
    results: Sequence[Mapping[str, Any]] = (),
    inputs: Sequence[Mapping[str, Any]] = (),
    outputs: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Return what `Run.get_details` shows. Times are ISO 8601, UTC.

    `error` is in it if the run Failed, `warnings` if there are any. Ours are `repeats`, the id of the run whose code
    this one has again; `environment`, what was recorded beside the running job, uncommitted changes included (`git`,
    `diff`); `results`, name, type, bytes and form of each value that its cell gave back; `filesWritten`, what the
    script left beside `outputs/` and `logs/`, by its path in the working directory, and where it is; `waitsFor`, why it
    waits, as its engine says; `targetOptions`, what that was told for this run; `attempt`, its number and why there was
    one before, of a run that its engine has started again.
    """
    from cellrun.core.runs.run_definition import run_definition  # noqa: PLC0415  # a job that logs doesn't need it

    details: dict[str, Any] = {
        "runId": record.id,
        "target": record.target,
        "status": status.status.value,
        "startTimeUtc": _utc(status.started_at),
        "endTimeUtc": _utc(status.ended_at),
        "properties": dict(record.initial_properties if properties is None else properties),
        "inputDatasets": list(inputs),
        "outputDatasets": list(outputs),
        "runDefinition": run_definition(record),
        "logFiles": {name: str(path) for name, path in (logs or {}).items()},
        **_of_engine(record, status),
    }
    if submitted_by:
        details["submittedBy"] = submitted_by
    if record.repeats:
        details["repeats"] = record.repeats
    if environment:
        details["environment"] = dict(environment)
    if results:
        details["results"] = [dict(each) for each in results]
    if files_written:
        details["filesWritten"] = dict(files_written)
    if warnings:
        details["warnings"] = [{"source": "cellrun", "message": message} for message in warnings]
    if status.status is Status.FAILED:
        details["error"] = run_error(status, log)
    return details


def _of_engine(record: RunRecord, status: StatusRecord) -> dict[str, Any]:
    """Return what its engine was told of a run, and has said of it."""
    told: dict[str, Any] = {"targetOptions": dict(record.options)} if record.options else {}
    attempt = StatusAttempt.of(status)
    if attempt.number > 1:
        told["attempt"] = {"number": attempt.number, "reason": attempt.why}
    if status.status in _WAITS and status.reason:
        told["waitsFor"] = status.reason
    return told


def run_error(status: StatusRecord, log: Path | None) -> dict[str, Any]:
    """Return why a run Failed, nested as Azure ML does it."""
    return {
        "error": {
            "code": "UserError",
            "message": status.reason,
            "traceback": status.fields.get("traceback_tail") or "",
            "log": None if log is None else str(log),
        }
    }


def _utc(at: float | None) -> str | None:
    if at is None:
        return None
    from datetime import datetime, timezone  # noqa: PLC0415  # a job rarely asks for details

    return datetime.fromtimestamp(at, timezone.utc).isoformat().replace("+00:00", "Z")
