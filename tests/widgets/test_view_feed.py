"""What a kernel tells its views of a run that it can't read."""

from __future__ import annotations

import os
import shutil
from queue import SimpleQueue
from typing import Any

from cellrun.core.layout import RunLayout
from cellrun.widgets.view_feed import ViewFeed


def first_message(layout: RunLayout) -> dict[str, Any]:
    """Return what a view that has nothing is told first."""
    told: SimpleQueue[dict[str, Any]] = SimpleQueue()
    feed = ViewFeed(layout, lambda message, _buffers: told.put(dict(message)))
    feed.hello(-1)
    try:
        return told.get(timeout=60)
    finally:
        feed.rest()


def test_a_run_that_was_deleted_is_said_to_be(layout: RunLayout) -> None:
    assert first_message(layout)["type"] == "frame"
    shutil.rmtree(layout.folder)
    assert first_message(layout) == {"type": "error", "message": "the run was deleted"}


def test_one_that_cannot_be_read_is_said_with_the_reason(layout: RunLayout) -> None:
    os.truncate(layout.record, 3)
    message = first_message(layout)
    assert message["type"] == "error"
    assert "can't be read any more: " in message["message"]
