"""A notebook whose cells are loaded and run as in their jobs, without the rest of a submission."""

import pytest

from tests.forks import Forks
from tests.magics.loaded_cell import LoadingNotebook
from tests.magics.notebook_shell import NotebookShell


@pytest.fixture
def notebook(notebook: NotebookShell, cell_forks: Forks) -> NotebookShell:
    """A shell with the magics that submits to forks."""
    return LoadingNotebook(notebook, cell_forks)
