"""A run's inputs and outputs: as its code gets them by name, and as its details tell them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Literal

from cellrun.core.data.in_run.binding import store_of, workspace_of
from cellrun.core.data.in_run.delivery import delivered
from cellrun.core.data.in_run.input_files import noted
from cellrun.core.data.in_run.used_data import inputs_of, note_used
from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.errors import CellrunError, UserErrorException, shown
from cellrun.core.identity import REFERENCE
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.run_data import RunInput, RunOutput
from cellrun.core.store.record import RunRecord
from cellrun.core.supervision.launch_spec import LaunchSpec


class RunDatasets(Mapping[str, Any]):
    """The inputs or the outputs of a run by name: a local path, or the dataset itself if it is given as it is."""

    def __init__(self, layout: RunLayout, record: RunRecord, side: Literal["inputs", "outputs"]) -> None:
        self._layout = layout
        self._data: Mapping[str, Any] = inputs_of(layout, record) if side == "inputs" else record.outputs
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

    def __setitem__(self, name: str, dataset: Any) -> None:
        """Write down that the run uses a dataset: its details tell it, and the dataset's runs have it among them.

        Raises UserErrorException for what is no dataset.
        """
        from cellrun.core.data.datasets.abstract_dataset import AbstractDataset  # noqa: PLC0415  # as above

        if self._side == "outputs":
            raise UserErrorException(
                "a run's outputs are given where it is submitted: OutputFileDatasetConfig among its arguments"
            )
        if not isinstance(dataset, AbstractDataset):
            raise UserErrorException(f"input_datasets[{name!r}] = {shown(dataset)}: give a dataset")
        used = dataset.as_named_input(name).run_data()
        note_used(self._layout, used)
        self._data = {**self._data, name: used.to_json()}

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __repr__(self) -> str:
        return repr({name: _words(self._side, data) for name, data in self._data.items()})


class DatasetDetails(dict[str, Any]):
    """What a run's details tell of a dataset, as JSON; by its attributes it is the dataset, as Azure ML gives it."""

    def __init__(self, told: Mapping[str, Any], get: Callable[[], Any]) -> None:
        super().__init__(told)
        self._get = get

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the dataset. Raises DatasetError for one that can't be had any more."""
        if name.startswith("_"):  # what json, copy and IPython ask for
            raise AttributeError(name)
        return getattr(self._get(), name)

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        return dict, (dict(self),)


def runs_of(layout: WorkspaceLayout, dataset: object) -> Iterator[str]:
    """Iterate over the ids of the runs that had a dataset as an input, newest first: itself, or as words name it.

    Raises UserErrorException for what is no dataset.
    """
    from cellrun.core.store.lists.index import Index  # noqa: PLC0415  # it loads sqlite3, which a job doesn't need

    wanted = getattr(dataset, "id", dataset)
    if not isinstance(wanted, str):
        raise UserErrorException(f"runs are found by a dataset, or by its name as in 'mydata:3'; got {shown(dataset)}")
    name, _, version = wanted.partition(":")
    for row in Index(layout).runs():
        with suppress(*UNREADABLE):
            run = layout.run(row.id)
            inputs = inputs_of(run, RunRecord.read(run)).values() if row.parameters or run.used_data.exists() else ()
            if any(
                one.get("dataset_id") == wanted
                or (one.get("dataset_name") == name and version in {"", str(one.get("dataset_version"))})
                for one in inputs
            ):
                yield row.id


def content_words(layout: RunLayout, record: RunRecord) -> dict[str, str]:
    """Return what each input of a run was, with its content as far as that is noted: other files, other words."""
    words = {}
    for told in input_details(layout, record):
        files = told["files"]
        many = "s" * (files.get("count") != 1)
        content = f" ({files['count']:,} file{many}, {files['digest'][:8]})" if "digest" in files else ""
        words[told["consumptionDetails"]["inputName"]] = f"{told['words']}{content}"
    return words


def dataset_of(wanted: RunInput, layout: RunLayout) -> Any:
    """Return an input's dataset. Raises DatasetError for a definition that can't be."""
    from cellrun.core.data.datasets.file_dataset import FileDataset  # noqa: PLC0415  # as above
    from cellrun.core.data.datasets.registered_datasets import RegisteredDatasets  # noqa: PLC0415  # as above
    from cellrun.core.data.files.definition import TABULAR, DatasetDefinition  # noqa: PLC0415  # where one is asked for

    definition, registration = DatasetDefinition.from_json(wanted.dataset), None
    if wanted.dataset_name:
        with suppress(CellrunError):  # it was unregistered since: what it was is known all the same
            registration = RegisteredDatasets(layout.workspace).get(wanted.dataset_name, wanted.dataset_version)
    kind: Any = FileDataset
    if definition.kind == TABULAR:
        from cellrun.core.data.datasets.tabular_dataset import TabularDataset as kind  # noqa: PLC0415, N813  # it may load Arrow
    return kind(definition, workspace_of(layout.workspace), registration)


def _registered(told: Mapping[str, Any], layout: RunLayout) -> Any:
    from cellrun.core.data.datasets.dataset import Dataset  # noqa: PLC0415  # as above

    return Dataset.get_by_name(workspace_of(layout.workspace), told["name"], told["version"])


def input_details(layout: RunLayout, record: RunRecord) -> list[dict[str, Any]]:
    """Return what there is to tell of a run's inputs, under Azure ML's keys; ours are `words` and `files`."""
    seen = noted(layout)
    return [
        _told_input(RunInput.from_json(data), layout, seen.get(name, {}))
        for name, data in inputs_of(layout, record).items()
    ]


def output_details(layout: RunLayout, record: RunRecord) -> list[dict[str, Any]]:
    """Return what there is to tell of a run's outputs, under Azure ML's keys; ours are `words`, `location`, `files`."""
    done = delivered(layout)
    return [
        _told_output(RunOutput.from_json(data), layout, done.get(name, {})) for name, data in record.outputs.items()
    ]


def data_rows(layout: RunLayout, record: RunRecord) -> list[dict[str, Any]]:
    """Return a line for each input and output of a run: what it is, how it comes and goes, how much it is."""
    rows = [
        _row(told["consumptionDetails"]["inputName"], "input", told, told["consumptionDetails"]["mechanism"].lower())
        for told in input_details(layout, record)
    ]
    return rows + [
        _row(told["outputDetails"]["outputName"], "output", told, told["outputDetails"]["mode"])
        for told in output_details(layout, record)
    ]


def _row(name: str, side: str, told: Mapping[str, Any], mode: str) -> dict[str, Any]:
    dataset, files = told["dataset"] or {}, told["files"]
    registered = f"{dataset['name']}:{dataset['version']}" if dataset.get("name") else ""
    return {
        "name": name,
        "side": side,
        "what": told["words"],
        "registered": registered if registered != told["words"] else "",
        "mode": mode,
        "files": files.get("count"),
        "bytes": files.get("size_bytes"),
    }


def _told_input(wanted: RunInput, layout: RunLayout, seen: Mapping[str, Any]) -> dict[str, Any]:
    dataset = {"id": wanted.dataset_id, "name": wanted.dataset_name, "version": wanted.dataset_version}
    return {
        "dataset": DatasetDetails(dataset, partial(dataset_of, wanted, layout)),
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
    path, location, told = wanted.path_of(layout.run_id), None, done.get("dataset")
    with suppress(CellrunError):  # a store that is registered no more
        location = store_of(layout.workspace, wanted.datastore).location(path)
    return {
        "identifier": {"savedId": (told or {}).get("id")},
        "outputType": "RunOutput",
        "outputDetails": {"outputName": wanted.name, "mode": wanted.mode},
        "dataset": told and DatasetDetails(told, partial(_registered, told, layout)),
        "words": f"{wanted.datastore or done.get('datastore') or 'default'}/{path}",
        "location": location,
        "files": {"count": done["files"], "size_bytes": done["size_bytes"]} if "files" in done else {},
    }


def _words(side: str, data: Mapping[str, Any]) -> str:
    return (RunInput if side == "inputs" else RunOutput).from_json(data).words
