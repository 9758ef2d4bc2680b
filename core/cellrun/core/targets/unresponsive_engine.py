"""Runs whose engine doesn't answer: they are NotResponding with its target's words, until it does."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.layout import RunLayout
from cellrun.core.store.liveness import SILENT, UNANSWERED, heartbeat, is_old, is_unanswered
from cellrun.core.store.status import Status, StatusFile, StatusRecord

WAITS_HERE = "waits_here"
"""The field that says of a Queued run that it waits in a queue of this side's, as its engine has none."""


def is_on_its_way(status: StatusRecord) -> bool:
    """Whether a run hasn't come to its engine yet, by what its target promises (`ComputeTarget.send`)."""
    is_preparing_here = status.status is Status.PREPARING and "there" not in status.fields
    return status.status is Status.NOT_STARTED or is_preparing_here or waits_here(status)


def waits_here(status: StatusRecord) -> bool:
    """Whether a run waits in a queue of this side's: nothing is to be done for it but at the engine's leisure."""
    return status.status is Status.QUEUED and status.fields.get(WAITS_HERE) is True


def shows_life(run: RunLayout) -> bool:
    """Whether a run's own folder tells that it goes on, for a target that shares it."""
    return not is_old(heartbeat(run))


def mark_unresponsive(run: RunLayout, why: str) -> None:
    """Make a run that its engine has NotResponding, as the engine doesn't answer; one on its way there is told why.

    What the disk doesn't take, or a damaged status forbids, is left out.
    """
    with suppress(*UNREADABLE):
        before = StatusFile(run).read()
        if is_on_its_way(before):
            if before.status is Status.PREPARING and before.reason != why:
                StatusFile(run).show(Status.PREPARING, expected={Status.PREPARING}, reason=why)
        elif not before.status.is_terminal and before.status is not Status.NOT_RESPONDING:
            fields: dict[str, Any] = {SILENT: before.status.value, UNANSWERED: True}
            StatusFile(run).show(Status.NOT_RESPONDING, expected={before.status}, reason=why, **fields)


def mark_responsive(run: RunLayout) -> None:
    """Let a run have the status that it had before its engine fell silent; nothing happens to any other run."""
    status = StatusFile(run).read()
    if not is_unanswered(status):
        return
    before = status.fields.get(SILENT)
    known = {each.value for each in Status if not each.is_terminal} - {Status.NOT_RESPONDING.value}
    to = Status(before) if before in known else Status.RUNNING
    fields: dict[str, Any] = {SILENT: "", UNANSWERED: False}
    StatusFile(run).show(to, expected={Status.NOT_RESPONDING}, **fields)
