"""A notebook for each test, and no run left open."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cellrun.core.runs import open_runs
from cellrun.magics.options import MagicParser
from tests.core.cell.display.conftest import drawing_forks  # noqa: F401  # a fixture
from tests.forks import Forks
from tests.magics.forked_jobs import OF_A_CELL, in_forks
from tests.magics.kernels import OF_A_KERNEL, KernelNotebook, kernel_notebook
from tests.magics.notebook_shell import NotebookShell, notebook_shell


@pytest.fixture(autouse=True)
def _no_sample_seen_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin as a new kernel does: the first mistake in a magic's line shows its sample."""
    monkeypatch.setattr(MagicParser, "shown_samples", set())


@pytest.fixture
def notebook_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The empty folder of a notebook, where the test is as well."""
    folder = tmp_path / "notebook"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def notebook(notebook_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NotebookShell]:
    """A shell with the magics, in a notebook's folder; the environment is as before afterwards."""
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    environment = dict(os.environ)
    with notebook_shell(notebook_folder) as shell:
        yield shell
    while run := open_runs.newest():
        run.cancel()
    os.environ.clear()
    os.environ.update(environment)


@pytest.fixture
def notebook_in_kernel(notebook_folder: Path, kernel_forks: Forks, cell_forks: Forks) -> Iterator[KernelNotebook]:
    """The same in a real kernel, with jobs in forks."""
    with kernel_notebook(notebook_folder, kernel_forks, cell_forks) as notebook:
        yield notebook


@pytest.fixture(scope="session")
def kernel_forks() -> Iterator[Forks]:
    """Starts kernels that have the magics imported."""
    forks = Forks(*OF_A_KERNEL, options=("-Xfrozen_modules=off",))  # as ipykernel has itself started
    yield forks
    forks.close()


@pytest.fixture(scope="session")
def cell_forks() -> Iterator[Forks]:
    """Starts jobs of cells."""
    forks = Forks(*OF_A_CELL)
    yield forks
    forks.close()


@pytest.fixture
def jobs_in_forks(cell_forks: Forks) -> Iterator[None]:
    """Submitted cells are run as in their jobs, as forks and without supervisors, and have ended at once."""
    with in_forks(cell_forks):
        yield


@pytest.fixture
def one_library(home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let all homes have one copy of cellrun for other Pythons: made, and compiled by each of these, once."""
    shared = tmp_path_factory.getbasetemp() / "library"
    for folder in (shared, home):
        folder.mkdir(mode=0o700, exist_ok=True)
    (home / "library").symlink_to(shared)


@pytest.fixture(scope="session")
def library_forks() -> Iterator[Forks]:
    """Starts jobs of cells where libraries are loaded that take long."""
    forks = Forks(*OF_A_CELL, "pandas", "sklearn.linear_model")
    yield forks
    forks.close()


@pytest.fixture
def jobs_with_libraries(library_forks: Forks) -> Iterator[None]:
    """As `jobs_in_forks`, and pandas and scikit-learn are loaded before a cell or its context asks for them."""
    with in_forks(library_forks):
        yield


@pytest.fixture
def jobs_that_show(drawing_forks: Forks) -> Iterator[None]:  # noqa: F811  # that fixture
    """As `jobs_in_forks`, for cells that draw, display or have a shell."""
    with in_forks(drawing_forks):
        yield
