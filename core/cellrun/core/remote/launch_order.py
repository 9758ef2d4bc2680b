"""The order that starts a run elsewhere: what has come in becomes its folder, and the engine there takes it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from cellrun.core.errors import ExperimentExecutionException
from cellrun.core.layout import RunLayout
from cellrun.core.mirror.run_key import keep_key
from cellrun.core.remote.engines import Engines
from cellrun.core.remote.partial_files import parts_of, sizes_below
from cellrun.core.remote.protocol import Message
from cellrun.core.remote.refusal import IncompleteError
from cellrun.core.remote.remote_workspace import RemoteWorkspace
from cellrun.core.remote.upload_orders import lacking, prepare, take_files, take_value
from cellrun.core.run_request import RunRequest
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.targets.contract import ComputeTarget
from cellrun.core.targets.sent_run import request_of, settle_in


class LaunchOrder:
    """Starts runs by this user's queue here, or by an engine, each once however often it is ordered."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines

    def launch(self, order: Message) -> Message:
        """Start a run, or queue it → `status`, `reason`, `n` (the status's number).

        `workspace`, `workspace_name`, `experiment`, `run`, `files` (sizes by path), `values` (hashes), `request`
        (`request_to_json`), `signed` (the hash of its signed.json), `variables` by value, `key` (in hex), maybe
        `engine`. What is small comes along: `given`, whole values as `{name, size}`, then `put`, as the order of that
        name has them; their bytes follow one another. An order whose answer was lost is given again: then nothing
        happens but that it is answered. Raises IncompleteError, with nothing started, if something of it hasn't come.
        """
        facts, target = order.facts, self._engines.of(order.facts)
        there = RemoteWorkspace(facts["workspace"])
        there.make()
        there.name(str(facts["workspace_name"]))
        key = bytes.fromhex(facts["key"])
        layout = there.run(facts["run"])
        with hold_launch_lock(there):
            if not layout.folder.exists():
                _take(there, layout, order)
                request = request_of(facts, layout)
                with target.prepare(request, layout):  # an interpreter starts while the folder is made
                    keep_key(layout, key)
                    _move(there, layout)
                    _start(target, request, layout)
            elif StatusFile(layout).read().status is Status.NOT_STARTED:  # an agent was killed, or there was no room
                target.undo_launch(layout)
                _start(target, request_of(facts, layout), layout)
        status = StatusFile(layout).read()
        return Message({"status": status.status.value, "reason": status.reason, "n": status.n})


def _start(target: ComputeTarget, request: RunRequest, layout: RunLayout) -> None:
    settle_in(layout)
    try:
        target.launch(request, layout)
    except ExperimentExecutionException:
        if not StatusFile(layout).read().status.is_terminal:  # else that comes home as any end does
            raise


def _take(there: RemoteWorkspace, layout: RunLayout, order: Message) -> None:
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


def _move(there: RemoteWorkspace, layout: RunLayout) -> None:
    """Make a run's folder of what has come in, by one rename."""
    draft = there.draft(layout.run_id)
    prepare(draft)
    draft.folder.rename(layout.folder)


@contextmanager
def hold_launch_lock(there: RemoteWorkspace) -> Iterator[None]:
    """Be the only agent that starts runs of a workspace: it ends with its process."""
    fd = os.open(there.lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
