"""Datasets that a run's code names as its inputs while it goes on, beside those that it was submitted with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from cellrun.core.disk import control_file
from cellrun.core.disk.whole_files import replace_file
from cellrun.core.layout import RunLayout
from cellrun.core.run_data import RunInput
from cellrun.core.store.record import RunRecord, is_input

_VERSION = 1


def inputs_of(layout: RunLayout, record: RunRecord) -> dict[str, Mapping[str, Any]]:
    """Return a run's inputs by name as JSON: what it was submitted with, and what its code named since."""
    return {**record.inputs, **_used(layout)}


def note_used(layout: RunLayout, used: RunInput) -> None:
    """Write down that a run's code uses a dataset."""
    kept = json.dumps({"version": _VERSION, "inputs": {**_used(layout), used.name: used.to_json()}})
    with suppress(FileNotFoundError):  # the run was deleted
        replace_file(layout.used_data, kept)


def _used(layout: RunLayout) -> dict[str, Mapping[str, Any]]:
    return control_file.read_named(layout.folder, layout.used_data, "inputs", is_input)
