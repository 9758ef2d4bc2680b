"""Where a cell runs whose paths begin with `..`: as deep in the working folder as the notebook is in what they name.

`../data/x.csv` in /work/project/notebooks/ becomes data/x.csv in the working folder, and the cell runs in notebooks/.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path, PurePath

from cellrun.core.layout import RUN_FOLDERS

_TAKEN = RUN_FOLDERS | {"cell.py"}  # on top of the working folder


def steps_up(path: str) -> int:
    """Return how many folders a normal path goes up before it goes down."""
    parts = path.split("/")
    return next((number for number, part in enumerate(parts) if part != ".."), len(parts))


def placed(folder: PurePath, path: str) -> str:
    """Return where below the working folder a path leads from the folder where the cell runs."""
    is_of_the_run = path.partition("/")[0] in RUN_FOLDERS  # the run's own outputs are on top, and linked where it runs
    return path if is_of_the_run else os.path.normpath(folder / path)


def cell_folder(notebook: Path, steps: int, files: Iterable[str], modules: Iterable[str]) -> PurePath:
    """Return the folder below the working folder in which a cell runs.

    `steps` are the most that its paths go up from the notebook's folder, `files` the paths of what goes along; local
    modules stand on top of the working folder. The folder is deeper where a file would else take the place of those, or
    of what is the run's.
    """
    if not steps:
        return PurePath()
    taken = _TAKEN | {path.partition("/")[0] for path in modules}
    files = [path for path in files if path.partition("/")[0] not in RUN_FOLDERS]
    for depth in range(steps, len(notebook.parts)):
        folder = PurePath(*notebook.parts[-depth:])
        tops = {folder.parts[0], *(placed(folder, path).partition("/")[0] for path in files)}
        if not tops & taken:
            return folder
    return PurePath(*notebook.parts[-steps:])
