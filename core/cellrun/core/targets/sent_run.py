"""A run that was submitted on another machine and is started on this one: its request, and its record."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cellrun.core.disk.whole_files import replace_file
from cellrun.core.identity import ProcessIdentity
from cellrun.core.layout import RunLayout
from cellrun.core.run_request import RunRequest, request_from_json
from cellrun.core.store.record import RunRecord


def request_of(told: Mapping[str, Any], layout: RunLayout) -> RunRequest:
    """Return the request as it is for this machine: nothing of it is linked to, or named by, what is elsewhere.

    `told` has `request` (`request_to_json`), `variables` by value, `experiment`, `workspace_name`, and `signed`, the
    hash of the run's signed.json. One that repeats an earlier run is started as it says itself: that one may be
    elsewhere, signed by no key of here.
    """
    kept = {**told["request"], "links": {}, "target": None, "repeats": None}
    return replace(
        request_from_json(kept, layout, told["variables"]),
        experiment=str(told["experiment"]),
        workspace=str(told["workspace_name"]),
        signed=str(told["signed"]),
    )


def settle_in(layout: RunLayout) -> None:
    """Make a run's folder that has come here one of this machine: this process starts it, and a job expects folders."""
    record = RunRecord.read(layout)._replace(created_by=ProcessIdentity.current().to_json())
    replace_file(layout.record, json.dumps(record.to_json()))  # whose end can be proven here, this machine ends
    for folder in (layout.outputs, layout.logs):
        folder.mkdir(parents=True, exist_ok=True)
