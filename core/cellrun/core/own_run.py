"""The run that this process is part of, from its environment."""

from __future__ import annotations

import os

from cellrun.core.layout import RunLayout

RUN_FOLDER = "CELLRUN_RUN_FOLDER"
RUN_ID = "CELLRUN_RUN_ID"


def run_layout() -> RunLayout | None:
    """Return the folder of the submitted run that this process belongs to; None outside a run."""
    folder = os.environ.get(RUN_FOLDER)
    return RunLayout(folder) if folder else None
