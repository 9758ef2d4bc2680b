"""More cells of the given cases' kinds, our own and of public suites (`src`): each prints what the notebook does.

They try what is captured and how that is loaded: each runs as in its job, without the rest of a submission.
"""

import pytest

from tests.magics.cases import LOADED
from tests.magics.loaded_cell import loaded
from tests.magics.notebook_shell import log


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the libraries that the cells use
@pytest.mark.parametrize("case", LOADED, ids=lambda case: case.id)
def test_case(notebook, cell_forks, case):
    case.write_files(notebook.folder)
    for cell in case.setup:
        notebook.run(cell)
    run = loaded(notebook, case.cell, cell_forks)
    assert log(run).strip() == notebook.run(case.cell).strip()
    case.check_travelled(run.layout)
