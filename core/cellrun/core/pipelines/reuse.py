"""Which earlier run of a step does as well as a new one: of the same code, arguments, environment and inputs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

from cellrun.core import names
from cellrun.core.context.trusted import TrustedRun
from cellrun.core.data.in_run.binding import files_of, path_in_place, store_of
from cellrun.core.digest import hasher
from cellrun.core.disk import control_file
from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.disk.whole_files import make_private_folder, replace_file
from cellrun.core.errors import CellrunError
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.run_data import RunInput, RunOutput
from cellrun.core.run_request import KeptCode, RunRequest, request_to_json
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status import Status, StatusFile

HASH = "cellrun.step_hash"
"""The property of a step's run that has what tells it from others."""
_NO_PART = (
    *("name", "properties", "source_directory", "max_run_duration_seconds", "resources"),
    *("parent", "experiment", "workspace", "repeats", "trust", "signed"),
)
"""What of a request makes no difference to what a step makes."""
_BLOCK_BYTES = 1 << 20


def step_hash(request: RunRequest, workspace: WorkspaceLayout) -> str:
    """Return what two step runs have in common that are the same: code, program, arguments, environment, inputs.

    Of inputs on this machine it is the names, sizes and times of their files; where a store elsewhere tells nothing, no
    two are the same.
    """
    about = request_to_json(request)
    for name in _NO_PART:
        del about[name]
    seen = hasher(json.dumps(about, sort_keys=True).encode())
    seen.update(json.dumps(sorted(request.variables.items())).encode())
    seen.update(sys.executable.encode())
    if isinstance(request.code, KeptCode):
        seen.update(_code_hash(request.code.folder.folder))
    for wanted in request.inputs:
        seen.update(json.dumps([wanted.name, *_content(wanted, workspace)]).encode())
    return seen.hexdigest()[:32]


def earlier_run(digest: str, workspace: WorkspaceLayout) -> RunLayout | None:
    """Return the run that has completed a step of this hash, if its outputs are still there.

    Another's run, which may come with a copied workspace, is none: what it made would be taken for one's own work.
    """
    with suppress(*UNREADABLE, CellrunError):
        said = control_file.read_object(workspace.folder, workspace.step_runs / f"{digest}.json")
        run = workspace.run(names.run_id(said.get("run")))
        record = TrustedRun(run).record()
        is_same = record.initial_properties.get(HASH) == digest
        if is_same and StatusFile(run).read().status is Status.COMPLETED and _are_there(record, workspace):
            return run
    return None


def note_completed(digest: str, run: RunLayout) -> None:
    """Note a run that has completed a step, for later ones; on a full disk they run it again."""
    folder = run.workspace.step_runs
    with suppress(OSError):
        make_private_folder(folder)
        replace_file(folder / f"{digest}.json", json.dumps({"run": run.run_id}), mode=0o600)


def _are_there(record: RunRecord, workspace: WorkspaceLayout) -> bool:
    """Whether a run's outputs are where it put them; of a store elsewhere that is believed."""
    for data in record.outputs.values():
        output = RunOutput.from_json(data)
        root = store_of(workspace, output.datastore).local_root
        if root is not None and not (root / output.path_of(record.id)).exists():
            return False
    return True


def _content(wanted: RunInput, workspace: WorkspaceLayout) -> Iterator[object]:
    """Give what tells whether an input's files are the same."""
    try:
        place = path_in_place(wanted, workspace)
        if place is not None:
            for path in _files(place):
                found = path.stat()
                yield [str(path.relative_to(place)), found.st_size, found.st_mtime_ns]
            return
        for file in files_of(wanted, workspace):
            yield [file.path, file.size_bytes, file.tag or str(file.modified or os.urandom(16).hex())]
    except (CellrunError, OSError) as error:  # said when the step is started
        yield [str(error), os.urandom(16).hex()]


def _files(top: Path) -> list[Path]:
    if not top.is_dir():
        return [top] if top.exists() else []
    return sorted(Path(folder, name) for folder, _, names_ in os.walk(top) for name in names_)


@cache
def _code_hash(folder: Path) -> bytes:
    """Return what code that is kept has in common with the same; once, as nobody changes it."""
    seen = hasher()
    for path in _files(folder):
        seen.update(json.dumps([str(path.relative_to(folder)), path.stat().st_size]).encode())
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                seen.update(block)
    return seen.digest()
