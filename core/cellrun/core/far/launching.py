"""The order that starts a run elsewhere: what has come in becomes its folder, and the queue there takes it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from cellrun.core.disk import remove_tree, replace_file
from cellrun.core.errors import ExperimentExecutionException
from cellrun.core.far.incoming import lacking, prepare, take_files, take_value
from cellrun.core.far.pieces import parts_of, sizes_below
from cellrun.core.far.places_there import WorkspaceThere
from cellrun.core.far.protocol import Message
from cellrun.core.far.refusal import IncompleteError
from cellrun.core.identity import ProcessIdentity
from cellrun.core.kept_request import request_from_json
from cellrun.core.layout import RunLayout
from cellrun.core.mirror.run_key import keep_key
from cellrun.core.run_request import RunRequest
from cellrun.core.status import Status
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status_file import StatusFile
from cellrun.core.targets.local import admission
from cellrun.core.targets.local.queue import LocalQueue
from cellrun.core.targets.local.target import LocalTarget


class Launching:
    """Starts runs by the queue of this machine and user, each once however often it is ordered."""

    def __init__(self, target: LocalTarget) -> None:
        self._target = target

    def launch(self, order: Message) -> Message:
        """Start a run, or queue it → `status`, `reason`, `n` (the status's number).

        `workspace`, `workspace_name`, `experiment`, `run`, `files` (sizes by path), `values` (hashes), `request`
        (`request_to_json`), `signed` (the hash of its signed.json), `variables` by value, `key` (in hex). What is small
        comes along: `given`, whole values as `{name, size}`, then `put`, as the order of that name has them; their
        bytes follow one another. An order whose answer was lost is given again: then nothing happens but that it is
        answered. Raises IncompleteError, with nothing started, if something of it hasn't come.
        """
        facts = order.facts
        there = WorkspaceThere(facts["workspace"])
        there.make()
        there.name(str(facts["workspace_name"]))
        key = bytes.fromhex(facts["key"])
        layout = there.run(facts["run"])
        with alone(there):
            if not layout.folder.exists():
                _take(there, layout, order)
                request = _request(facts, layout)
                with self._target.prepare(request, layout):  # an interpreter starts while the folder is made
                    keep_key(layout, key)
                    _move(there, layout)
                    self._start(request, layout)
            elif not _is_launched(layout):
                self._start(_request(facts, layout), layout)
        status = StatusFile(layout).read()
        return Message({"status": status.status.value, "reason": status.reason, "n": status.n})

    def _start(self, request: RunRequest, layout: RunLayout) -> None:
        record = RunRecord.read(layout)._replace(created_by=ProcessIdentity.current().to_json())
        replace_file(layout.record, json.dumps(record.to_json()))  # whose end can be proven here, this machine ends
        if layout.launch.exists():  # an agent was killed when it was about to start it, or there was no room
            layout.launch.unlink()
            remove_tree(layout.work)
        for folder in (layout.outputs, layout.logs):  # a job expects them
            folder.mkdir(parents=True, exist_ok=True)
        try:
            self._target.launch(request, layout)
        except ExperimentExecutionException:
            if not StatusFile(layout).read().status.is_terminal:  # else that comes home as any end does
                raise


def _request(facts: Mapping[str, Any], layout: RunLayout) -> RunRequest:
    """Return the request as it is for this machine: nothing of it is linked to, or named by, what is elsewhere.

    One that repeats an earlier run is started as it says itself: that one may be elsewhere, signed by no key of here.
    """
    kept = {**facts["request"], "links": {}, "target": None, "repeats": None}
    request = request_from_json(kept, layout, facts["variables"])
    return replace(
        request,
        experiment=str(facts["experiment"]),
        workspace=str(facts["workspace_name"]),
        signed=str(facts["signed"]),
    )


def _take(there: WorkspaceThere, layout: RunLayout, order: Message) -> None:
    """Take what comes along. Raises IncompleteError if something of the run hasn't come."""
    facts, draft, data = order.facts, there.draft(layout.run_id), order.data
    for value in facts.get("given", ()):
        take_value(there, {**value, "offset": 0}, data[: value["size"]])
        data = data[value["size"] :]
    if put := facts.get("put"):
        take_files(draft, put, data)
    found = sizes_below(draft.folder)
    missing = [path for path, size in facts["files"].items() if parts_of(path) and found.get(path) != size]
    lacks = lacking(there, facts["values"])
    if missing or lacks:
        raise IncompleteError(missing, lacks)


def _move(there: WorkspaceThere, layout: RunLayout) -> None:
    """Make a run's folder of what has come in, by one rename."""
    draft = there.draft(layout.run_id)
    prepare(draft)
    draft.folder.rename(layout.folder)


def _is_launched(layout: RunLayout) -> bool:
    """Whether the queue has a run, or had it; what an agent began with it that was killed then, goes on."""
    status, queue = StatusFile(layout), LocalQueue.existing()
    now = status.read().status
    if now.is_terminal or layout.claim.exists():
        return True
    if queue:
        with queue.locked():
            if queue.holds(layout):
                admission.look_after(queue)
                admission.admit(queue)
                status.change(Status.QUEUED, expected={Status.NOT_STARTED})
                return True
    return now is not Status.NOT_STARTED


@contextmanager
def alone(there: WorkspaceThere) -> Iterator[None]:
    """Be the only agent that starts runs of a workspace: it ends with its process."""
    fd = os.open(there.lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
