"""The header of a live view: a run's name, status, times and place, as the front end gets it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from cellrun.core.context.account import counts_of
from cellrun.core.context.manifest import Need
from cellrun.core.distributed.distribution import Distribution
from cellrun.core.live.failure import Failure
from cellrun.core.resources import resources_text
from cellrun.core.store.attempt import StatusAttempt
from cellrun.core.store.events.metrics import Metrics
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status import Status, StatusRecord


def header(  # noqa: PLR0913  # a view's head has so many sources
    record: RunRecord,
    status: StatusRecord,
    metrics: Metrics,
    *,
    workspace: str,
    notes: Sequence[str],
    place: str,
    needs: Sequence[Need] | None = None,
) -> dict[str, Any]:
    """Return the header as plain values. Times are epoch seconds; `error` is there for a Failed run alone.

    `place` says where it runs; `ranks` is how many processes a distributed run is, each with a log of its own; `needs`
    is the account of what was captured with a cell.
    """
    interactive = record.kind == "interactive"
    failed = status.status is Status.FAILED
    attempt = StatusAttempt.of(status)
    waiting = status.reason if status.reason and not status.status.is_terminal else None
    again = str(attempt) if attempt.why and attempt.why != waiting else None
    return {
        "run_id": record.id,
        "number": record.number,
        "name": metrics.display_name or record.display_name or record.name,
        "experiment": record.experiment,
        "workspace": workspace,
        "status": status.status.value,
        "target": "" if interactive else place,
        "resources": "" if interactive else resources_text(record.resources, record.nodes),
        "created_at": record.created_at,
        "started_at": status.started_at,
        "ended_at": status.ended_at,
        "arguments": arguments_text(record),
        "tags": dict(metrics.tags),
        "error": Failure.of(status, record)._asdict() if failed else None,
        "captured": None if needs is None else _captured(needs),
        "interactive": interactive,
        "cancelable": not status.status.is_terminal,
        "attempt": attempt.number,
        "notes": [*filter(None, (waiting, again)), *notes],
        "ranks": 0 if record.distribution is None else Distribution.from_json(record.distribution).total,
    }


def _captured(needs: Sequence[Need]) -> dict[str, int]:
    count = counts_of(needs)
    return {"names": count.names, "bytes": count.bytes}


def arguments_text(record: RunRecord) -> str:
    """Return what a run was started with: a script's or a cell's arguments, or a command as it was given."""
    if record.command is not None:
        return record.command
    return shlex.join(record.arguments)
