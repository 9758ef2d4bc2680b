"""A run's inputs and outputs: as its code gets them by name, and as its details tell them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Literal

from cellrun.core.data.binding import store_of, workspace_of
from cellrun.core.data.delivery import delivered
from cellrun.core.data.input_files import noted
from cellrun.core.errors import CellrunError, UserErrorException
from cellrun.core.layout import RunLayout
from cellrun.core.run_data import RunInput, RunOutput
from cellrun.core.run_variables import REFERENCE
from cellrun.core.store.record import RunRecord
from cellrun.core.supervision.launch_spec import LaunchSpec


class RunDatasets(Mapping[str, Any]):
    """The inputs or the outputs of a run by name: a local path, or the dataset itself if it is given as it is."""

    def __init__(self, layout: RunLayout, record: RunRecord, side: Literal["inputs", "outputs"]) -> None:
        self._layout = layout
        self._data: Mapping[str, Any] = getattr(record, side)
        self._side = side

    def __getitem__(self, name: str) -> Any:
        """Return one. Raises KeyError that tells the names, UserErrorException before the run is started."""
        if name not in self._data:
            known = ", ".join(map(repr, self._data)) or "none"
            raise KeyError(f"run {self._layout.run_id} has no {name!r} among its {self._side}; it has {known}")
        if self._side == "inputs" and (wanted := RunInput.from_json(self._data[name])).mode == "direct":
            return dataset_of(wanted, self._layout)
        try:
            return LaunchSpec.read(self._layout).set_variables[f"{REFERENCE}{name}"]
        except (FileNotFoundError, KeyError):
            raise UserErrorException(f"where {name!r} is isn't known before the run is started") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __repr__(self) -> str:
        return repr({name: _words(self._side, data) for name, data in self._data.items()})


def dataset_of(wanted: RunInput, layout: RunLayout) -> Any:
    """Return an input's dataset. Raises DatasetError for a definition that can't be."""
    from cellrun.core.data.definition import TABULAR, DatasetDefinition  # noqa: PLC0415  # where one is asked for
    from cellrun.core.data.file_dataset import FileDataset  # noqa: PLC0415  # as above
    from cellrun.core.data.registered_datasets import RegisteredDatasets  # noqa: PLC0415  # as above

    definition, registration = DatasetDefinition.from_json(wanted.dataset), None
    if wanted.dataset_name:
        with suppress(CellrunError):  # it was unregistered since: what it was is known all the same
            registration = RegisteredDatasets(layout.workspace).get(wanted.dataset_name, wanted.dataset_version)
    kind: Any = FileDataset
    if definition.kind == TABULAR:
        from cellrun.core.data.tabular_dataset import TabularDataset as kind  # noqa: PLC0415, N813  # it may load Arrow
    return kind(definition, workspace_of(layout.workspace), registration)


def told_inputs(layout: RunLayout, record: RunRecord) -> list[dict[str, Any]]:
    """Return what there is to tell of a run's inputs, under Azure ML's keys; ours are `words` and `files`."""
    seen = noted(layout)
    return [_told_input(RunInput.from_json(data), seen.get(name, {})) for name, data in record.inputs.items()]


def told_outputs(layout: RunLayout, record: RunRecord) -> list[dict[str, Any]]:
    """Return what there is to tell of a run's outputs, under Azure ML's keys; ours are `words`, `location`, `files`."""
    done = delivered(layout)
    return [
        _told_output(RunOutput.from_json(data), layout, done.get(name, {})) for name, data in record.outputs.items()
    ]


def _told_input(wanted: RunInput, seen: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "dataset": {"id": wanted.dataset_id, "name": wanted.dataset_name, "version": wanted.dataset_version},
        "consumptionDetails": {
            "type": "RunInput",
            "inputName": wanted.name,
            "mechanism": wanted.mode.capitalize(),
            "pathOnCompute": wanted.path_on_compute,
        },
        "words": wanted.words,
        "files": {key: seen[key] for key in ("count", "size_bytes", "digest", "problem") if key in seen},
    }


def _told_output(wanted: RunOutput, layout: RunLayout, done: Mapping[str, Any]) -> dict[str, Any]:
    path, location = wanted.path_of(layout.run_id), None
    with suppress(CellrunError):  # a store that is registered no more
        location = store_of(layout.workspace, wanted.datastore).location(path)
    return {
        "identifier": {"savedId": (done.get("dataset") or {}).get("id")},
        "outputType": "RunOutput",
        "outputDetails": {"outputName": wanted.name, "mode": wanted.mode},
        "dataset": done.get("dataset"),
        "words": f"{wanted.datastore or done.get('datastore') or 'default'}/{path}",
        "location": location,
        "files": {"count": done["files"], "size_bytes": done["size_bytes"]} if "files" in done else {},
    }


def _words(side: str, data: Mapping[str, Any]) -> str:
    return (RunInput if side == "inputs" else RunOutput).from_json(data).words
