"""A captured cell in a process of its own, and what its run has kept of what the cell showed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from cellrun.core import Workspace
from cellrun.core.layout import RunLayout
from cellrun.core.store.events.metrics import Metrics
from cellrun.core.store.events.reader import EventReader
from tests.core.cell.conftest import Done
from tests.forks import Forks

# what takes a cell long that draws or displays: not pyplot and not IPython, once they are loaded the cell is set up
LIBRARIES = (
    *("cellrun.core.cell.main", "cellrun.core.runs.run", "cellrun.core.cell.display.kept", "PIL.PngImagePlugin"),
    *("matplotlib.figure", "matplotlib.projections", "matplotlib.widgets", "matplotlib.backends.backend_agg"),
    *(
        "asyncio",
        "sqlite3",
        "pygments.formatters",
        "traitlets.config",
        "stack_data",
        "jedi",
        "prompt_toolkit.shortcuts",
    ),
)


class ShownCell:
    """A cell that has run: what it printed, how it ended, what was kept."""

    def __init__(self, layout: RunLayout, done: Done) -> None:
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


@pytest.fixture(scope="session")
def drawing_forks() -> Iterator[Forks]:
    """Starts jobs of cells that draw: what matplotlib and IPython themselves load is there, and neither of them is."""
    forks = Forks(*LIBRARIES)
    yield forks
    forks.close()


@pytest.fixture
def show(
    finished: Callable[..., tuple[Done, RunLayout]],
    drawing_forks: Forks,
    ws: Workspace,  # which a cell's `run` is of
) -> Callable[..., ShownCell]:
    """Run the source of a cell as a run does: `show(source, environment={...}, forks=..., **fields of its context)`."""

    def run(source: str, environment: dict[str, str] | None = None, **options: object) -> ShownCell:
        options = {"forks": drawing_forks, "environment": {"MPLBACKEND": "Agg", **(environment or {})}, **options}
        done, layout = finished(source, **options)
        return ShownCell(layout, done)

    return run
