"""The data of a sweep that is a step of a pipeline: what its runs read, and what it makes for the steps that follow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from cellrun.core.data.in_run.binding import is_delivered, output_path
from cellrun.core.errors import ExperimentExecutionException
from cellrun.core.layout import RunLayout
from cellrun.core.run_data import RunInput, RunOutput
from cellrun.core.run_request import RunRequest
from cellrun.core.runs.files import RunFiles
from cellrun.core.store.events.metrics import Metrics
from cellrun.core.store.record import RunRecord
from cellrun.core.sweep.options import METRICS


def with_data_of(record: RunRecord, request: RunRequest) -> RunRequest:
    """Return the request of a sweep's run with the data where the sweep itself, a step, was given it."""
    return replace(
        request,
        inputs=tuple(
            RunInput.from_json(record.inputs[one.name]) if one.name in record.inputs else one for one in request.inputs
        ),
        outputs=tuple(
            _shared(RunOutput.from_json(record.outputs[one.name]), record) if one.name in record.outputs else one
            for one in request.outputs
        ),
    )


def fill_output(
    sweep: RunLayout, name: str, what: str, best: RunLayout | None, ended: Mapping[RunLayout, Metrics]
) -> None:
    """Write an output of a sweep: a file of its best run, or the metrics of its runs as JSON, of each all values.

    As with Azure ML it is a file, not a folder with one, where the store is a folder of this machine. Raises
    ExperimentExecutionException if there is no such file, UserErrorException, OSError.
    """
    output = RunOutput.from_json(RunRecord.read(sweep).outputs[name])
    place = Path(output_path(output, sweep))
    if is_delivered(output, sweep):
        place /= Path(what).name or f"{name}.json"
    else:
        with suppress(OSError):  # it isn't empty: what is in it was put there by the runs
            place.rmdir()
        place = place / (Path(what).name or f"{name}.json") if place.is_dir() else place
    if what == METRICS:
        told = {run.run_id: {key: _listed(value) for key, value in each.plain().items()} for run, each in ended.items()}
        place.write_text(json.dumps(told), encoding="utf-8")
        return
    if best is None:
        raise ExperimentExecutionException(
            f"output {name!r}: no run has logged the primary metric, so that none is best"
        )
    files = RunFiles(best)
    inside = [one for one in files.names() if one == what or one.startswith(f"{what.rstrip('/')}/")]
    if not inside:
        raise ExperimentExecutionException(f"output {name!r}: the best run {best.run_id} has no file {what!r}")
    for one in inside:
        files.fetch(one, place if one == what else place / one[len(what.rstrip("/")) + 1 :])


def _shared(output: RunOutput, record: RunRecord) -> RunOutput:
    """Return an output of the sweep as one of its runs': all write into the same folder."""
    return replace(output, path=output.path_of(record.id), register=None)


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]
