"""More cells of the given cases' kinds, our own and of public suites (`src`): each prints what the notebook does.

They try what is captured and how that is loaded: each runs as in its job, without a supervisor.
"""

import pytest

from cellrun.core.store.status import Status
from tests.magics.cases import LOADED
from tests.magics.notebook_shell import log


@pytest.fixture(autouse=True)
def _jobs(request, case):
    request.getfixturevalue("jobs_with_libraries" if case.loads_libraries else "jobs_in_forks")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the libraries that the cells use
@pytest.mark.parametrize("case", LOADED, ids=lambda case: case.id)
def test_case(notebook, case):
    case.write_files(notebook.folder)
    for cell in case.setup:
        notebook.run(cell)
    run = notebook.submit(case.cell)
    assert run.get_status() == Status.COMPLETED, log(run)
    assert log(run).strip() == notebook.run(case.cell).strip()
    case.check_captured(run.layout)
