"""Writes the cell of a run into a folder that runs with plain `python cell.py`, without cellrun."""

from __future__ import annotations

import os
import shutil
from pathlib import Path, PurePath

from cellrun.core.context.manifest import Context, has_context
from cellrun.core.context.trusted import VerifiedStore
from cellrun.core.context.value_store import ValueStore
from cellrun.core.disk.whole_files import copy_tree
from cellrun.core.errors import ContextException, UserErrorException, shown
from cellrun.core.export.cell_script import CellScript
from cellrun.core.export.library import copy_library
from cellrun.core.export.readme import readme
from cellrun.core.export.requirements import requirements
from cellrun.core.layout import RunLayout
from cellrun.core.store.record import RunRecord

CONTEXT = "cell_context"
_CELL = "cell.py"
_BODY = "cell_body.py"
_DRAFT = ".export"
_LOADER = '''\
"""What the cell got from its notebook: values/ holds it (pickles: to load them runs code), lib/ what reads it."""

import sys
from pathlib import Path, PurePath

sys.path.insert(1, str(Path(__file__).parent / "lib"))

from cellrun.core.cell.exported import ExportedCell

_cell = ExportedCell(Path(__file__).parent)
load, load_names = _cell.load, _cell.load_names
'''
_SPAWNED = '''\
"""What a process that the cell spawns begins with: the cell's names. The cell itself isn't run there."""

import cell_context

cell_context.load_names(globals())
'''


def export(layout: RunLayout, folder: Path) -> None:
    """Write a run's cell into a folder, which is made: the cell, its context, its files, and what reads them.

    Nothing of the context is loaded for it. Raises UserErrorException for a run without a cell or a folder that isn't
    empty, ContextException if the context or a value is gone.
    """
    record = RunRecord.read(layout)
    _check_kind(layout, record)
    _check_is_free(folder)
    context = Context.read(layout.context)
    _check_paths(context, record)
    _check_values(context, layout, record)
    is_there = folder.is_dir()  # it may be on a disk of its own, or the current one
    draft = folder / _DRAFT if is_there else folder.with_name(f".{folder.name}-{os.getpid()}")
    try:
        draft.mkdir(parents=True)
        _fill(draft, layout, record, context)
        if is_there:
            for path in draft.iterdir():
                path.rename(folder / path.name)
            draft.rmdir()
        else:
            draft.rename(folder)
    except BaseException:  # Ctrl-C as well: half a folder must not stay
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _fill(draft: Path, layout: RunLayout, record: RunRecord, context: Context) -> None:
    copy_tree(layout.snapshot, draft)
    if not (draft / _CELL).is_file():  # it is a link, or gone meanwhile
        raise _cell_is_gone(layout, record)
    store = VerifiedStore(layout.workspace.values)
    needed = requirements(layout, draft, context, store)
    if (draft / CONTEXT).exists():
        raise UserErrorException(f"run {record.name} took along a file or folder {CONTEXT}: rename it and submit anew")
    context.write(draft / CONTEXT)
    copies = ValueStore(draft / CONTEXT / "values")
    for blob in context.blobs():
        copy = copies.path(blob)
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(store.open(blob))
    (draft / CONTEXT / "__init__.py").write_text(_LOADER, encoding="utf-8")
    (draft / CONTEXT / "spawned.py").write_text(_SPAWNED, encoding="utf-8")
    script = CellScript((draft / _CELL).read_text(encoding="utf-8"), record.name, record.arguments)
    if script.runs_inline:
        (draft / _CELL).write_text(script.inline(), encoding="utf-8")
    else:
        body = _free_name(draft, _BODY)
        body.write_text(script.code, encoding="utf-8")
        (draft / _CELL).write_text(script.around(body.name), encoding="utf-8")
    copy_library(draft / CONTEXT / "lib", script.code, context, store)
    _free_name(draft, "requirements.txt").write_text("".join(f"{line}\n" for line in needed), encoding="utf-8")
    _free_name(draft, "README.md").write_text(readme(record, context, needed), encoding="utf-8")


def _check_kind(layout: RunLayout, record: RunRecord) -> None:
    """Raise UserErrorException, with what to do instead, for a run that has no cell."""
    if record.kind == "interactive":
        raise UserErrorException(f"run {record.name} is interactive: its code ran in its notebook, and isn't kept")
    if record.kind != "cell":
        raise UserErrorException(
            f"run {record.name} is of a {record.kind}, which needs no export: its code is in {layout.snapshot}"
        )
    if data := [*record.inputs, *record.outputs]:
        raise UserErrorException(
            f"run {record.name} has data, which an exported folder can't give its cell: {', '.join(data)}; submit the "
            "cell with paths in its code, without --input and --output, and export that run"
        )
    if not has_context(layout.context):
        raise ContextException(f"what the cell of run {record.name} got from its notebook, {layout.context}, is gone")
    if not (layout.snapshot / _CELL).is_file():
        raise _cell_is_gone(layout, record)


def _cell_is_gone(layout: RunLayout, record: RunRecord) -> ContextException:
    return ContextException(f"the cell of run {record.name}, {layout.snapshot / _CELL}, is gone")


def _check_paths(context: Context, record: RunRecord) -> None:
    """Raise ContextException for a path that would lead out of the folder: there is none that a capture has made."""
    for path in ("", *context.links, *context.copies):
        whole = PurePath(os.path.normpath(PurePath(context.folder, path)))
        if whole.is_absolute() or whole.parts[:1] == (os.pardir,):
            raise ContextException(f"run {record.name} names a path that leads out of its folder: {shown(str(whole))}")


def _check_is_free(folder: Path) -> None:
    if folder.is_dir():
        found = sorted(os.listdir(folder))  # noqa: PTH208  # names alone
        if found:
            listed = ", ".join(found[:3]) + (", …" if len(found) > 3 else "")
            raise UserErrorException(f"{folder} isn't empty ({listed}); give a folder that is new or empty")
    elif folder.exists() or folder.is_symlink():
        raise UserErrorException(f"{folder} is no folder; give one that is new or empty")


def _check_values(context: Context, layout: RunLayout, record: RunRecord) -> None:
    """Raise ContextException if values are gone, naming them."""
    store = ValueStore(layout.workspace.values)
    missing = {blob for blob in context.blobs() if not store.path(blob).exists()}
    groups = [group for group in context.groups if missing.intersection((group.payload, *group.buffers))]
    gone = [name for group in groups for name in group.names]
    if missing:
        what = ", ".join(gone) or "state of libraries"
        raise ContextException(f"values of run {record.name} are gone from {layout.workspace.values}: {what}")


def _free_name(folder: Path, name: str) -> Path:
    """Return a path in a folder for one of our files, with another name if the cell took along one of that name."""
    path = folder / name
    while path.exists():
        path = path.with_name(f"exported_{path.name}")
    return path
