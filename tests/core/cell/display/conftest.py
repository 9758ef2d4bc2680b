"""A captured cell in a process of its own, and what its run has kept of what the cell showed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from cellrun.core import Workspace
from cellrun.core.context.manifest import Context, python_version
from cellrun.core.layout import RunLayout
from cellrun.core.run_request import RunRequest
from cellrun.core.store.events.metrics import Metrics
from cellrun.core.store.events.reader import EventReader
from cellrun.core.targets.launching import program_of


class ShownCell:
    """A cell that has run: what it printed, how it ended, what was kept."""

    def __init__(self, layout: RunLayout, done: subprocess.CompletedProcess[str]) -> None:
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr
        self._layout = layout

    @property
    def images(self) -> list[tuple[str, str]]:
        """Names and files of the images, in order."""
        metrics = Metrics(EventReader(self._layout))
        metrics.update()
        return metrics.images

    @property
    def pages(self) -> list[tuple[str, str]]:
        """Names and files of what isn't an image and a view shows all the same, in order."""
        metrics = Metrics(EventReader(self._layout))
        metrics.update()
        return [shown for shown in metrics.shown if shown not in metrics.images]

    @property
    def names(self) -> list[str]:
        """The names of the images, in order."""
        return [name for name, _ in self.images]

    @property
    def files(self) -> dict[str, bytes]:
        """The files that were kept."""
        folder = self._layout.files
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def show(new_run: Callable[..., RunLayout], ws: Workspace) -> Callable[..., ShownCell]:
    """Run the source of a cell as a run does: `show(source, environment={...}, **fields of its context)`."""

    def run(source: str, environment: dict[str, str] | None = None, **fields: object) -> ShownCell:
        layout = new_run(kind="cell")
        layout.work.mkdir(exist_ok=True)
        (layout.work / "cell.py").write_text(source)
        Context(**{"python": python_version(), "title": "Cell In[7]", **fields}).write(layout.context)  # type: ignore[arg-type]
        own = {"CELLRUN_RUN_FOLDER": str(layout.folder), "CELLRUN_RUN_ID": layout.run_id, "MPLBACKEND": "Agg"}
        done = subprocess.run(
            program_of(RunRequest("cell", "cell.py"), sys.executable),
            cwd=layout.work,
            env={**os.environ, **own, **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return ShownCell(layout, done)

    return run
