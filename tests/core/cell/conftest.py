"""A captured cell in a process of its own, without a supervisor."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cellrun.core.context.manifest import Context, python_version
from cellrun.core.identity import RUN_FOLDER, RUN_ID
from cellrun.core.layout import RunLayout
from cellrun.core.run_request import RunRequest
from cellrun.core.targets.launching import program_of
from tests.forks import Forks

ENTRY = "cellrun.core.cell.main:main"
Done = subprocess.CompletedProcess[str]


@pytest.fixture(scope="session")
def cell_forks() -> Iterator[Forks]:
    """Starts jobs of cells."""
    forks = Forks(ENTRY.partition(":")[0])
    yield forks
    forks.close()


@pytest.fixture
def finished(
    new_run: Callable[..., RunLayout], cell_forks: Forks, tmp_path: Path
) -> Callable[..., tuple[Done, RunLayout]]:
    """Run the source of a cell to its end, and return its process and its run.

    `finished(source, *arguments, environment={...}, forks=..., **fields of its context)` runs it in a fork of what has
    loaded the modules that run it, and in an interpreter of its own, as the run's supervisor does, with `forks=None`.
    """

    def run(
        source: str,
        *arguments: str,
        environment: dict[str, str] | None = None,
        forks: Forks | None = cell_forks,
        **fields: object,
    ) -> tuple[Done, RunLayout]:
        layout = new_run(kind="cell")
        layout.work.mkdir(exist_ok=True)
        (layout.work / "cell.py").write_text(source)
        Context(**{"python": python_version(), "title": "Cell In[7]", **fields}).write(layout.context)  # type: ignore[arg-type]
        own = {**os.environ, RUN_FOLDER: str(layout.folder), RUN_ID: layout.run_id, **(environment or {})}
        if forks:
            return _forked(forks, layout, arguments, own, tmp_path), layout
        return subprocess.run(
            program_of(RunRequest("cell", "cell.py", arguments), sys.executable),
            cwd=layout.work,
            env=own,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
        ), layout

    return run


def _forked(
    forks: Forks, layout: RunLayout, arguments: tuple[str, ...], environment: dict[str, str], folder: Path
) -> Done:
    out, errors = (folder / f"{layout.run_id}.{kind}" for kind in ("out", "err"))
    pid = forks.start(ENTRY, ["cell.py", arguments], layout.work, environment, out, path=[], errors=errors)
    return subprocess.CompletedProcess(ENTRY, forks.wait(pid), out.read_text(), errors.read_text())
