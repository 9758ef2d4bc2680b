"""The files beside a cell: where it runs, and what it reads where it is."""

from __future__ import annotations

import os
from pathlib import Path

from cellrun.core.context.manifest import Context
from cellrun.core.layout import RUN_FOLDERS, RunLayout


def enter_folder(context: Context, layout: RunLayout) -> None:
    """Go where the cell runs, and link there what isn't copied.

    In a folder below the working folder the run's own folders are found by the same names.
    """
    if context.folder:
        folder = layout.work / context.folder
        folder.mkdir(parents=True, exist_ok=True)
        for name in RUN_FOLDERS:
            _link(folder / name, os.path.relpath(layout.work / name, folder))
        os.chdir(folder)
    for name, target in context.links.items():
        _link(Path(os.path.normpath(Path.cwd() / name)), target)
    protect_originals(context, layout)


def protect_originals(context: Context, layout: RunLayout) -> None:
    """Let nothing that this process does through a link change what it leads to."""
    if context.links:
        from cellrun.core.cell.linked_files import LinkedFiles  # noqa: PLC0415  # few cells have any

        LinkedFiles(layout.work / context.folder, context.links, context.copies).protect()


def _link(path: Path, target: str) -> None:
    if not path.is_symlink() and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)
