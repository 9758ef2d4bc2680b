"""More cells of the given cases' kinds, our own and of public suites (`src`): each prints what the notebook does.

They try what is captured and how that is loaded: each runs as in its job, without a supervisor.
"""

import pytest

from tests.magics.cases import LOADED
from tests.magics.notebook_shell import newest_run


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the libraries that the cells use
@pytest.mark.parametrize("case", LOADED, ids=lambda case: case.id)
@pytest.mark.usefixtures("jobs_in_forks")
def test_case(notebook, case):
    case.write_files(notebook.folder)
    for cell in case.setup:
        notebook.run(cell)
    assert notebook.prints(case.cell).strip() == notebook.run(case.cell).strip()
    case.check_travelled(newest_run().layout)
