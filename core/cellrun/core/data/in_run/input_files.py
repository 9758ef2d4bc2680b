"""Records which files a run's inputs had at its start, with their hashes, and whether they changed while it ran."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from cellrun.core.data.datasets.registered_datasets import RegisteredDatasets
from cellrun.core.data.files.data_files import DataFile, FilesSeen
from cellrun.core.data.in_run.binding import files_of
from cellrun.core.digest import hasher
from cellrun.core.disk import control_file
from cellrun.core.disk.whole_files import replace_file
from cellrun.core.errors import CellrunError, problem_of
from cellrun.core.layout import RunLayout
from cellrun.core.resources import limits
from cellrun.core.run_data import RunInput
from cellrun.core.store.notes import add_note
from cellrun.core.store.record import RunRecord

VERSION = 1
_BLOCK = 1 << 20
_MOST_NAMED = 3


def note_at_start(layout: RunLayout) -> None:
    """Write which files the inputs have, then their hashes. Of an input that can't be listed it says why.

    Adds a note about each registered dataset whose files aren't as they were when it was registered.
    """
    listed = {wanted.name: _listed(wanted, layout) for wanted in _inputs(layout)}
    about = {name: _about(files) for name, files in listed.items()}
    _write(layout, about)
    for change in _since_registered(layout, listed):
        add_note(layout, change)
    if any([_hash(about[name], files) for name, files in listed.items() if not isinstance(files, str)]):  # noqa: C419  # all of them
        _write(layout, about)


def note_at_end(layout: RunLayout) -> None:
    """Add a note about each input whose files aren't what they were when the run started."""
    before = noted(layout)
    for wanted in _inputs(layout):
        was, files = before.get(wanted.name), _listed(wanted, layout)
        if was is None or isinstance(files, str) or "digest" not in was:
            continue
        if FilesSeen.of(files).digest != was["digest"]:
            changed = _changed(was["files"], files)
            add_note(layout, f"the input {wanted.name!r} changed while the run went on{changed}")


def noted(layout: RunLayout) -> Mapping[str, Any]:
    """Return what is noted of a run's inputs, by name; nothing where nothing is yet, or it can't be read."""
    return control_file.read_named(layout.folder, layout.input_files, "inputs", _is_note)


def _is_note(value: Any) -> bool:
    return isinstance(value, dict) and (
        control_file.is_text(value.get("problem"))
        or (
            control_file.is_count(value.get("count"))
            and control_file.is_count(value.get("size_bytes"))
            and control_file.is_text(value.get("digest"))
        )
    )


def _inputs(layout: RunLayout) -> Iterator[RunInput]:
    for data in RunRecord.read(layout).inputs.values():
        yield RunInput.from_json(data)


def _listed(wanted: RunInput, layout: RunLayout) -> list[DataFile] | str:
    """Return an input's files, or why they can't be listed."""
    try:
        return files_of(wanted, layout.workspace)
    except (CellrunError, OSError) as error:
        return problem_of(error) if isinstance(error, OSError) else str(error)


def _since_registered(layout: RunLayout, listed: Mapping[str, list[DataFile] | str]) -> Iterator[str]:
    known = RegisteredDatasets(layout.workspace)
    for wanted in _inputs(layout):
        files = listed[wanted.name]
        if wanted.dataset_name is None or isinstance(files, str) or wanted.dataset.get("steps"):
            continue  # after steps they are some of its files
        with suppress(CellrunError):  # it is forgotten by now
            if change := known.get(wanted.dataset_name, wanted.dataset_version).change(FilesSeen.of(files)):
                yield change


def _about(files: list[DataFile] | str) -> dict[str, Any]:
    if isinstance(files, str):
        return {"problem": files}
    seen = FilesSeen.of(files)
    kept = files[: limits().listed_input_files]
    return {
        "count": len(files),
        "size_bytes": seen.size_bytes,
        "digest": seen.digest,
        "files": [{"path": file.path, "size_bytes": file.size_bytes, "modified": file.modified} for file in kept],
    }


def _hash(about: dict[str, Any], files: list[DataFile]) -> bool:
    """Add the hashes of an input's files that are on this machine, if they aren't too many bytes; whether there are."""
    most = limits().hashed_input_bytes
    if about["size_bytes"] > most:
        about["hashes"] = f"left out: its files are larger than CELLRUN_HASHED_INPUT_BYTES={most}"
        return True
    is_any = False
    for entry, file in zip(about["files"], files, strict=False):
        if (path := file.local_path) is None:
            continue
        with suppress(OSError):  # gone meanwhile, which the end tells
            seen = hasher()
            with path.open("rb") as content:
                while block := content.read(_BLOCK):
                    seen.update(block)
            entry[seen.name] = seen.hexdigest()
            is_any = True
    return is_any


def _write(layout: RunLayout, about: Mapping[str, Any]) -> None:
    with suppress(FileNotFoundError):  # the run was deleted
        replace_file(layout.input_files, json.dumps({"version": VERSION, "inputs": about}))


def _changed(before: list[dict[str, Any]], now: list[DataFile]) -> str:
    was = {entry["path"]: (entry["size_bytes"], entry["modified"]) for entry in before}
    here = {file.path: (file.size_bytes, file.modified) for file in now}
    if len(now) > len(before) and len(before) >= limits().listed_input_files:
        return ""
    words = [
        *(f"{path} was changed" for path in was if path in here and here[path] != was[path]),
        *(f"{path} was removed" for path in was if path not in here),
        *(f"{path} was added" for path in here if path not in was),
    ]
    more = f" and {len(words) - _MOST_NAMED} more" if len(words) > _MOST_NAMED else ""
    return f": {', '.join(words[:_MOST_NAMED])}{more}" if words else ""
