"""Binds a run's inputs and outputs to paths of this machine, before the run starts."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from cellrun.core.data.stores.datastore import Datastore
from cellrun.core.errors import CellrunError, ExperimentExecutionException, InvalidSubmissionError
from cellrun.core.identity import INPUT_NAMES, OUTPUT_NAMES, REFERENCE
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.places import WorkspaceRecord
from cellrun.core.run_data import DataPlaceholder, RunInput, RunOutput
from cellrun.core.store.record import RunRecord

if TYPE_CHECKING:
    from cellrun.core.data.files.data_files import DataFile
    from cellrun.core.workspace import Workspace

_STEPS = Path(__file__).with_name("run_steps.py")
_IN_TEXT = re.compile(rf"\$(?:{REFERENCE}(?P<plain>\w+)|\{{{REFERENCE}(?P<braced>\w+)\}})", re.ASCII)


class StoresOf(NamedTuple):
    """As much of a workspace as its datastores and datasets need: it is known by its folder."""

    layout: WorkspaceLayout

    @property
    def id(self) -> str:
        """Its id."""
        return WorkspaceRecord.read(self.layout).id

    @property
    def name(self) -> str:
        """Its name."""
        return WorkspaceRecord.read(self.layout).name


def workspace_of(layout: WorkspaceLayout) -> Workspace:
    """Return as much of a workspace as data needs."""
    return cast("Workspace", StoresOf(layout))


def store_of(layout: WorkspaceLayout, name: str) -> Datastore:
    """Return a workspace's store by name, the default one for an empty name. Raises DatastoreError."""
    return Datastore(workspace_of(layout), name or None)


class BoundData(NamedTuple):
    """What stands for a run's data in its command and its environment, and what is to be done for it."""

    values: Mapping[str, str]
    """By name: a path, or the id of a dataset that is given as it is."""
    variables: Mapping[str, str]
    before: tuple[tuple[str, ...], ...]
    beside: tuple[str, ...]
    finishing: tuple[tuple[str, ...], ...]

    def arguments(self, arguments: Iterable[str | DataPlaceholder]) -> list[str]:
        """Return arguments with what stands for their holes, and for the variables of data in them."""
        return [self._filled(one) if isinstance(one, str) else self.values[one.name] for one in arguments]

    def _filled(self, text: str) -> str:
        def value(found: re.Match[str]) -> str:
            return self.values.get(found["plain"] or found["braced"], found[0])

        return _IN_TEXT.sub(value, text) if REFERENCE in text else text


def bind(inputs: Iterable[RunInput], outputs: Iterable[RunOutput], layout: RunLayout) -> BoundData:
    """Return where a run finds its data; its folder need not be there yet, and nothing is made.

    Raises InvalidSubmissionError for an input that isn't there, DatastoreError for an unknown store.
    """
    inputs, outputs = list(inputs), list(outputs)
    values = {one.name: input_value(one, layout) for one in inputs}
    values |= {one.name: output_path(one, layout) for one in outputs}
    return BoundData(
        values,
        _variables(inputs, outputs, values),
        before=(_step("bring", layout),) if any(is_brought(one, layout) for one in inputs) else (),
        beside=_step("note", layout) if inputs else (),
        finishing=(_step("deliver", layout),) if any(is_delivered(one, layout) for one in outputs) else (),
    )


def input_value(wanted: RunInput, layout: RunLayout) -> str:
    """Return what stands for an input: a local path, or its dataset's id."""
    if wanted.mode == "direct":
        return wanted.dataset_id
    if wanted.path_on_compute is not None:
        return str(layout.work / wanted.path_on_compute)
    if path := path_in_place(wanted, layout.workspace):
        return str(path)
    return str(layout.inputs / wanted.name / single_file(wanted, layout.workspace))


def path_in_place(wanted: RunInput, workspace: WorkspaceLayout) -> Path | None:
    """Return the path of an input on this machine that is one folder or file of it; None for any other.

    Raises InvalidSubmissionError where nothing is.
    """
    paths = wanted.dataset["paths"]
    if len(paths) != 1 or "url" in paths[0] or "*" in _inside(paths[0]) or wanted.dataset.get("steps"):
        return None
    root = Path("/") if "local" in paths[0] else store_of(workspace, paths[0]["datastore"]).local_root
    if root is None:
        return None
    path = root / _inside(paths[0]).lstrip("/")
    if not path.exists() and not wanted.is_reference:
        raise InvalidSubmissionError([f"input {wanted.name!r}: there is nothing at {path}"])
    return path


def single_file(wanted: RunInput, workspace: WorkspaceLayout) -> str:
    """Return the name of the one file that an input elsewhere is; empty for a folder, or if nobody can tell."""
    from cellrun.core.data.files.data_files import place_of  # noqa: PLC0415  # loads fsspec: for data elsewhere alone

    paths = wanted.dataset["paths"]
    if len(paths) != 1 or "*" in _inside(paths[0]) or wanted.dataset.get("steps"):
        return ""
    try:
        place, inside = place_of(paths[0], workspace_of(workspace))
        is_file = "url" in paths[0] or place.filesystem().info(inside)["type"] == "file"
    except (OSError, CellrunError):  # said when it is to be brought, in the store's words
        return ""
    return file_name(paths[0]) if is_file else ""


def is_brought(wanted: RunInput, layout: RunLayout) -> bool:
    """Whether an input isn't on this machine."""
    return wanted.mode != "direct" and any(
        "url" in path or ("datastore" in path and store_of(layout.workspace, path["datastore"]).local_root is None)
        for path in wanted.dataset["paths"]
    )


def output_path(wanted: RunOutput, layout: RunLayout) -> str:
    """Return the folder that the job fills."""
    if wanted.source is not None:
        return str(layout.work / wanted.source)
    root = store_of(layout.workspace, wanted.datastore).local_root
    if root is not None and wanted.mode == "mount":
        return str(root / wanted.path_of(layout.run_id))
    return str(layout.delivery / wanted.name)


def is_delivered(wanted: RunOutput, layout: RunLayout) -> bool:
    """Whether something is to be done with what the job has made, once it has completed."""
    root = store_of(layout.workspace, wanted.datastore).local_root
    return root is None or wanted.mode == "upload" or wanted.source is not None or wanted.register is not None


def problems(inputs: Iterable[RunInput], outputs: Iterable[RunOutput], layout: WorkspaceLayout) -> list[str]:
    """Return why a run could never have its data, as far as this machine tells; stores elsewhere aren't asked."""
    found = []
    nobody = layout.run("nobody")
    for output in outputs:
        try:
            store = store_of(layout, output.datastore)
            if store.kind and store.kind.is_read_only:
                where = store.location()
                found.append(
                    f"output {output.name!r}: the datastore {store.name!r} is only read ({where}); name another"
                )
        except CellrunError as error:
            found.append(f"output {output.name!r}: {error}")
    for wanted in inputs:
        try:
            is_here = wanted.mode != "direct" and not is_brought(wanted, nobody)
            if is_here and not path_in_place(wanted, layout):
                files_of(wanted, layout)
        except InvalidSubmissionError as error:
            found += error.problems
        except CellrunError as error:
            found.append(f"input {wanted.name!r}: {error}")
    return found


def files_of(wanted: RunInput, layout: WorkspaceLayout) -> list[DataFile]:
    """Return the files of an input, as they are now. Raises DatasetError, DatastoreError."""
    from cellrun.core.data.datasets.file_dataset import FileDataset  # noqa: PLC0415  # as above
    from cellrun.core.data.files.definition import DatasetDefinition  # noqa: PLC0415  # for more than one path alone

    dataset = FileDataset(DatasetDefinition.from_json(wanted.dataset), workspace_of(layout))
    return dataset.source_files(ignore_not_found=True) if wanted.is_reference else dataset.files()


def lay_out(inputs: Iterable[RunInput], outputs: Iterable[RunOutput], layout: RunLayout) -> None:
    """Make in a run's folder, and in local stores, what its data needs: links to files, folders for outputs.

    Raises ExperimentExecutionException for what can't be made.
    """
    for output in outputs:
        folder = Path(output_path(output, layout))
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ExperimentExecutionException(
                f"the folder of output {output.name!r} can't be made: {folder}: {error.strerror}"
            ) from error
    for wanted in inputs:
        if wanted.mode == "direct" or is_brought(wanted, layout):
            continue
        if wanted.is_reference:
            _make_place(wanted, layout)
        if wanted.path_on_compute is not None:
            link(Path(input_value(wanted, layout)), _linked(wanted, layout), wanted.name)
        elif not path_in_place(wanted, layout.workspace):
            _linked(wanted, layout)


def bring_inputs(layout: RunLayout, tell: Callable[[str], None]) -> None:
    """Bring the inputs of a run that are elsewhere, and put links to them where the job looks for them.

    Raises DatasetError, DatastoreError in the words of the store or the disk.
    """
    from cellrun.core.data.in_run.cache import brought  # noqa: PLC0415  # for data elsewhere alone
    from cellrun.core.data.in_run.run_views import view_for_run  # noqa: PLC0415  # as above

    for data in RunRecord.read(layout).inputs.values():
        wanted = RunInput.from_json(data)
        if not is_brought(wanted, layout):
            continue
        files, what = files_of(wanted, layout.workspace), f"input {wanted.name!r}"
        folder = view_for_run(files, layout, wanted.name, what, tell) if wanted.mode == "mount" else None
        folder = folder or brought(files, layout, what, tell)
        place = layout.inputs / wanted.name if wanted.path_on_compute is None else Path(input_value(wanted, layout))
        link(place, folder, wanted.name)


def link(place: Path, to: Path, name: str) -> None:
    """Put a link where an input is wanted. Raises ExperimentExecutionException where something else is."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(to)
    except FileExistsError:
        if place.is_symlink() and place.readlink() == to:
            return
        raise ExperimentExecutionException(
            f"input {name!r} is wanted at {place}, where something else is; choose another path_on_compute"
        ) from None
    except OSError as error:
        raise ExperimentExecutionException(f"input {name!r} can't be put at {place}: {error.strerror}") from error


def _make_place(wanted: RunInput, layout: RunLayout) -> None:
    """Make the folder that a reference leads to: scripts write there, too."""
    if (path := path_in_place(wanted, layout.workspace)) and not path.exists():
        try:
            path.mkdir(parents=True)
        except OSError as error:
            raise ExperimentExecutionException(f"{path} can't be made: {error.strerror}") from error


def _linked(wanted: RunInput, layout: RunLayout) -> Path:
    """Return where an input of this machine is as one folder; links are made to files that are in several."""
    if path := path_in_place(wanted, layout.workspace):
        return path
    top = layout.inputs / wanted.name
    for file in files_of(wanted, layout.workspace):
        if (local := file.local_path) is not None:
            link(top / file.path, local, wanted.name)
    return top


def _variables(inputs: list[RunInput], outputs: list[RunOutput], values: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that tell a job its data, as Azure ML names them."""
    told = {f"{REFERENCE}{name}": value for name, value in values.items()}
    if inputs:
        told[INPUT_NAMES] = ",".join(f"{one.name}:{one.mode}" for one in inputs)
    if outputs:
        told[OUTPUT_NAMES] = ";".join(one.name for one in outputs)
    return {**values, **told}


def _step(verb: str, layout: RunLayout) -> tuple[str, ...]:
    """Return the command that takes care of a run's data: by this Python, which has what its stores need."""
    return (sys.executable, "-I", str(_STEPS), verb, str(layout.folder))


def _inside(path: Mapping[str, str]) -> str:
    return path.get("path", path.get("local", ""))


def file_name(path: Mapping[str, str]) -> str:
    """Return the name of a file that a definition's path is."""
    from urllib.parse import unquote, urlsplit  # noqa: PLC0415  # for data elsewhere alone

    inside = unquote(urlsplit(path["url"]).path) if "url" in path else _inside(path)
    return os.path.basename(inside) or "index"  # noqa: PTH119  # a text
