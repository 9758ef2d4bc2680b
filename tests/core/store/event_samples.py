"""What the tests of the event log share: its files read line by line, without the reader under test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from cellrun.core.layout import RunLayout
from cellrun.core.store.events.event_line import open_line

LOG_OF = """
import sys
from cellrun.core.errors import EventNotKeptError
from cellrun.core.store.events.event_log import EventLog
from cellrun.core.layout import RunLayout
log = EventLog(RunLayout(sys.argv[1]))
"""


def lines(path: Path) -> list[dict[str, Any]]:
    """All records of a file; each must be whole."""
    data = path.read_bytes()
    assert data.endswith(b"\n")
    bodies = [open_line(line) for line in data.split(b"\n")[:-1] if line]
    assert None not in bodies
    return [json.loads(body) for body in bodies if body is not None]


def events(layout: RunLayout) -> list[dict[str, Any]]:
    """All events of a run with one writer."""
    (path,) = layout.events.glob("*.jsonl")
    return lines(path)


def logged(layout: RunLayout) -> list[Any]:
    """The values that `log` was called with, of a run with one writer."""
    return [event["v"] for event in events(layout) if event["k"] == "log"]


def in_process(code: str, layout: RunLayout, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh process where `log` is the run's event log."""
    command = [sys.executable, "-c", LOG_OF + code, str(layout.folder)]
    return subprocess.run(command, capture_output=True, text=True, check=True, **options)
