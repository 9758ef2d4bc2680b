"""Inputs of runs that are read where they are while a run goes on, by FUSE, in place of being brought before it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from cellrun.core.data.files.data_files import DataFile
from cellrun.core.data.files.fuse_view import FuseView, is_usable
from cellrun.core.data.in_run.cache import counted, places
from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.disk.whole_files import make_private_folder
from cellrun.core.layout import RunLayout
from cellrun.core.places import home_folder
from cellrun.core.processes.run_mounts import RUN_LINK, source_of, unmount
from cellrun.core.resources import limits
from cellrun.core.store.status import StatusFile


def view_for_run(
    files: Sequence[DataFile], run: RunLayout, name: str, what: str, tell: Callable[[str], None]
) -> Path | None:
    """Let a run read files where they are, in the folder that is returned; None where they had better be brought.

    That is where FUSE can't be used, and where they are few bytes, or the store doesn't tell how many. A process of the
    run's family serves them until `run_mounts.release`, or until the run has ended.
    """
    sizes = [file.size_bytes for file in files]
    if None in sizes or sum(filter(None, sizes)) < limits().mounted_bytes or not is_usable():
        return None
    top = home_folder("mounts") / source_of(run)
    folder = top / name
    make_private_folder(folder)
    with suppress(FileExistsError):
        (top / RUN_LINK).symlink_to(run.folder)
    if FuseView.shown(files, folder, run=run, what=what) is None:
        remove_view(top)
        tell(f"{what}: FUSE can't be used here after all, so all of it is brought")
        return None
    tell(f"{what}: {counted(files)} of {places(files)} mounted by FUSE, fetched when they are read")
    return folder


def abandoned_views() -> list[Path]:
    """Return the folders of mounts of runs that have ended, or are gone."""
    found = []
    with suppress(OSError):
        for top in sorted(home_folder("mounts").iterdir()):
            run = Path(os.readlink(top / RUN_LINK)) if (top / RUN_LINK).is_symlink() else None  # noqa: PTH115  # text
            if run is None or not _is_going_on(RunLayout(run)):
                found.append(top)
    return found


def remove_view(top: Path) -> None:
    """Take away what is mounted in a folder of mounts, and the folder. What it shows is never entered."""
    for name in os.listdir(top):  # noqa: PTH208  # names alone: a mount whose server is gone tells nothing of itself
        if name != RUN_LINK:
            unmount(str(top / name))
            (top / name).rmdir()
    (top / RUN_LINK).unlink(missing_ok=True)
    top.rmdir()


def _is_going_on(run: RunLayout) -> bool:
    try:
        found = StatusFile(run).read()
    except UNREADABLE:
        return False
    return found.n >= 0 and not found.status.is_terminal  # without a status it is gone
